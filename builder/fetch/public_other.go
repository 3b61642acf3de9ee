//go:build !linux

package fetch

import "golang.org/x/sys/unix"

// openToEnter opens a folder, which must be readable here.
const openToEnter = unix.O_RDONLY
