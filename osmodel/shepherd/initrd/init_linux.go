package initrd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/osmodel/shepherd/device"
	"fruix/osmodel/shepherd/kmod"
	"fruix/osmodel/shepherd/target"
)

// Where things are in the initrd.
const (
	// ModuleList names one module file a line, relative to /lib/modules or
	// absolute, each after those that it depends on.
	ModuleList = "/etc/modules"
	moduleRoot = "/lib/modules"
	// Root is where the root file system is mounted before it becomes /.
	Root = "/root"
)

// failureDelay is how long a person has to read why the machine cannot start.
const failureDelay = 60 * time.Second

// Main is the first program. It returns only if this is not an initrd.
func Main(stdlib fs.FS) int {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "fruix-init: this is the first program of a machine, process 1; it cannot be run in any other way")
		return 2
	}
	if err := prepare(); err != nil {
		// There may be no console yet; the kernel's log takes it.
		fmt.Fprintln(os.Stderr, "fruix-init:", err)
	}
	i := &start{out: os.Stdout}
	err := i.run(stdlib)
	i.fail(err, stdlib)
	return 1
}

// prepare mounts the kernel's file systems and opens the console.
func prepare() error {
	var errs []error
	for _, m := range []target.Mount{
		{Source: "proc", Point: "/proc", Type: "proc", Flags: []string{"no-suid", "no-dev", "no-exec"}},
		{Source: "sysfs", Point: "/sys", Type: "sysfs", Flags: []string{"no-suid", "no-dev", "no-exec"}},
		{Source: "devtmpfs", Point: "/dev", Type: "devtmpfs", Flags: []string{"no-suid"}, Options: "mode=0755"},
		{Source: "tmpfs", Point: "/run", Type: "tmpfs", Flags: []string{"no-suid", "no-dev"}, Options: "mode=0755"},
	} {
		if err := os.MkdirAll(m.Point, 0o755); err != nil {
			errs = append(errs, err)
			continue
		}
		// A kernel with CONFIG_DEVTMPFS_MOUNT does not mount it in an initrd,
		// but may have been told to.
		if err := m.Do(); err != nil && !errors.Is(err, unix.EBUSY) {
			errs = append(errs, err)
		}
	}
	if f, err := os.OpenFile("/dev/console", os.O_RDWR|unix.O_NOCTTY, 0); err == nil {
		for fd := 0; fd < 3; fd++ {
			if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
				errs = append(errs, err)
			}
		}
		if f.Fd() > 2 {
			f.Close()
		}
	} else {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// start is a start of the machine.
type start struct {
	out  io.Writer
	plan Plan
}

func (i *start) say(format string, args ...any) {
	fmt.Fprintf(i.out, "fruix-init: "+format+"\n", args...)
}

// run brings the machine to its boot program, which replaces this one.
func (i *start) run(stdlib fs.FS) error {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return fmt.Errorf("the kernel's command line cannot be read: %w", err)
	}
	if i.plan, err = ParseCommandLine(string(line)); err != nil {
		return fmt.Errorf("the kernel's command line: %w", err)
	}
	i.modules()
	if i.plan.REPL {
		i.say("fruix.repl: (exit) goes on with the start")
		repl(stdlib)
	}
	if err := i.plan.Check(); err != nil {
		return err
	}
	if err := i.mountRoot(); err != nil {
		return err
	}
	program := i.plan.Program()
	if _, err := os.Lstat(filepath.Join(Root, program)); err != nil {
		return fmt.Errorf("the root file system has no %s, which shall be started", program)
	}
	if err := i.switchRoot(); err != nil {
		return err
	}
	env := []string{"HOME=/", "TERM=linux", "PATH=/run/current-system/profile/bin:/run/current-system/profile/sbin:/bin:/sbin"}
	if i.plan.System != "" {
		env = append(env, "FRUIX_SYSTEM="+i.plan.System)
	}
	return fmt.Errorf("%s cannot be run: %w", program, syscall.Exec(program, []string{program}, env))
}

// modules loads the listed modules. What fails may not matter: that the root
// file system is not found says more.
func (i *start) modules() {
	text, err := os.ReadFile(ModuleList)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			i.say("%v", err)
		}
		return
	}
	for _, file := range ModuleFiles(string(text)) {
		if err := kmod.InsertFile(file, ""); err != nil && !errors.Is(err, fs.ErrExist) {
			i.say("kernel module %s: %v", kmod.Canonical(file), err)
		}
	}
}

// ModuleFiles gives the files of a module list.
func ModuleFiles(list string) []string {
	var out []string
	for _, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case filepath.IsAbs(line):
			out = append(out, line)
		default:
			line = strings.TrimPrefix(line, strings.TrimPrefix(moduleRoot, "/")+"/")
			out = append(out, filepath.Join(moduleRoot, line))
		}
	}
	return out
}

// mountRoot finds the root file system and mounts it at Root.
func (i *start) mountRoot() error {
	if i.plan.Delay > 0 {
		time.Sleep(i.plan.Delay)
	}
	w, err := device.ParseWanted(i.plan.Root)
	if err != nil {
		return fmt.Errorf("root=: %w", err)
	}
	dev, err := device.System{}.Wait(w, i.plan.Timeout, func() { i.say("waiting for the root device %s", w) })
	if err != nil {
		return err
	}
	fsType := i.plan.Type
	if fsType == "" {
		f, err := os.Open(dev)
		if err != nil {
			return err
		}
		fsType, _, _ = device.Probe(f)
		f.Close()
		if fsType == "" {
			return fmt.Errorf("%s holds no file system that is known here; name its type with rootfstype=", dev)
		}
		if fsType == "ufs1" || fsType == "ufs2" {
			fsType = "ufs"
		}
	}
	m := target.Mount{Source: dev, Point: Root, Type: fsType, Options: i.plan.Flags}
	if i.plan.ReadOnly {
		m.Flags = []string{"read-only"}
	}
	if err := os.MkdirAll(Root, 0o755); err != nil {
		return err
	}
	return m.Do()
}

// switchRoot makes the file system at Root the root of everything, and frees
// the memory that the initrd takes (kernel documentation,
// "ramfs, rootfs and initramfs").
func (i *start) switchRoot() error {
	for _, dir := range []string{"/dev", "/proc", "/sys", "/run"} {
		to := filepath.Join(Root, dir)
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(dir, to, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("cannot move %s to the root file system: %w", dir, err)
		}
	}
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		return err
	}
	var kind unix.Statfs_t
	if err := unix.Statfs("/", &kind); err != nil {
		return err
	}
	if kind.Type == unix.RAMFS_MAGIC || kind.Type == unix.TMPFS_MAGIC {
		// Only in the kernel's own first file system, never elsewhere.
		empty("/", st.Dev)
	}
	if err := unix.Chdir(Root); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("cannot make the root file system the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// empty removes everything below dir that is on the device dev. What cannot be
// removed stays and costs memory alone.
func empty(dir string, dev uint64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		var st unix.Stat_t
		if unix.Lstat(name, &st) != nil || uint64(st.Dev) != dev {
			continue
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR {
			empty(name, dev)
			_ = unix.Rmdir(name)
		} else {
			_ = unix.Unlink(name)
		}
	}
}

// fail tells why the machine cannot start, and turns it off after a while.
func (i *start) fail(err error, stdlib fs.FS) {
	i.say("this machine cannot start: %v", err)
	var missing *device.MissingError
	if !errors.As(err, &missing) {
		if all, e := (device.System{}).List(); e == nil {
			i.say("devices found:")
			for _, d := range all {
				fmt.Fprintf(i.out, "  %s\n", d)
			}
		}
	}
	if i.plan.REPL {
		repl(stdlib)
	} else {
		i.say("add fruix.repl to the kernel's command line to look around; power-off in %v", failureDelay)
		time.Sleep(failureDelay)
	}
	target.Sync()
	_ = target.Stop(target.PowerOff)
	select {} // the end of process 1 would hide the message behind a panic
}
