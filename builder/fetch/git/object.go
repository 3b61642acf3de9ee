package git

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
)

// id names an object by its hash; the bytes themselves, 20 or 32 of them.
type id string

func (i id) String() string { return hex.EncodeToString([]byte(i)) }

// parseID reads the hexadecimal form of an object's name, all of it.
func parseID(s string) (id, bool) {
	if len(s) != 2*sha1.Size && len(s) != 2*sha256.Size {
		return "", false
	}
	b, err := hex.DecodeString(s)
	return id(b), err == nil
}

// kind is what an object is; the numbers are those of pack files.
type kind byte

const (
	commitKind kind = 1
	treeKind   kind = 2
	blobKind   kind = 3
	tagKind    kind = 4
	ofsDelta   kind = 6 // in packs only
	refDelta   kind = 7
)

func (k kind) String() string {
	switch k {
	case commitKind:
		return "commit"
	case treeKind:
		return "tree"
	case blobKind:
		return "blob"
	case tagKind:
		return "tag"
	}
	return "kind " + strconv.Itoa(int(k))
}

func parseKind(s string) (kind, bool) {
	for _, k := range []kind{commitKind, treeKind, blobKind, tagKind} {
		if k.String() == s {
			return k, true
		}
	}
	return 0, false
}

// objects holds objects by name.
type objects interface {
	// object returns the object i; the error wraps errAbsent when there is
	// none.
	object(i id) (kind, []byte, error)
}

var errAbsent = errors.New("the repository does not hold the object")

// nameOf computes the name of an object, size being that of names in bytes.
func nameOf(k kind, data []byte, size int) id {
	var h hash.Hash
	if size == sha256.Size {
		h = sha256.New()
	} else {
		h = sha1.New()
	}
	fmt.Fprintf(h, "%s %d\x00", k, len(data))
	h.Write(data)
	return id(h.Sum(nil))
}

// entry is a line of a tree.
type entry struct {
	mode uint32
	name string
	id   id
}

// Modes of tree entries.
const (
	modeType    = 0o170000
	modeTree    = 0o040000
	modeFile    = 0o100000
	modeLink    = 0o120000
	modeGitlink = 0o160000
)

// parseTree reads a tree object.
func parseTree(data []byte, size int) ([]entry, error) {
	var list []entry
	for len(data) > 0 {
		space := bytes.IndexByte(data, ' ')
		if space < 0 {
			return nil, errors.New("a tree's entry has no mode")
		}
		mode, err := strconv.ParseUint(string(data[:space]), 8, 32)
		if err != nil {
			return nil, fmt.Errorf("a tree's entry has the mode %q", data[:space])
		}
		data = data[space+1:]
		end := bytes.IndexByte(data, 0)
		if end < 0 || len(data) < end+1+size {
			return nil, errors.New("a tree ends within an entry")
		}
		list = append(list, entry{uint32(mode), string(data[:end]), id(data[end+1 : end+1+size])})
		data = data[end+1+size:]
	}
	return list, nil
}

// header returns the name after the word key at the start of a commit or tag.
func header(data []byte, key string) (id, bool) {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) == 0 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, []byte(key+" ")); ok {
			return parseID(string(rest))
		}
	}
	return "", false
}

// peel follows tags and a commit to the tree that they stand for.
func peel(o objects, i id) (id, error) {
	const most = 32 // a tag may name a tag
	for range most {
		k, data, err := o.object(i)
		if err != nil {
			return "", err
		}
		key := ""
		switch k {
		case treeKind:
			return i, nil
		case commitKind:
			key = "tree"
		case tagKind:
			key = "object"
		default:
			return "", fmt.Errorf("%v is a %v and no commit", i, k)
		}
		next, ok := header(data, key)
		if !ok || len(next) != len(i) {
			return "", fmt.Errorf("the %v %v names no %s", k, i, key)
		}
		i = next
	}
	return "", errors.New("tags name tags without end")
}
