package tree

import (
	"time"

	"golang.org/x/sys/unix"
)

// checkUnwritten returns errBusy when any process of the machine still has the
// open regular file fd open for writing, or mapped so. The kernel grants a read
// lease (fcntl(2), F_SETLEASE) only for a file that nobody can write through a
// descriptor; the lease itself is given back at once. The caller owns the file,
// and has taken the right to write from it, so that nobody can open it anew.
//
// A descriptor that another thread of this process closes soon, or a child that
// is just about to start its program, is waited for. File systems without leases
// tell nothing.
func checkUnwritten(fd int) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := again(func() error {
			_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
			return err
		})
		switch {
		case err == nil:
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
			return err
		case err != unix.EAGAIN:
			return nil
		case wait > maxWait:
			return errBusy
		}
		time.Sleep(wait)
	}
}
