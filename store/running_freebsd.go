package store

import (
	"encoding/binary"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// pidOffset is where ki_pid lies in struct kinfo_proc on 64-bit processors:
// behind two ints and eight pointers, <sys/user.h>.
const pidOffset = 2*4 + 8*8

// runningRoots lists the objects that processes of this machine have open,
// mapped, as their program or directory, or named in their environment. The
// kernel gives them through sysctl(3), KERN_PROC_* in <sys/sysctl.h>, as packed
// structures in which paths are text. What may not be looked at, another user's
// processes, is left out. An error says that what may be looked at could not be.
func runningRoots() ([]root, error) {
	procs, err := processTable("kern.proc.proc")
	if err != nil {
		return nil, err
	}
	var out []root
	for len(procs) >= pidOffset+4 {
		size := int(binary.NativeEndian.Uint32(procs))
		if size < pidOffset+4 || size > len(procs) {
			break
		}
		pid := int(binary.NativeEndian.Uint32(procs[pidOffset:]))
		procs = procs[size:]
		if pid != os.Getpid() {
			of, err := processRoots(pid)
			if err != nil {
				return nil, err
			}
			out = append(out, of...)
		}
	}
	return out, nil
}

// processTable reads a table of the kernel. One that may not be looked at is empty; one
// that grows between the question for its size and that for what is in it is asked for
// again.
func processTable(name string, args ...int) (table []byte, err error) {
	for range 10 {
		if table, err = unix.SysctlRaw(name, args...); err != unix.ENOMEM {
			break
		}
	}
	if err == unix.ENOMEM {
		return nil, &os.SyscallError{Syscall: "sysctl " + name, Err: err}
	}
	if err != nil {
		return nil, nil
	}
	return table, nil
}

func processRoots(pid int) ([]root, error) {
	var out []root
	seen := map[string]bool{}
	for _, table := range []string{"kern.proc.pathname", "kern.proc.cwd", "kern.proc.filedesc", "kern.proc.vmmap", "kern.proc.env"} {
		text, err := processTable(table, pid)
		if err != nil {
			return nil, err
		}
		findPaths(text, func(base string) {
			if !seen[base] {
				seen[base] = true
				out = append(out, root{base, "the running process " + strconv.Itoa(pid), pid})
			}
		})
	}
	return out, nil
}

// processOwner is the id of the user whose process this is; -1 when that is not known.
// Where struct kinfo_proc has it differs between versions of the system.
func processOwner(int) int { return -1 }
