// Package nar reads and writes Nix archives: the canonical serialisation of a
// file tree that store objects are hashed by.
//
// The format is specified in E. Dolstra's thesis, figure 5.2, and in Nix's
// manual under "Nix Archive (NAR) format": strings are a little-endian 64-bit
// length, the bytes, and zeros up to a multiple of eight; a node is a
// parenthesised sequence of them; directory entries are sorted by name.
//
// The archive appears here as a sequence of headers, as in archive/tar: every
// directory before what it holds, entries in ascending order of their names.
package nar

import (
	"fmt"
	"strings"
)

// Type is the kind of a node.
type Type uint8

// The three kinds that an archive can hold.
const (
	Regular Type = iota + 1
	Directory
	Symlink
)

func (t Type) String() string {
	switch t {
	case Regular:
		return "regular"
	case Directory:
		return "directory"
	case Symlink:
		return "symlink"
	}
	return fmt.Sprintf("nar.Type(%d)", uint8(t))
}

// Header describes one node.
type Header struct {
	Path       string // relative to the root, with slashes; "" is the root itself
	Type       Type
	Executable bool   // of regular files
	Size       int64  // of regular files, in bytes
	Target     string // of symbolic links
}

const magic = "nix-archive-1"

// The limits that this package holds readers and writers to.
const (
	MaxName   = 255      // bytes in a file name, NAME_MAX of all our targets
	MaxTarget = 4095     // bytes in a link's target, PATH_MAX of Linux less the final zero
	MaxDepth  = 1024     // directories inside each other
	MaxPath   = 32 << 10 // bytes in a node's path, so that a small archive cannot ask for much memory
)

// CheckName reports why name cannot be a directory entry.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("nar: an empty file name")
	case name == "." || name == "..":
		return fmt.Errorf("nar: %q is not a file name", name)
	case len(name) > MaxName:
		return fmt.Errorf("nar: file name %q… is longer than %d bytes", name[:40], MaxName)
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("nar: file name %q holds a slash or a zero byte", name)
	}
	return nil
}

// checkTarget reports why target cannot be what a link points to.
func checkTarget(target string) error {
	switch {
	case target == "":
		return fmt.Errorf("nar: a symbolic link with an empty target")
	case len(target) > MaxTarget:
		return fmt.Errorf("nar: a link target of %d bytes; at most %d are possible", len(target), MaxTarget)
	case strings.IndexByte(target, 0) >= 0:
		return fmt.Errorf("nar: link target %q holds a zero byte", target)
	}
	return nil
}
