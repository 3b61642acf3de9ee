package store

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// runningRoots lists the objects that processes of this machine have open,
// mapped, as their program or directory, or named in their environment: proc(5).
// What may not be looked at, another user's processes, is left out. An error says that
// what may be looked at could not be.
func runningRoots() ([]root, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, scarce(err)
	}
	var out []root
	self := strconv.Itoa(os.Getpid())
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || e.Name() == self {
			continue
		}
		dir := filepath.Join("/proc", e.Name())
		seen := map[string]bool{}
		look := func(text []byte) {
			findPaths(text, func(base string) {
				if !seen[base] {
					seen[base] = true
					out = append(out, root{base, "the running process " + e.Name(), pid})
				}
			})
		}
		links := []string{filepath.Join(dir, "exe"), filepath.Join(dir, "cwd")}
		fds, err := os.ReadDir(filepath.Join(dir, "fd"))
		if scarce(err) != nil {
			return nil, err
		}
		for _, fd := range fds {
			links = append(links, filepath.Join(dir, "fd", fd.Name()))
		}
		for _, l := range links {
			to, err := os.Readlink(l)
			if scarce(err) != nil {
				return nil, err
			}
			look([]byte(to))
		}
		for _, name := range []string{"maps", "environ"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if scarce(err) != nil {
				return nil, err
			}
			look(text)
		}
	}
	return out, nil
}

// scarce returns err if it says that this process, or the machine, has too little of
// something just now. Other errors are those of processes that have ended, or are
// somebody else's.
func scarce(err error) error {
	for _, e := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if errors.Is(err, e) {
			return err
		}
	}
	return nil
}

// processOwner is the id of the user whose process this is; -1 when it has ended.
func processOwner(pid int) int {
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join("/proc", strconv.Itoa(pid)), &st); err != nil {
		return -1
	}
	return int(st.Uid)
}
