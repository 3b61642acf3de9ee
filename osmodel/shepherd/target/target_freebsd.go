package target

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/osmodel/shepherd/device"
)

// run runs a program of the base system.
func run(program string, args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		if text := strings.TrimSpace(string(out)); text != "" {
			return errors.New(text)
		}
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

// flagOptions are Guix's mount flags as options of mount(8).
var flagOptions = map[string]string{
	"read-only": "ro", "no-suid": "nosuid", "no-exec": "noexec", "no-atime": "noatime", "no-dev": "", "no-diratime": "",
	"strict-atime": "", "lazy-time": "", "shared": "", "bind-mount": "",
}

// Do mounts the file system, mount(8).
func (m Mount) Do() error {
	var options []string
	for _, f := range m.Flags {
		o, ok := flagOptions[f]
		if !ok {
			return fmt.Errorf("cannot mount %s: unknown flag %s; known are %s", m.Point, f, known(flagOptions))
		}
		if o != "" {
			options = append(options, o)
		}
		if f == "bind-mount" {
			m.Type = "nullfs"
		}
	}
	if m.Options != "" && m.Options != "defaults" {
		options = append(options, m.Options)
	}
	args := []string{"-t", m.Type}
	if len(options) > 0 {
		args = append(args, "-o", strings.Join(options, ","))
	}
	if err := run("/sbin/mount", append(args, m.Source, m.Point)...); err != nil {
		return m.explain(err)
	}
	return nil
}

// Unmount unmounts what is mounted on a directory; lazy forces it.
func Unmount(point string, lazy bool) error {
	flags := 0
	if lazy {
		flags = unix.MNT_FORCE
	}
	if err := unix.Unmount(point, flags); err != nil {
		return fmt.Errorf("cannot unmount %s: %w", point, err)
	}
	return nil
}

// RemountReadOnly keeps anything from being written to the file system mounted
// on point from now on.
func RemountReadOnly(point string) error {
	if err := run("/sbin/mount", "-u", "-o", "ro", point); err != nil {
		return fmt.Errorf("cannot make %s read-only: %w", point, err)
	}
	return nil
}

// Mounts lists the mount points, in the order in which they were mounted.
func Mounts() ([]string, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	buf := make([]unix.Statfs_t, n+8)
	if n, err = unix.Getfsstat(buf, unix.MNT_NOWAIT); err != nil {
		return nil, err
	}
	var out []string
	for _, s := range buf[:n] {
		out = append(out, unix.ByteSliceToString(s.Mntonname[:]))
	}
	return out, nil
}

// SwapOn begins to use a swap space. FreeBSD has no priorities.
func SwapOn(dev string, _ int, _ bool) error {
	if err := run("/sbin/swapon", dev); err != nil {
		return fmt.Errorf("cannot swap to %s: %w", dev, err)
	}
	return nil
}

// SwapOff ends the use of a swap space.
func SwapOff(dev string) error {
	if err := run("/sbin/swapoff", dev); err != nil {
		return fmt.Errorf("cannot stop swapping to %s: %w", dev, err)
	}
	return nil
}

// SetHostName sets the name of the machine.
func SetHostName(name string) error {
	if err := run("/bin/hostname", name); err != nil {
		return fmt.Errorf("cannot set the host name %q: %w", name, err)
	}
	return nil
}

// SetKernelSetting sets a kernel setting, sysctl(8).
func SetKernelSetting(name, value string) error {
	if strings.HasPrefix(name, "-") {
		return fmt.Errorf("%q is no name of a kernel setting", name)
	}
	if err := run("/sbin/sysctl", name+"="+value); err != nil {
		return fmt.Errorf("cannot set the kernel setting %s to %q: %w", name, value, err)
	}
	return nil
}

// InterfaceUp brings a network interface up.
func InterfaceUp(name string) error {
	if err := run("/sbin/ifconfig", name, "up"); err != nil {
		return fmt.Errorf("cannot bring up the network interface %s: %w", name, err)
	}
	return nil
}

// InterfaceAddress gives an interface the IPv4 address and network of a prefix
// such as 192.0.2.1/24.
func InterfaceAddress(name, prefix string) error {
	if err := run("/sbin/ifconfig", name, "inet", prefix); err != nil {
		return fmt.Errorf("cannot set the address of the network interface %s: %w", name, err)
	}
	return nil
}

// LoadModules loads kernel modules, kldload(8). Each of them is tried; the
// first error is returned.
func LoadModules(names []string) error {
	var first error
	for _, n := range names {
		if err := run("/sbin/kldload", "-n", n); err != nil && first == nil {
			first = fmt.Errorf("kernel module %s cannot be loaded: %w", n, err)
		}
	}
	return first
}

// FindDevice finds the device that spec names, waiting for it at most timeout.
// GEOM gives labelled devices names below /dev (glabel(8)).
func FindDevice(spec string, timeout time.Duration) (string, error) {
	w, err := device.ParseWanted(spec)
	if err != nil {
		return "", err
	}
	var candidates []string
	switch w.Tag {
	case "":
		candidates = []string{w.Value}
	case "UUID":
		candidates = []string{"/dev/ufsid/" + w.Value}
	case "LABEL":
		for _, d := range []string{"ufs", "msdosfs", "ext2fs", "iso9660", "label"} {
			candidates = append(candidates, "/dev/"+d+"/"+w.Value)
		}
	case "PARTUUID":
		candidates = []string{"/dev/gptid/" + strings.ToLower(w.Value)}
	case "PARTLABEL":
		candidates = []string{"/dev/gpt/" + w.Value}
	}
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		for _, c := range candidates {
			if _, err := os.Stat(filepath.Clean(c)); err == nil {
				return c, nil
			}
		}
		if time.Since(start) >= timeout {
			return "", fmt.Errorf("there is no device %s (looked for %s)", w, strings.Join(candidates, ", "))
		}
	}
}

// Sync writes all buffers to disk.
func Sync() { _ = unix.Sync() }

// KeepCtrlAltDel does nothing: FreeBSD's init(8) handles the keys.
func KeepCtrlAltDel() error { return nil }

// Stop asks FreeBSD's init(8) to stop the machine: it runs rc.shutdown, which
// stops Shepherd, and ends with reboot(2).
func Stop(p Power) error {
	sig := map[Power]syscall.Signal{PowerOff: syscall.SIGUSR2, Reboot: syscall.SIGINT, Halt: syscall.SIGUSR1}[p]
	if err := syscall.Kill(1, sig); err != nil {
		return fmt.Errorf("cannot signal init with signal %s: %w", strconv.Itoa(int(sig)), err)
	}
	return nil
}

// SwapOffAll and UnmountAll do nothing: init(8) and the kernel do it.
func SwapOffAll() {}

// UnmountAll does nothing: the kernel unmounts when it stops.
func UnmountAll() error { return nil }

// PowerSignals is empty: Shepherd is not process 1 on FreeBSD.
func PowerSignals() map[syscall.Signal]Power { return nil }
