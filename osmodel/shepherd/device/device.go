// Package device finds block devices by what is on them: by partition table
// entries and by the superblocks of file systems. It reads the disks itself,
// so that the first program of a machine needs no udev and no blkid.
package device

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// Info is what is known about a block device.
type Info struct {
	Path      string // "/dev/vda2"
	Size      int64  // bytes, 0 when unknown
	Type      string // "ext4", "vfat", "ufs2", "swap", … or ""
	UUID      string // of the file system
	Label     string // of the file system
	PartUUID  string // of the GPT entry
	PartLabel string // name of the GPT entry
}

// String describes the device in a line.
func (i Info) String() string {
	var b strings.Builder
	b.WriteString(i.Path)
	if i.Size > 0 {
		fmt.Fprintf(&b, " %.0f MiB", float64(i.Size)/(1<<20))
	}
	for _, f := range [][2]string{{"TYPE", i.Type}, {"UUID", i.UUID}, {"LABEL", i.Label}, {"PARTUUID", i.PartUUID}, {"PARTLABEL", i.PartLabel}} {
		if f[1] != "" {
			fmt.Fprintf(&b, " %s=%s", f[0], f[1])
		}
	}
	return b.String()
}

// Wanted is what names a device: a tag and its value, or a path.
type Wanted struct{ Tag, Value string }

// ParseWanted reads "UUID=…", "LABEL=…", "PARTUUID=…", "PARTLABEL=…" or the
// absolute path of a device.
func ParseWanted(s string) (Wanted, error) {
	if strings.HasPrefix(s, "/") {
		return Wanted{"", s}, nil
	}
	tag, value, ok := strings.Cut(s, "=")
	tag = strings.ToUpper(tag)
	if !ok || !slices.Contains([]string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}, tag) {
		return Wanted{}, fmt.Errorf("%q names no device; use /dev/…, UUID=…, LABEL=…, PARTUUID=… or PARTLABEL=…", s)
	}
	value = strings.Trim(value, `"`)
	if value == "" {
		return Wanted{}, fmt.Errorf("%q names no device: nothing follows the equals sign", s)
	}
	return Wanted{tag, value}, nil
}

// String is the notation that ParseWanted reads.
func (w Wanted) String() string {
	if w.Tag == "" {
		return w.Value
	}
	return w.Tag + "=" + w.Value
}

// Matches reports whether i is the device that is wanted.
func (w Wanted) Matches(i Info) bool {
	switch w.Tag {
	case "":
		return i.Path == w.Value
	case "UUID":
		return strings.EqualFold(i.UUID, w.Value)
	case "LABEL":
		return i.Label == w.Value
	case "PARTUUID":
		return strings.EqualFold(i.PartUUID, w.Value)
	case "PARTLABEL":
		return i.PartLabel == w.Value
	}
	return false
}

// System says where the kernel shows its devices; the zero value is Linux's
// usual place. Tests use another.
type System struct {
	Sys string // "/sys"
	Dev string // "/dev"
}

func (s System) paths() (sys, dev string) {
	sys, dev = s.Sys, s.Dev
	if sys == "" {
		sys = "/sys"
	}
	if dev == "" {
		dev = "/dev"
	}
	return sys, dev
}

// List reads all block devices that hold something.
func (s System) List() ([]Info, error) {
	sys, dev := s.paths()
	class := filepath.Join(sys, "class/block")
	entries, err := os.ReadDir(class)
	if err != nil {
		return nil, err
	}
	tables := map[string]map[int]Partition{}
	var out []Info
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, "ram") || strings.HasPrefix(name, "zram") {
			continue
		}
		dir := filepath.Join(class, name)
		info := Info{Path: filepath.Join(dev, name), Size: readNumber(filepath.Join(dir, "size")) * 512}
		if info.Size == 0 {
			continue
		}
		if number := readNumber(filepath.Join(dir, "partition")); number > 0 {
			disk := parent(dir)
			table, ok := tables[disk]
			if !ok {
				table = readTable(filepath.Join(dev, disk), readNumber(filepath.Join(class, disk, "queue/logical_block_size")))
				tables[disk] = table
			}
			if p, ok := table[int(number)]; ok {
				info.PartUUID, info.PartLabel = p.UUID, p.Name
			}
		}
		if f, err := os.Open(info.Path); err == nil {
			info.Type, info.UUID, info.Label = Probe(f)
			f.Close()
		}
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

// parent is the disk of a partition's directory in /sys: /sys/class/block/vda2
// is a link to …/block/vda/vda2.
func parent(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	return filepath.Base(filepath.Dir(real))
}

func readNumber(file string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	var n int64
	if _, err := fmt.Sscan(string(text), &n); err != nil {
		return 0
	}
	return n
}

func readTable(disk string, sector int64) map[int]Partition {
	f, err := os.Open(disk)
	if err != nil {
		return nil
	}
	defer f.Close()
	if sector == 0 {
		sector = 512
	}
	out := map[int]Partition{}
	parts, err := ReadGPT(f, sector)
	if err != nil {
		return nil
	}
	for _, p := range parts {
		out[p.Number] = p
	}
	return out
}

// Find returns the path of the device that is wanted, or "" when it is not
// there; and all devices seen.
func (s System) Find(w Wanted) (string, []Info, error) {
	if w.Tag == "" {
		if _, err := os.Stat(w.Value); err == nil {
			return w.Value, nil, nil
		}
		all, err := s.List()
		return "", all, err
	}
	all, err := s.List()
	if err != nil {
		return "", nil, err
	}
	for _, i := range all {
		if w.Matches(i) {
			return i.Path, all, nil
		}
	}
	return "", all, nil
}

// MissingError says that a device did not turn up.
type MissingError struct {
	Wanted Wanted
	Waited time.Duration
	Seen   []Info
}

func (e *MissingError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "there is no device %s", e.Wanted)
	if e.Waited > 0 {
		fmt.Fprintf(&b, " after %v", e.Waited)
	}
	if len(e.Seen) == 0 {
		b.WriteString("; no block device was found at all: is the disk's driver loaded?")
		return b.String()
	}
	b.WriteString("; devices found:")
	for _, i := range e.Seen {
		b.WriteString("\n  " + i.String())
	}
	return b.String()
}

// Wait finds the wanted device, looking again until it is there or the time is
// up. waiting, which may be nil, is called once if it is not there at first.
func (s System) Wait(w Wanted, timeout time.Duration, waiting func()) (string, error) {
	const pause = 50 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		path, seen, err := s.Find(w)
		if path != "" {
			return path, nil
		}
		if waited >= timeout {
			if err != nil {
				return "", fmt.Errorf("looking for %s: %w", w, err)
			}
			return "", &MissingError{w, timeout, seen}
		}
		if waited == 0 && waiting != nil {
			waiting()
		}
		time.Sleep(pause)
	}
}

// readAt reads n bytes at off, nil when they are not there.
func readAt(r io.ReaderAt, off int64, n int) []byte {
	b := make([]byte, n)
	if got, _ := r.ReadAt(b, off); got < n {
		return nil
	}
	return b
}
