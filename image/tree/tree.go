// Package tree describes a file hierarchy as plain data.
//
// A tree is what every image writer takes and what the readers in the tests
// give back. It says all that a file system can hold about a file (names,
// modes, owners, times, link targets, device numbers, content) and nothing
// about where any of it will lie on a disk. Nothing in it is read from the
// host in passing: owners, modes and times are what the description says,
// so the same description gives the same bytes for every user.
package tree

import "io"

// Kind is the type of a file.
type Kind uint8

// The file types that a tree can hold.
const (
	Dir Kind = iota
	File
	Symlink
	CharDevice
	BlockDevice
	Fifo
	Socket
)

// Content is the body of a regular file. Implementations must return the same
// bytes on every Open, and exactly Size of them.
type Content interface {
	// Size is the length in bytes.
	Size() int64
	// Open starts a reading from the first byte. The caller closes it.
	Open() (io.ReadCloser, error)
}

// Extent is a run of bytes of a sparse content that is stored; what lies
// between extents reads as zeros.
type Extent struct {
	Off, Len int64
}

// Sparse is implemented by contents that know their holes. Extents are sorted,
// do not overlap and lie within [0, Size).
type Sparse interface {
	Content
	Extents() ([]Extent, error)
}

// Node is one file. Two names of one file (hard links) are two entries whose
// Node pointer is the same.
type Node struct {
	Kind Kind
	// Mode holds the permission bits, set-id and sticky bits included (07777).
	Mode uint32
	UID  uint32
	GID  uint32
	// MTime is the modification time in seconds since 1970; access, change and
	// birth times are written equal to it.
	MTime int64
	// Content is the body of a File; nil means empty.
	Content Content
	// Target is where a Symlink leads.
	Target string
	// Major and Minor number a device.
	Major, Minor uint32
	// Entries are the names in a Dir.
	Entries []Entry
}

// Entry gives a node a name in a directory.
type Entry struct {
	Name string
	Node *Node
}
