package store

import (
	"io"
	"math/rand/v2"
	"os"
)

// A file that holds nothing keeps some room free, as Nix's does: on a disk that is
// full to the last block a collection could not even write down what it is going
// to delete.

const (
	reserveFile = "reserve"
	reserveSize = 8 << 20
	// reservePart is how much of what is free at most is kept.
	reservePart = 32
	// minReserve is what is worth keeping.
	minReserve = 128 << 10
)

// makeReserve keeps room unless that is done. It is a courtesy: where little is
// free, or the file cannot be written, there is none.
func (s *Store) makeReserve() {
	name := s.StatePath(reserveFile)
	if st, err := os.Lstat(name); err == nil {
		if st.Size() > 0 {
			return
		}
		_ = os.Remove(name) // a process has died before there was room in it
	}
	free, err := s.Free()
	if err != nil || free/reservePart < minReserve {
		return
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if err := allocate(f, min(reserveSize, free/reservePart)); err != nil {
		_ = os.Remove(name)
	}
}

// fill writes so many bytes to a file. They do not compress: some file systems would
// keep no room for zeros.
func fill(f *os.File, size int64) error {
	_, err := io.CopyN(f, rand.NewChaCha8([32]byte{}), size)
	return err
}

// giveReserve frees the room that is kept, and says whether there was any.
func (s *Store) giveReserve() bool { return os.Remove(s.StatePath(reserveFile)) == nil }
