package supervise

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// UserOf returns the real user of a process: KERN_PROC_PID in <sys/sysctl.h>, and ki_ruid
// of the struct kinfo_proc of 64-bit systems in <sys/user.h>.
func UserOf(pid int) (int, error) {
	const at = 172
	b, err := unix.SysctlRaw("kern.proc.pid", pid)
	if err != nil {
		return -1, err
	}
	if len(b) < at+4 {
		return -1, fmt.Errorf("it is not told whose process %d is", pid)
	}
	return int(binary.NativeEndian.Uint32(b[at:])), nil
}
