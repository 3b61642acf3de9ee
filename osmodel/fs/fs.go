// Package fs models what is mounted where, and makes fstab(5) of it.
package fs

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"fruix/interp/module"
	"fruix/osmodel/account"
)

// A FileSystem is something to be mounted.
type FileSystem struct {
	// Device is a file name, a word like "none", or LABEL=, UUID=, PARTLABEL=
	// or PARTUUID= and a name.
	Device     string
	MountPoint string
	Type       string   // the target's own word
	Flags      []string // Guix's words, such as "read-only"
	Options    string   // the target's own words, separated by commas
	Mount      bool     // at boot
	MayFail    bool     // boot goes on without it
	Check      bool     // by fsck(8) before it is mounted
	Pseudo     bool     // not on a device of its own
}

// A Swap is space for memory pages.
type Swap struct {
	Device   string
	Priority int64 // below 0: not given
	Discard  bool  // tell the device which pages are free
}

// Fstab makes fstab(5) for a target. File systems come in an order in which
// each follows those that it is mounted below.
func Fstab(t account.Target, systems []FileSystem, swap []Swap) (string, error) {
	ordered := slices.Clone(systems)
	slices.SortStableFunc(ordered, func(a, b FileSystem) int { return depth(a.MountPoint) - depth(b.MountPoint) })
	var b strings.Builder
	seen := make(map[string]bool)
	for _, f := range ordered {
		line, err := f.line(t)
		if err != nil {
			return "", fmt.Errorf("file system %q: %w", f.MountPoint, err)
		}
		if seen[f.MountPoint] {
			return "", fmt.Errorf("file system %q: two are mounted there", f.MountPoint)
		}
		seen[f.MountPoint] = true
		b.WriteString(line)
	}
	for _, s := range swap {
		line, err := s.line(t)
		if err != nil {
			return "", fmt.Errorf("swap space %q: %w", s.Device, err)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

func depth(mountPoint string) int {
	if mountPoint == "/" {
		return 0
	}
	return strings.Count(mountPoint, "/")
}

// fields makes a line of fstab.
func fields(device, mountPoint, fsType, options string, pass int) string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t0\t%d\n", escape(device), escape(mountPoint), fsType, options, pass)
}

// escape writes what would end a field, or begin a comment, as octal digits
// (fstab(5)).
func escape(s string) string {
	return strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`).Replace(s)
}

func (f *FileSystem) line(t account.Target) (string, error) {
	switch {
	case !path.IsAbs(f.MountPoint) || path.Clean(f.MountPoint) != f.MountPoint:
		return "", errors.New("mount-point: is not an absolute file name in its shortest form")
	case hasControl(f.MountPoint):
		return "", errors.New("mount-point: contains a control character")
	}
	if err := checkWord(f.Type); err != nil {
		return "", fmt.Errorf("type: %w", err)
	}
	if f.Options != "" {
		if err := checkWord(f.Options); err != nil {
			return "", fmt.Errorf("options: %w", err)
		}
	}
	device, err := deviceName(t, f.Device, f.Type)
	if err != nil {
		return "", fmt.Errorf("device: %w", err)
	}
	options, err := f.options(t)
	if err != nil {
		return "", err
	}
	return fields(device, f.MountPoint, f.Type, options, f.pass()), nil
}

// pass says when fsck checks a file system: the root first, then the others,
// 0 for never.
func (f *FileSystem) pass() int {
	switch {
	case f.Pseudo || !f.Check || slices.Contains(unchecked(), f.Type):
		return 0
	case f.MountPoint == "/":
		return 1
	}
	return 2
}

// unchecked lists types that have no fsck: those without a device, those of
// other machines, and those that check themselves.
func unchecked() []string {
	return []string{"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "ramfs", "cgroup", "cgroup2", "debugfs", "tracefs",
		"securityfs", "efivarfs", "mqueue", "hugetlbfs", "fusectl", "configfs", "binfmt_misc", "overlay", "none", "bind",
		"devfs", "procfs", "fdescfs", "linprocfs", "linsysfs", "nullfs", "unionfs", "mqueuefs", "autofs",
		"nfs", "nfs4", "cifs", "smbfs", "9p", "p9fs", "virtiofs", "iso9660", "cd9660", "udf", "squashfs", "swap", "zfs"}
}

// checkWord tells whether a text can be a field of fstab that has no escapes.
func checkWord(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	if strings.ContainsAny(s, " #\\") || hasControl(s) {
		return fmt.Errorf("%q contains a blank, \"#\", \"\\\" or a control character", s)
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// flagOptions gives the mount option for each of Guix's flags; FreeBSD does
// without those that are "".
func flagOptions(t account.Target) map[string]string {
	if t == account.FreeBSD {
		return map[string]string{"read-only": "ro", "no-suid": "nosuid", "no-exec": "noexec", "no-atime": "noatime",
			"no-dev": "", "no-diratime": "", "strict-atime": "", "lazy-time": "", "bind-mount": ""}
	}
	return map[string]string{"read-only": "ro", "bind-mount": "bind", "no-suid": "nosuid", "no-dev": "nodev", "no-exec": "noexec",
		"no-atime": "noatime", "no-diratime": "nodiratime", "strict-atime": "strictatime", "lazy-time": "lazytime", "shared": "shared"}
}

func (f *FileSystem) options(t account.Target) (string, error) {
	known := flagOptions(t)
	var list []string
	if t == account.FreeBSD && !slices.Contains(f.Flags, "read-only") {
		list = append(list, "rw") // fstab(5): one of rw, ro and sw must be there
	}
	for _, flag := range f.Flags {
		o, ok := known[flag]
		if !ok {
			var names []string
			for n := range known {
				names = append(names, n)
			}
			slices.Sort(names)
			if near := module.Nearest(flag, names); len(near) > 0 {
				return "", fmt.Errorf("flags: %q is unknown; did you mean %q?", flag, near[0])
			}
			return "", fmt.Errorf("flags: %q is unknown; known are %s", flag, strings.Join(names, ", "))
		}
		if o != "" && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	if !f.Mount {
		list = append(list, "noauto")
	}
	if f.MayFail {
		list = append(list, map[account.Target]string{account.Linux: "nofail", account.FreeBSD: "failok"}[t])
	}
	if f.Options != "" {
		list = append(list, f.Options)
	}
	if len(list) == 0 {
		return "defaults", nil
	}
	return strings.Join(list, ","), nil
}

func (s *Swap) line(t account.Target) (string, error) {
	device, err := deviceName(t, s.Device, "swap")
	if err != nil {
		return "", fmt.Errorf("device: %w", err)
	}
	options := []string{"sw"}
	if s.Priority > 32767 {
		return "", fmt.Errorf("priority: %d is not from 0 to 32767", s.Priority)
	}
	if t == account.Linux && s.Priority >= 0 { // FreeBSD uses all swap alike
		options = append(options, fmt.Sprintf("pri=%d", s.Priority))
	}
	if s.Discard {
		options = append(options, map[account.Target]string{account.Linux: "discard", account.FreeBSD: "trimonce"}[t])
	}
	return fields(device, "none", "swap", strings.Join(options, ","), 0), nil
}

// deviceName returns the name of a device for fstab. FreeBSD has no LABEL= and
// UUID=; there GEOM makes a file for each name that it finds on a disk
// (glabel(8)).
func deviceName(t account.Target, device, fsType string) (string, error) {
	switch {
	case device == "":
		return "", errors.New("must not be empty")
	case hasControl(device):
		return "", fmt.Errorf("%q contains a control character", device)
	}
	kind, name, tagged := strings.Cut(device, "=")
	if t != account.FreeBSD || !tagged || strings.HasPrefix(device, "/") {
		return device, nil
	}
	if name == "" {
		return "", fmt.Errorf("%q lacks a name", device)
	}
	switch kind {
	case "LABEL":
		return byLabel(name, fsType)
	case "UUID":
		return byUUID(name, fsType)
	case "PARTLABEL":
		return "/dev/gpt/" + name, nil
	case "PARTUUID":
		return "/dev/gptid/" + strings.ToLower(name), nil
	}
	return device, nil
}

func byLabel(name, fsType string) (string, error) {
	switch fsType {
	case "ufs":
		return "/dev/ufs/" + name, nil
	case "msdosfs":
		return "/dev/msdosfs/" + strings.ToUpper(name), nil
	case "ext2fs":
		return "/dev/ext2fs/" + name, nil
	case "cd9660":
		return "/dev/iso9660/" + name, nil
	case "ntfs":
		return "/dev/ntfs/" + name, nil
	case "swap": // has no label of its own there: its partition's
		return "/dev/gpt/" + name, nil
	}
	return "", fmt.Errorf("FreeBSD cannot find file systems of type %s by their label; name the device", fsType)
}

func byUUID(name, fsType string) (string, error) {
	switch {
	case fsType == "ufs" && len(name) == 16:
		return "/dev/ufsid/" + strings.ToLower(name), nil
	case len(name) == 36:
		return "/dev/gptid/" + strings.ToLower(name), nil // a partition's
	}
	return "", fmt.Errorf("FreeBSD cannot find file systems of type %s by the UUID %s; give a label or name the device", fsType, name)
}
