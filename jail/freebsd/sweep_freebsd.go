package freebsd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// rootPrefix begins the names of roots, and of jails, which are named alike.
const rootPrefix = "fruix-jail-"

// lockSuffix ends the names of the files that say that a root is in use.
const lockSuffix = ".lock"

// sweepRoots removes the roots and jails of processes that died.
func sweepRoots(work string) error {
	locks, err := filepath.Glob(filepath.Join(work, rootPrefix+"*"+lockSuffix))
	if err != nil {
		return &jail.SetupError{Step: "look for old jails in", Path: work, Err: err}
	}
	for _, name := range locks {
		f, err := os.Open(name)
		if err != nil {
			continue // its owner has just removed it
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = sweepRoot(strings.TrimSuffix(name, lockSuffix))
			if err == nil {
				err = os.Remove(name)
			}
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &jail.SetupError{Step: "remove the old jail", Path: name, Err: err}
		}
	}
	return nil
}

// sweepRoot removes one root that nobody holds: all that a plan makes, in reverse.
func sweepRoot(dir string) error {
	name := filepath.Base(dir)
	if err := killJail(name); err != nil {
		return err
	}
	if accounts() {
		if err := rctl(unix.SYS_RCTL_REMOVE_RULE, "jail:"+name); err != nil && err != unix.ESRCH {
			return err
		}
	}
	points, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	for _, at := range slices.Backward(points) {
		if err := unmount(at); err != nil {
			return err
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mountsBelow lists mount points at and below dir, in the order of mounting.
func mountsBelow(dir string) ([]string, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	buf := make([]unix.Statfs_t, n+16)
	if n, err = unix.Getfsstat(buf, unix.MNT_NOWAIT); err != nil {
		return nil, err
	}
	var points []string
	for _, st := range buf[:n] {
		at := unix.ByteSliceToString(st.Mntonname[:])
		if at == dir || strings.HasPrefix(at, dir+"/") {
			points = append(points, at)
		}
	}
	return points, nil
}
