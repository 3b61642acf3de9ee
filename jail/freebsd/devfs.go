//go:build freebsd

package freebsd

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"fruix/jail"
)

// devfsRule is struct devfs_rule of sys/fs/devfs/devfs.h.
type devfsRule struct {
	magic     uint32
	id        uint32
	icond     int32
	dswflags  int32
	pattern   [200]byte
	iacts     int32
	bacts     int32
	uid, gid  uint32
	mode      uint16
	includSet uint16
}

const (
	devfsMagic    = 0xdb0a087a
	condPattern   = 0x002 // DRC_PATHPTRN
	actBool       = 0x001 // DRA_BACTS
	boolHide      = 0x001 // DRB_HIDE
	boolUnhide    = 0x002 // DRB_UNHIDE
	iocIn         = 0x80000000
	devfsioRApply = iocIn | unsafe.Sizeof(devfsRule{})<<16 | 'D'<<8 | 2 // DEVFSIO_RAPPLY
)

// visible are the devices of a jail, as patterns of devfs(8).
var visible = []string{"null", "zero", "full", "random", "urandom", "fd", "fd/*", "stdin", "stdout", "stderr", "ptmx", "pts", "pts/*", "tty"}

// mountDevfs mounts devfs at dir and hides all but the harmless devices. It
// applies its rules to this mount directly, as rule sets are a table of the
// whole machine, which may or may not be loaded.
func mountDevfs(dir string) error {
	if err := mount("devfs", dir, unix.MNT_NOSUID|unix.MNT_NOEXEC); err != nil {
		return &jail.SetupError{Step: "mount devfs", Path: "/dev", Err: err}
	}
	err := hideDevices(dir)
	if err != nil {
		unmount(dir)
		return &jail.SetupError{Step: "hide devices", Path: "/dev", Err: err}
	}
	return nil
}

func hideDevices(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := applyRule(d, "*", boolHide); err != nil {
		return err
	}
	for _, p := range visible {
		if err := applyRule(d, p, boolUnhide); err != nil {
			return err
		}
	}
	return nil
}

func applyRule(d *os.File, pattern string, action int32) error {
	r := devfsRule{magic: devfsMagic, icond: condPattern, iacts: actBool, bacts: action}
	copy(r.pattern[:], pattern)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), devfsioRApply, uintptr(unsafe.Pointer(&r)))
	if errno != 0 {
		return errno
	}
	return nil
}
