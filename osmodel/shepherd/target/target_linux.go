package target

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/osmodel/shepherd/device"
	"fruix/osmodel/shepherd/folder"
	"fruix/osmodel/shepherd/kmod"
)

// flagBits are Guix's names of mount flags.
var flagBits = map[string]uintptr{
	"read-only": unix.MS_RDONLY, "no-suid": unix.MS_NOSUID, "no-dev": unix.MS_NODEV, "no-exec": unix.MS_NOEXEC,
	"no-atime": unix.MS_NOATIME, "no-diratime": unix.MS_NODIRATIME, "strict-atime": unix.MS_STRICTATIME,
	"lazy-time": unix.MS_LAZYTIME, "bind-mount": unix.MS_BIND, "shared": unix.MS_SHARED,
}

// optionBits are the options of mount(8) that are flags of mount(2); those
// with ^ clear one.
var optionBits = map[string]uintptr{
	"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC, "sync": unix.MS_SYNCHRONOUS,
	"noatime": unix.MS_NOATIME, "nodiratime": unix.MS_NODIRATIME, "relatime": unix.MS_RELATIME, "strictatime": unix.MS_STRICTATIME,
	"lazytime": unix.MS_LAZYTIME, "bind": unix.MS_BIND, "rbind": unix.MS_BIND | unix.MS_REC, "remount": unix.MS_REMOUNT,
	"dirsync": unix.MS_DIRSYNC, "mand": unix.MS_MANDLOCK,
}

// ignoredOptions are the defaults, and what only mount(8) understands.
var ignoredOptions = []string{"", "defaults", "rw", "suid", "dev", "exec", "async", "atime", "diratime", "auto", "noauto", "nofail", "user", "nouser", "users", "_netdev"}

// bits gives the flags and the remaining options of a mount.
func (m Mount) bits() (flags uintptr, data string, err error) {
	for _, f := range m.Flags {
		b, ok := flagBits[f]
		if !ok {
			return 0, "", fmt.Errorf("cannot mount %s: unknown flag %s; known are %s", m.Point, f, known(flagBits))
		}
		flags |= b
	}
	var rest []string
	for _, o := range strings.Split(m.Options, ",") {
		o = strings.TrimSpace(o)
		if b, ok := optionBits[o]; ok {
			flags |= b
		} else if !slices.Contains(ignoredOptions, o) && !strings.HasPrefix(o, "x-") {
			rest = append(rest, o)
		}
	}
	return flags, strings.Join(rest, ","), nil
}

// Do mounts the file system, mount(2).
func (m Mount) Do() error {
	flags, data, err := m.bits()
	if err != nil {
		return err
	}
	at, err := placeOf(m.Point)
	if err != nil {
		return m.explain(err)
	}
	defer at.close()
	const propagation = unix.MS_SHARED
	if err := at.mount(m.Source, m.Type, flags&^propagation, data); err != nil {
		return m.explain(err)
	}
	// The kernel ignores other flags when it makes a bind mount.
	if flags&unix.MS_BIND != 0 && flags&^(unix.MS_BIND|unix.MS_REC|propagation) != 0 {
		if err := at.mount("", "", flags&^propagation|unix.MS_REMOUNT, data); err != nil {
			return m.explain(err)
		}
	}
	if flags&propagation != 0 {
		if err := at.mount("", "", flags&propagation, ""); err != nil {
			return m.explain(err)
		}
	}
	return nil
}

// mountPoint is where something is mounted.
type mountPoint struct {
	path  string
	above *folder.Folder // nil when the path is enough
}

// placeOf finds the place of a mount point. It may lie where somebody else may put a link,
// such as in a user's home: then it is used by the descriptor of the folder above.
func placeOf(path string) (mountPoint, error) {
	if path = filepath.Clean(path); path == "/" || !filepath.IsAbs(path) || os.Geteuid() != 0 {
		return mountPoint{path: path}, nil
	}
	above, err := folder.Open(filepath.Dir(path), false)
	if err != nil {
		return mountPoint{}, err
	}
	_, early := os.Lstat("/proc/self/fd")
	if above.Sure && above.Alone || early != nil { // before /proc there is nobody else
		above.Close()
		above = nil
	}
	return mountPoint{path, above}, nil
}

func (p mountPoint) close() {
	if p.above != nil {
		p.above.Close()
	}
}

// mount calls mount(2). Each time the place is looked up anew in its folder, since what
// has been mounted lies above what was there.
func (p mountPoint) mount(source, kind string, flags uintptr, data string) error {
	if p.above == nil {
		return unix.Mount(source, p.path, kind, flags, data)
	}
	open := unix.O_PATH | unix.O_CLOEXEC
	if !p.above.Alone {
		open |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat(int(p.above.Fd()), filepath.Base(p.path), open, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return unix.ELOOP
	}
	return unix.Mount(source, fmt.Sprintf("/proc/self/fd/%d", fd), kind, flags, data)
}

// Unmount unmounts what is mounted on a directory; with lazy it goes once it
// is no longer used.
func Unmount(point string, lazy bool) error {
	flags := unix.UMOUNT_NOFOLLOW
	if lazy {
		flags |= unix.MNT_DETACH
	}
	if err := unix.Unmount(point, flags); err != nil {
		return fmt.Errorf("cannot unmount %s: %w", point, err)
	}
	return nil
}

// RemountReadOnly keeps anything from being written to the file system mounted
// on point from now on.
func RemountReadOnly(point string) error {
	if err := unix.Mount("", point, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("cannot make %s read-only: %w", point, err)
	}
	return nil
}

// Mounts lists the mount points, in the order in which they were mounted.
func Mounts() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) >= 2 {
			out = append(out, unescape(f[1]))
		}
	}
	return out, nil
}

// SwapOn begins to use a swap space; priority < 0 lets the kernel choose.
func SwapOn(dev string, priority int, discard bool) error {
	flags := 0
	if priority >= 0 {
		flags |= 0x8000 | priority&0x7fff // SWAP_FLAG_PREFER
	}
	if discard {
		flags |= 0x10000 // SWAP_FLAG_DISCARD
	}
	if err := swapCall(unix.SYS_SWAPON, dev, uintptr(flags)); err != nil && err != unix.EBUSY {
		return fmt.Errorf("cannot swap to %s: %w", dev, err)
	}
	return nil
}

// SwapOff ends the use of a swap space.
func SwapOff(dev string) error {
	if err := swapCall(unix.SYS_SWAPOFF, dev, 0); err != nil && err != unix.EINVAL {
		return fmt.Errorf("cannot stop swapping to %s: %w", dev, err)
	}
	return nil
}

func swapCall(number uintptr, dev string, flags uintptr) error {
	p, err := unix.BytePtrFromString(dev)
	if err != nil {
		return err
	}
	if _, _, e := unix.Syscall(number, uintptr(unsafe.Pointer(p)), flags, 0); e != 0 {
		return e
	}
	return nil
}

// SwapOffAll ends the use of all swap spaces.
func SwapOffAll() {
	text, err := os.ReadFile("/proc/swaps")
	if err != nil {
		return
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 0 && strings.HasPrefix(f[0], "/") {
			// What cannot be released is lost with the machine.
			_ = SwapOff(unescape(f[0]))
		}
	}
}

// SetHostName sets the name of the machine.
func SetHostName(name string) error {
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("cannot set the host name %q: %w", name, err)
	}
	return nil
}

// SetKernelSetting sets a kernel setting by its name in sysctl(8).
func SetKernelSetting(name, value string) error {
	path := name
	if !strings.Contains(name, "/") {
		path = strings.ReplaceAll(name, ".", "/")
	}
	if !filepath.IsLocal(path) {
		return fmt.Errorf("%q is no name of a kernel setting", name)
	}
	if err := os.WriteFile("/proc/sys/"+path, []byte(value), 0); err != nil {
		return fmt.Errorf("cannot set the kernel setting %s to %q: %w", name, value, err)
	}
	return nil
}

// InterfaceUp brings a network interface up.
func InterfaceUp(name string) error {
	return withInterface(name, "bring up", func(fd int, req *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req); err != nil {
			return err
		}
		req.SetUint16(req.Uint16() | unix.IFF_UP)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
	})
}

// InterfaceAddress gives an interface the IPv4 address and network of a prefix
// such as 192.0.2.1/24 (netdevice(7)).
func InterfaceAddress(name, prefix string) error {
	p, err := netip.ParsePrefix(prefix)
	if err != nil || !p.Addr().Is4() {
		return fmt.Errorf("%q is not an IPv4 address with a prefix length, such as 192.0.2.1/24", prefix)
	}
	address := p.Addr().As4()
	return withInterface(name, "set the address of", func(fd int, req *unix.Ifreq) error {
		if err := req.SetInet4Addr(address[:]); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, req); err != nil {
			return err
		}
		if err := req.SetInet4Addr(net.CIDRMask(p.Bits(), 32)); err != nil {
			return err
		}
		return unix.IoctlIfreq(fd, unix.SIOCSIFNETMASK, req)
	})
}

func withInterface(name, what string, f func(fd int, req *unix.Ifreq) error) error {
	fail := func(err error) error { return fmt.Errorf("cannot %s the network interface %s: %w", what, name, err) }
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fail(err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return fail(err)
	}
	if err := f(fd, req); err != nil {
		return fail(err)
	}
	return nil
}

// LoadModules loads kernel modules, with what they depend on, from the modules
// of the running system. Each of them is tried; the first error is returned.
func LoadModules(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	release := unix.ByteSliceToString(u.Release[:])
	dir := ""
	for _, d := range []string{"/run/current-system/kernel/lib/modules/", "/lib/modules/"} {
		if st, err := os.Stat(d + release); err == nil && st.IsDir() {
			dir = d + release
			break
		}
	}
	if dir == "" {
		return fmt.Errorf("there are no kernel modules for the running kernel, Linux %s", release)
	}
	index, err := kmod.NewIndex(dir)
	if err != nil {
		return err
	}
	builtIn := kmod.BuiltIn(dir)
	l := kmod.Loader{Index: index, Insert: kmod.Insert, Loaded: func(n string) bool { return builtIn[n] || kmod.Loaded(n) }}
	var first error
	for _, n := range names {
		if err := l.Load(n, ""); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// FindDevice finds the device that spec names, waiting for it at most timeout.
func FindDevice(spec string, timeout time.Duration) (string, error) {
	w, err := device.ParseWanted(spec)
	if err != nil {
		return "", err
	}
	return device.System{}.Wait(w, timeout, nil)
}

// Sync writes all buffers to disk.
func Sync() { unix.Sync() }

// KeepCtrlAltDel makes the kernel send SIGINT to process 1 when the three keys
// are pressed, instead of rebooting at once.
func KeepCtrlAltDel() error { return unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) }

// Stop stops the machine at once, reboot(2). In a PID namespace other than the
// first, the kernel ends the namespace instead.
func Stop(p Power) error {
	cmd := map[Power]int{PowerOff: unix.LINUX_REBOOT_CMD_POWER_OFF, Reboot: unix.LINUX_REBOOT_CMD_RESTART, Halt: unix.LINUX_REBOOT_CMD_HALT}[p]
	return unix.Reboot(cmd)
}

// UnmountAll unmounts everything but the kernel's own file systems, in reverse
// order, and makes the root read-only. It returns what did not work.
func UnmountAll() error {
	points, err := Mounts()
	if err != nil {
		return err
	}
	var errs []error
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		if p == "/" || under(p, "/proc") || under(p, "/sys") || under(p, "/dev") || under(p, "/run") {
			continue
		}
		if err := Unmount(p, false); err != nil {
			errs = append(errs, err)
			_ = RemountReadOnly(p)
			_ = Unmount(p, true)
		}
	}
	if err := RemountReadOnly("/"); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// Signals of process 1 beyond those that every system has.
const powerFailure = syscall.SIGPWR

// PowerSignals says what each signal asks of process 1: ctrl-alt-del is
// SIGINT; SIGUSR1 and SIGUSR2 are what busybox's halt and poweroff send.
func PowerSignals() map[syscall.Signal]Power {
	return map[syscall.Signal]Power{
		syscall.SIGTERM: PowerOff, powerFailure: PowerOff, syscall.SIGUSR2: PowerOff,
		syscall.SIGINT: Reboot, syscall.SIGUSR1: Halt,
	}
}
