package shepherd

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"fruix/osmodel/shepherd/supervise"
)

// maxPIDFile is how much of a PID file is read.
const maxPIDFile = 64

// readPID returns the number in a PID file, 0 when there is none yet, and the user whom
// the file speaks for: whoever can write it could otherwise have root end any process.
// It is root when the file is root's, of no other name, and user is not known (-1).
func readPID(file string, user int) (pid, of int) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, -1
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Nlink != 1 {
		return 0, -1
	}
	if _, err := fmt.Fscanln(io.LimitReader(f, maxPIDFile), &pid); err != nil {
		return 0, -1
	}
	if user >= 0 {
		return pid, user
	}
	return pid, int(st.Uid)
}

// mayName says whether a file that speaks for a user may name a process.
func mayName(user, pid int) bool {
	if user == 0 {
		return true
	}
	owner, err := supervise.UserOf(pid)
	return err == nil && owner == user
}
