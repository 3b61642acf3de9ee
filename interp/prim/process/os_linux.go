package process

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
	noLimit    = uint64(unix.RLIM_INFINITY)
)

// systemResources are limits that other systems lack.
var systemResources = map[string]int{
	"memlock": unix.RLIMIT_MEMLOCK, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "locks": unix.RLIMIT_LOCKS,
	"msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "rtprio": unix.RLIMIT_RTPRIO, "rttime": unix.RLIMIT_RTTIME,
	"sigpending": unix.RLIMIT_SIGPENDING,
}

func setLimit(which int, soft, hard uint64) error {
	return unix.Setrlimit(which, &unix.Rlimit{Cur: soft, Max: hard})
}

// getPriority undoes the offset that the system call has here.
func getPriority(which, who int) (int, error) {
	n, err := unix.Getpriority(which, who)
	return 20 - n, err
}

// setPriority changes all threads of the process where Linux would change one.
func setPriority(which, who, prio int) error {
	if which != unix.PRIO_PROCESS || who != 0 && who != os.Getpid() {
		return unix.Setpriority(which, who, prio)
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return unix.Setpriority(which, who, prio)
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, tid, prio); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// affinity is the set of processors that a process may run on.
func affinity(pid int) ([]bool, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(pid, &set); err != nil {
		return nil, err
	}
	bits := make([]bool, len(set)*64)
	for i := range bits {
		bits[i] = set.IsSet(i)
	}
	return bits, nil
}

func setAffinity(pid int, bits []bool) error {
	var set unix.CPUSet
	for i, on := range bits {
		if on {
			set.Set(i)
		}
	}
	return unix.SchedSetaffinity(pid, &set)
}

// closeOnExec has programs inherit the standard streams alone. Kernels before
// 5.11 cannot do that at once; there programs see what the process inherited.
func closeOnExec() { _ = unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC) }

func setHostname(name string) error { return unix.Sethostname([]byte(name)) }

func setUID(id int) error      { return syscall.Setuid(id) }
func setGID(id int) error      { return syscall.Setgid(id) }
func setEUID(id int) error     { return syscall.Setreuid(-1, id) }
func setEGID(id int) error     { return syscall.Setregid(-1, id) }
func setGroups(gs []int) error { return syscall.Setgroups(gs) }
