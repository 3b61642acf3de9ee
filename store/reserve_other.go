//go:build !linux

package store

import (
	"io"
	"math/rand/v2"
	"os"
)

// allocate gives an empty file room on the disk. What it writes does not compress:
// some file systems would keep no room for zeros.
func allocate(f *os.File, size int64) error {
	_, err := io.CopyN(f, rand.NewChaCha8([32]byte{}), size)
	return err
}
