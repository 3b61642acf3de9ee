//go:build !linux

package tree

import "golang.org/x/sys/unix"

// chmodat changes the mode of name in dir itself, be it a link or not: see
// fchmodat(2) of FreeBSD.
func chmodat(dir int, name string, mode uint32) error {
	return again(func() error { return unix.Fchmodat(dir, name, mode, unix.AT_SYMLINK_NOFOLLOW) })
}
