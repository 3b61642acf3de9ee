package builtin

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// openDescriptors lists the open descriptors of this process: proc(5), /proc/PID/fd.
func openDescriptors() (list []int, err error) {
	entries, err := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			list = append(list, fd)
		}
	}
	return list, err
}

// setLimit sets a limit that nobody without privileges can raise again.
func setLimit(l ApartLimit) error {
	var old unix.Rlimit
	if err := unix.Getrlimit(l.Resource, &old); err != nil {
		return err
	}
	v := min(l.Value, old.Max)
	return unix.Setrlimit(l.Resource, &unix.Rlimit{Cur: v, Max: v})
}
