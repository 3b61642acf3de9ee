//go:build !linux

package store

import "os"

// allocate gives an empty file room on the disk.
func allocate(f *os.File, size int64) error { return fill(f, size) }
