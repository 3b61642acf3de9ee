// Package source keeps what is known of program text: files, positions and
// spans, so that every later stage can point at the characters it speaks of.
package source

import (
	"fmt"
	"strings"
)

// File is one text that programs are read from. Text is kept so that an error
// can show the line; it is nil for texts whose source is not at hand.
type File struct {
	Name string
	Text []byte
}

// Unnamed is the file of the texts that have no name, those of strings for
// example.
var Unnamed = &File{Name: "#<unknown port>"}

// Pos is a place in a file. Line and Col count from 1; Col counts characters,
// not bytes. The zero Pos means that the place is unknown.
type Pos struct {
	File *File
	Line uint32
	Col  uint32
}

// Known reports whether p names a place.
func (p Pos) Known() bool { return p.Line != 0 }

// String gives "file:line:column", or "" for an unknown place.
func (p Pos) String() string {
	if !p.Known() {
		return ""
	}
	name := "<unknown>"
	if p.File != nil {
		name = p.File.Name
	}
	return fmt.Sprintf("%s:%d:%d", name, p.Line, p.Col)
}

// LineText returns the text of line n (from 1) without its line end, and
// whether the file has such a line.
func (f *File) LineText(n uint32) (string, bool) {
	if f == nil || n == 0 {
		return "", false
	}
	text := string(f.Text)
	for i := uint32(1); i < n; i++ {
		_, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return "", false
		}
		text = rest
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), text != "" || n == 1
}
