// Package journal is the form in which a store describes itself beside its
// database: lines of text, one for each registration of an object, to which new
// ones are only ever appended. What the database says can be found out from them
// and from the objects; what process wrote how much of the last line before it
// died does not matter.
//
// A line has three parts with a space between them: the CRC-32C (Castagnoli) of
// the rest in eight hexadecimal digits, the base name of the object, and a JSON
// object:
//
//	narHash     SHA-256 of the archive, in hexadecimal digits
//	narSize     bytes of the archive
//	refs        base names of what it refers to; absent when there is nothing
//	deriver     base name of the derivation; absent when there is none
//	registered  seconds since 1970
//	ca          content address; absent when there is none
//
// Empty lines mean nothing: every append begins with one, so that it does not
// continue what a crash left. A later line about an object takes the place of an
// earlier one. Lines that are damaged are skipped.
package journal

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// Record is what was registered of an object.
type Record struct {
	Path       string // base name
	NarHash    []byte // SHA-256 of the archive
	NarSize    int64
	References []string // base names
	Deriver    string   // base name, "" when none
	Registered int64    // seconds since 1970
	CA         string   // content address, "" when none
}

// body is the JSON object of a line.
type body struct {
	NarHash    string   `json:"narHash"`
	NarSize    int64    `json:"narSize"`
	References []string `json:"refs,omitempty"`
	Deriver    string   `json:"deriver,omitempty"`
	Registered int64    `json:"registered"`
	CA         string   `json:"ca,omitempty"`
}

// castagnoli makes the table of the checksum; the hash package keeps one.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// digits is how many digits the checksum has.
const digits = 8

// Append appends the line of r, with its end, to b.
func Append(b []byte, r Record) ([]byte, error) {
	if r.Path == "" || bytes.ContainsAny([]byte(r.Path), " \n") {
		return b, fmt.Errorf("%q is no base name of an object", r.Path)
	}
	text, err := json.Marshal(body{hex.EncodeToString(r.NarHash), r.NarSize, r.References, r.Deriver, r.Registered, r.CA})
	if err != nil {
		return b, err
	}
	start := len(b)
	b = append(b, "00000000 "...)
	b = append(b, r.Path...)
	b = append(b, ' ')
	b = append(b, text...)
	var sum [digits]byte
	copy(sum[:], fmt.Appendf(nil, "%08x", crc32.Checksum(b[start+digits+1:], castagnoli())))
	copy(b[start:], sum[:])
	return append(b, '\n'), nil
}

// PathOf returns the base name of the object that a line without its end is about.
// It checks the sum.
func PathOf(line []byte) (string, error) {
	name, _, err := split(line)
	return string(name), err
}

var errDamaged = errors.New("the line is damaged")

func split(line []byte) (name, text []byte, err error) {
	if len(line) < digits+2 || line[digits] != ' ' {
		return nil, nil, errDamaged
	}
	rest := line[digits+1:]
	sum, err := strconv.ParseUint(string(line[:digits]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(rest, castagnoli()) {
		return nil, nil, errDamaged
	}
	name, text, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(name) == 0 {
		return nil, nil, errDamaged
	}
	return name, text, nil
}

// Parse reads a line without its end.
func Parse(line []byte) (Record, error) {
	name, text, err := split(line)
	if err != nil {
		return Record{}, err
	}
	var x body
	if err := json.Unmarshal(text, &x); err != nil {
		return Record{}, fmt.Errorf("the line about %s: %w", name, err)
	}
	r := Record{
		Path: string(name), NarSize: x.NarSize, References: x.References,
		Deriver: x.Deriver, Registered: x.Registered, CA: x.CA,
	}
	if r.NarHash, err = hex.DecodeString(x.NarHash); err != nil || len(r.NarHash) != 32 || r.NarSize < 0 {
		return Record{}, fmt.Errorf("the line about %s has no hash or no size", name)
	}
	return r, nil
}

// Lines calls each with every line of r that is not empty, without its end; the
// bytes are each's for the time of the call. The last line need not end.
func Lines(r io.Reader, each func(line []byte) error) error {
	in := bufio.NewReaderSize(r, 256<<10)
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			long = append(long, part...)
			continue
		}
		if err != nil && err != io.EOF {
			return err
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 {
			if err := each(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		long = long[:0]
	}
}
