// Package target does to the running system what booting and stopping take:
// mounts, swap, modules, names, network interfaces, power. Linux is asked by
// system calls alone, so that an image needs no programs for it; FreeBSD by
// the programs of its base system, which every FreeBSD has.
package target

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"syscall"
)

// Power says how a machine stops.
type Power int

// The ways to stop.
const (
	PowerOff Power = iota
	Reboot
	Halt
)

func (p Power) String() string { return [...]string{"power-off", "reboot", "halt"}[p] }

// Mount is a request to mount a file system. Flags are Guix's names:
// read-only, no-suid, no-dev, no-exec, no-atime, no-diratime, strict-atime,
// lazy-time, bind-mount, shared. Options are as in fstab(5).
type Mount struct {
	Source, Point, Type string
	Flags               []string
	Options             string
}

func (m Mount) explain(err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENODEV):
		hint = fmt.Sprintf(" (the kernel does not know file systems of type %s: is its module loaded?)", m.Type)
	case errors.Is(err, syscall.EINVAL):
		hint = fmt.Sprintf(" (%s does not hold a file system of type %s, or an option is wrong)", m.Source, m.Type)
	case errors.Is(err, syscall.ENOENT):
		hint = " (the device or the mount point is not there)"
	case errors.Is(err, syscall.ELOOP):
		hint = " (a link leads there, in a folder that others than root may change)"
	}
	return fmt.Errorf("cannot mount %s on %s as %s: %w%s", m.Source, m.Point, m.Type, err, hint)
}

// unescape decodes the octal escapes of /proc/mounts.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			n, ok := 0, true
			for _, c := range []byte(s[i+1 : i+4]) {
				ok = ok && c >= '0' && c <= '7'
				n = n*8 + int(c-'0')
			}
			if ok && n < 256 {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// known lists the keys of a table for an error message.
func known[V any](table map[string]V) string {
	var names []string
	for n := range table {
		names = append(names, n)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
