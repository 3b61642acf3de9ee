// Package tree reads image plans and makes file trees of them.
//
// A plan says what a disk holds: partitions, their file systems, and what is
// in these, as a list of entries that are applied in order. It is plain data
// (JSON, version 1) that the operating system's model writes and that
// builtin:disk, builtin:initrd and "fruix system rootfs" carry out. [Parse]
// checks everything that can be told from the text alone; [Plan.Root] makes
// the tree of one partition, looking up store items through a function that
// knows where they lie on this machine.
//
// What comes out is a function of the plan and of the bytes, names and
// executable bits of the store items: owners, other permissions, times, hard
// links and holes of the host's files have no say.
package tree

import (
	"fmt"
	"math"
	"strings"

	"fruix/image/gpt"
	"fruix/interp/module"
)

// Version is the version of the plan's language.
const Version = 1

// SourceTime is the time of every file that does not say otherwise: one second
// after the epoch, as in the store.
const SourceTime = 1

// A Plan describes a disk.
type Plan struct {
	Label      string // the machine's name, for people
	Seed       string // what the identifiers that are not given derive from
	Partitions []Partition
}

// A Partition is a part of a disk.
type Partition struct {
	Name       string // unique in its plan; the name in the partition table
	Type       Type
	UUID       gpt.GUID    // nil GUID: derived
	Size       int64       // bytes; 0: what the file system needs
	FileSystem *FileSystem // nil: none
}

// A Type is the type of a partition, by its name in plans.
type Type string

// The types of partitions.
const (
	ESP            Type = "esp"
	BIOSBoot       Type = "bios-boot"
	Linux          Type = "linux"
	LinuxRootAMD64 Type = "linux-root-x86-64"
	LinuxRootARM64 Type = "linux-root-arm64"
	LinuxSwap      Type = "linux-swap"
	FreeBSDBoot    Type = "freebsd-boot"
	FreeBSDUFS     Type = "freebsd-ufs"
	FreeBSDSwap    Type = "freebsd-swap"
)

// GUID returns the identifier of a type in a partition table.
func (t Type) GUID() (gpt.GUID, bool) {
	switch t {
	case ESP:
		return gpt.EFISystem, true
	case BIOSBoot:
		return gpt.BIOSBoot, true
	case Linux:
		return gpt.LinuxFilesystem, true
	case LinuxRootAMD64:
		return gpt.LinuxRootAMD64, true
	case LinuxRootARM64:
		return gpt.LinuxRootARM64, true
	case LinuxSwap:
		return gpt.LinuxSwap, true
	case FreeBSDBoot:
		return gpt.FreeBSDBoot, true
	case FreeBSDUFS:
		return gpt.FreeBSDUFS, true
	case FreeBSDSwap:
		return gpt.FreeBSDSwap, true
	}
	return gpt.GUID{}, false
}

// types names the types in the order in which messages list them.
func types() []string {
	return []string{string(ESP), string(Linux), string(LinuxRootAMD64), string(LinuxRootARM64), string(LinuxSwap),
		string(FreeBSDUFS), string(FreeBSDSwap), string(FreeBSDBoot), string(BIOSBoot)}
}

// The types of file systems. Swap is Linux's; FreeBSD's has no header.
const (
	FAT  = "fat"
	EXT4 = "ext4"
	UFS2 = "ufs2"
	Swap = "swap"
)

func fileSystems() []string { return []string{FAT, EXT4, UFS2, Swap} }

// A FileSystem describes what is in a partition.
type FileSystem struct {
	Type  string // FAT, EXT4, UFS2 or Swap
	Label string
	// UUID in the notation of the file system, "" to derive one: 12AB-34CD
	// for FAT, 16 hexadecimal digits or a usual UUID for UFS2, a usual UUID
	// for the others.
	UUID string
	Size int64 // bytes; 0: what Tree and Free need
	Free int64 // bytes that shall be free for files
	Tree []Entry
}

// Parse reads a plan. Errors name the partition, the path and the field.
func Parse(data []byte) (*Plan, error) {
	top, err := parseVersioned(data)
	if err != nil {
		return nil, err
	}
	p := new(Plan)
	if p.Label, err = top.text("label", ""); err != nil {
		return nil, err
	}
	if p.Seed, err = top.text("seed", p.Label); err != nil {
		return nil, err
	}
	list, err := top.array("partitions")
	if err != nil {
		return nil, err
	}
	if err := top.finish(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, top.errorf("partitions", "there must be at least one")
	}
	names := make(map[string]bool)
	for i, v := range list {
		part, err := parsePartition(i, v)
		if err != nil {
			return nil, err
		}
		if names[part.Name] {
			return nil, top.errorf("partitions", "two are named %q", part.Name)
		}
		names[part.Name] = true
		p.Partitions = append(p.Partitions, part)
	}
	if p.Seed == "" && p.needsSeed() {
		return nil, top.errorf("seed", "is missing, and there are identifiers to derive from it")
	}
	return p, nil
}

func (p *Plan) needsSeed() bool { return len(p.Partitions) > 0 } // the disk's own identifier

// parseVersioned reads the outermost object and its version.
func parseVersioned(data []byte) (*object, error) {
	m, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	top := &object{where: "plan", members: m}
	v, err := top.number("version", -1, math.MaxInt32)
	switch {
	case err != nil:
		return nil, err
	case v == -1:
		return nil, top.errorf("version", "is missing; this program reads version %d", Version)
	case v != Version:
		return nil, top.errorf("version", "%d is unknown; this program reads version %d", v, Version)
	}
	return top, nil
}

func parsePartition(i int, v any) (Partition, error) {
	var p Partition
	o, err := newObject(fmt.Sprintf("partition %d", i+1), v)
	if err != nil {
		return p, err
	}
	if p.Name, err = o.required("name"); err != nil {
		return p, err
	}
	o.where = fmt.Sprintf("partition %q", p.Name)
	t, err := o.required("type")
	if err != nil {
		return p, err
	}
	p.Type = Type(t)
	if _, ok := p.Type.GUID(); !ok {
		return p, o.unknown("type", t, types())
	}
	id, err := o.text("uuid", "")
	if err != nil {
		return p, err
	}
	if id != "" {
		if p.UUID, err = gpt.Parse(id); err != nil {
			return p, o.errorf("uuid", "%v", err)
		}
	}
	if p.Size, err = o.number("size", 0, math.MaxInt64/4); err != nil {
		return p, err
	}
	if v, ok := o.take("file-system"); ok && v != nil {
		if p.FileSystem, err = parseFileSystem(o.where, v); err != nil {
			return p, err
		}
	}
	if p.FileSystem == nil && p.Size == 0 {
		return p, o.errorf("size", "must be given where there is no file system")
	}
	return p, o.finish()
}

// unknown is the error for a word that is none of a few.
func (o *object) unknown(key, got string, known []string) error {
	if near := module.Nearest(got, known); len(near) > 0 {
		return o.errorf(key, "%q is unknown; did you mean %q?", shorten(got), near[0])
	}
	return o.errorf(key, "%q is unknown; known are %s", shorten(got), strings.Join(known, ", "))
}

func parseFileSystem(where string, v any) (*FileSystem, error) {
	o, err := newObject(where+": file-system", v)
	if err != nil {
		return nil, err
	}
	f := new(FileSystem)
	if f.Type, err = o.required("type"); err != nil {
		return nil, err
	}
	if !contains(fileSystems(), f.Type) {
		return nil, o.unknown("type", f.Type, fileSystems())
	}
	if f.Label, err = o.text("label", ""); err != nil {
		return nil, err
	}
	if f.UUID, err = o.text("uuid", ""); err != nil {
		return nil, err
	}
	if err := CheckUUID(f.Type, f.UUID); err != nil {
		return nil, o.errorf("uuid", "%v", err)
	}
	if f.Size, err = o.number("size", 0, math.MaxInt64/4); err != nil {
		return nil, err
	}
	if f.Free, err = o.number("free", 0, math.MaxInt64/4); err != nil {
		return nil, err
	}
	list, err := o.array("tree")
	if err != nil {
		return nil, err
	}
	if f.Type == Swap && len(list) > 0 {
		return nil, o.errorf("tree", "swap space holds no files")
	}
	if f.Tree, err = parseEntries(where, list, false); err != nil {
		return nil, err
	}
	return f, o.finish()
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// HasFiles tells whether a partition has a file system that holds files.
func (p *Partition) HasFiles() bool { return p.FileSystem != nil && p.FileSystem.Type != Swap }
