//go:build linux

package linux

import (
	"bytes"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// hint says what to do about an error, or "".
func hint(step string, err error) string {
	read := func(name string) string {
		b, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			return ""
		}
		return string(bytes.TrimSpace(b))
	}
	switch {
	case errors.Is(err, unix.ENOSYS):
		return "Linux 5.12 or newer is needed"
	case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EINVAL):
		return ""
	case step == stepExec:
		return ""
	case step == stepNamespaces && errors.Is(err, unix.EINVAL):
		return "this kernel lacks a kind of namespace (CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS, CONFIG_UTS_NS)"
	case errors.Is(err, unix.EINVAL):
		return ""
	case read("kernel/unprivileged_userns_clone") == "0":
		return "unprivileged user namespaces are switched off; to allow them: sysctl kernel.unprivileged_userns_clone=1"
	case read("user/max_user_namespaces") == "0":
		return "user namespaces are switched off; to allow them: sysctl user.max_user_namespaces=10000"
	case read("kernel/apparmor_restrict_unprivileged_userns") == "1" && os.Geteuid() != 0:
		return "AppArmor restricts unprivileged user namespaces; to allow them: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give fruix an AppArmor profile with the rule \"userns,\""
	case step == stepProc:
		return "the host's /proc is partly covered, as in a container; run the container with an unmasked /proc (podman: --security-opt unmask=ALL; docker: --privileged)"
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return "a container or a security module may forbid it (docker and podman: --privileged, or a seccomp profile that allows clone, mount and pivot_root)"
	}
	return ""
}
