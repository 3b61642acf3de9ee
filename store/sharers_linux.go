package store

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sharers returns the processes that hold a flock(2) on f, as the kernel tells in
// /proc/locks: "1: FLOCK ADVISORY READ 4711 fd:01:123 0 EOF". Those of other
// namespaces are left out.
func sharers(f *os.File) []int {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return nil
	}
	return lockers(&st, "FLOCK", "READ", "WRITE")
}

// writers returns the processes that hold an exclusive fcntl(2) lock on a part of the
// file called name, "1: POSIX ADVISORY WRITE 4711 fd:01:123 120 120".
func writers(name string) []int {
	var st unix.Stat_t
	if unix.Stat(name, &st) != nil {
		return nil
	}
	return lockers(&st, "POSIX", "WRITE")
}

// lockers returns the processes that hold a lock of the kind and one of the modes.
func lockers(st *unix.Stat_t, kind string, modes ...string) []int {
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return nil
	}
	defer locks.Close()
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	var out []int
	lines := bufio.NewScanner(locks)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 6 || words[1] != kind || !slices.Contains(modes, words[3]) || words[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(words[4]); err == nil && pid > 0 && pid != os.Getpid() {
			out = append(out, pid)
		}
	}
	// The list may change while it is read, and then have a line twice.
	slices.Sort(out)
	return slices.Compact(out)
}
