package fetch

import "golang.org/x/sys/unix"

// openToEnter opens a folder that need not be readable.
const openToEnter = unix.O_PATH
