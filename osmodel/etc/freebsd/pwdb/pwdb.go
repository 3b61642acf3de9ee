// Package pwdb makes the databases from which FreeBSD's C library answers who
// an account is: pwd.db for everybody, and spwd.db, with the passwords, for
// root. It takes the place of pwd_mkdb(8) where that cannot run: while an image
// is made on another system.
//
// The form of keys and values is that of usr.sbin/pwd_mkdb and include/pwd.h of
// FreeBSD 13, database version 4, which is the same on all machines.
package pwdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Names of the files below /etc.
const (
	PublicName = "pwd.db"  // mode 0644
	SecretName = "spwd.db" // mode 0600
)

// Tags of keys: what follows is the name, the place in the file, or the id.
const (
	byName   = 0x41
	byNumber = 0x42
	byID     = 0x43
)

// The key that holds the version of the entries.
const (
	versionKey = "\xffVERSION"
	dbVersion  = 4
)

// Bits that tell which fields an entry has.
const (
	hasName = 1 << iota
	hasPassword
	hasUID
	hasGID
	hasChange
	hasClass
	hasGecos
	hasDir
	hasShell
	hasExpire
)

// maxLine is the length of the longest line that pwd_mkdb reads (LINE_MAX).
const maxLine = 2048 - 2

// Make makes both databases from the text of a master.passwd(5).
func Make(master string) (public, secret []byte, err error) {
	first := pair{[]byte(versionKey), []byte{dbVersion}}
	open, closed := []pair{first}, []pair{first}
	names, ids := make(map[string]bool), make(map[uint32]bool)
	number := uint32(0)
	line := 0
	for text := range strings.Lines(master) {
		line++
		text = strings.TrimSuffix(text, "\n")
		if t := strings.TrimLeft(text, " \t"); t == "" || t[0] == '#' {
			continue
		}
		e, err := parse(text)
		if err != nil {
			return nil, nil, fmt.Errorf("master.passwd: line %d: %w", line, err)
		}
		number++
		// A second account of a name or an id can only be found by its number.
		keys := [][]byte{be32(byNumber, number)}
		if !names[e.name] {
			names[e.name] = true
			keys = append([][]byte{append([]byte{byName}, e.name...)}, keys...)
		}
		if !ids[e.uid] {
			ids[e.uid] = true
			keys = append(keys, be32(byID, e.uid))
		}
		for _, k := range keys {
			open = append(open, pair{k, e.value("*")})
			closed = append(closed, pair{k, e.value(e.password)})
		}
	}
	if public, err = encode(open); err != nil {
		return nil, nil, err
	}
	secret, err = encode(closed)
	return public, secret, err
}

func be32(tag byte, n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{tag}, n) }

// entry is a line of master.passwd.
type entry struct {
	name, password    string
	uid, gid          uint32
	class             string
	change, expire    uint32 // seconds since 1970, 0: never
	gecos, dir, shell string
	fields            uint32
}

func parse(text string) (*entry, error) {
	if len(text) > maxLine {
		return nil, fmt.Errorf("has %d bytes; the most is %d", len(text), maxLine)
	}
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("contains a NUL character")
	}
	f := strings.Split(text, ":")
	if len(f) != 10 {
		return nil, fmt.Errorf("has %d fields instead of 10", len(f))
	}
	if f[0] == "" || f[0][0] == '+' || f[0][0] == '-' {
		return nil, fmt.Errorf("the name %q is empty or one of NIS, which there is no support for", f[0])
	}
	e := &entry{name: f[0], password: f[1], class: f[4], gecos: f[7], dir: f[8], shell: f[9]}
	for _, n := range []struct {
		at   int
		what string
		to   *uint32
	}{{2, "uid", &e.uid}, {3, "gid", &e.gid}, {5, "change", &e.change}, {6, "expire", &e.expire}} {
		if f[n.at] == "" && n.at > 3 {
			continue
		}
		v, err := strconv.ParseUint(f[n.at], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q, the field %s, is not a number below 2^32", f[n.at], n.what)
		}
		*n.to = uint32(v)
	}
	for i, bit := range [10]uint32{hasName, hasPassword, hasUID, hasGID, hasClass, hasChange, hasExpire, hasGecos, hasDir, hasShell} {
		if f[i] != "" {
			e.fields |= bit
		}
	}
	return e, nil
}

// value is what stands under each key of an entry.
func (e *entry) value(password string) []byte {
	var b []byte
	text := func(list ...string) {
		for _, s := range list {
			b = append(append(b, s...), 0)
		}
	}
	number := func(list ...uint32) {
		for _, n := range list {
			b = binary.BigEndian.AppendUint32(b, n)
		}
	}
	text(e.name, password)
	number(e.uid, e.gid, e.change)
	text(e.class, e.gecos, e.dir, e.shell)
	number(e.expire, e.fields)
	return b
}
