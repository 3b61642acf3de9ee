package local

import "golang.org/x/sys/unix"

// hasProcesses says whether any process of the host runs as the user uid:
// KERN_PROC_UID and KERN_PROC_RUID in <sys/sysctl.h>.
func hasProcesses(uid int) bool {
	for _, name := range []string{"kern.proc.uid", "kern.proc.ruid"} {
		if b, err := unix.SysctlRaw(name, uid); err == nil && len(b) > 0 {
			return true
		}
	}
	return false
}
