package compiled

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Dir is a folder of entries, each in a file named after its key. Every process
// may read, write and remove entries at any time: files appear complete, by a
// rename, and are checked when they are read.
type Dir struct {
	path string
	// off is set when the folder turned out to be of no use.
	off   bool
	wrote bool
}

// Key identifies an entry: a hash of all that decides what it holds.
type Key [32]byte

// Digest is the hash of a file's text.
type Digest [32]byte

// Need is something that a file's expansion depended on.
type Need struct {
	// Module is the name of a module as text, File that of an included file;
	// one of them is empty.
	Module, File string
	// Loaded tells a module that was loaded from one that was only looked for.
	Loaded bool
	// Place tells where it was found, Digest what it held when that was a file
	// outside of the engine.
	Place  Place
	Digest Digest
}

// Place is where something was found.
type Place uint8

// Places: nowhere, in a file, inside the engine's library.
const (
	Nowhere Place = iota
	InFile
	InLibrary
)

// Entry is what is kept of a file: what it needed and, unless it is one that
// cannot be kept, its unit. Parts are units of definitions that were evaluated
// later, by name.
type Entry struct {
	Needs []Need
	Unit  []byte
	Parts map[string][]byte
}

// NewDir gives the folder at path, which need not exist yet.
func NewDir(path string) *Dir { return &Dir{path: filepath.Join(path, fmt.Sprintf("%d", Format))} }

func (d *Dir) file(k Key) string {
	name := hex.EncodeToString(k[:])
	return filepath.Join(d.path, name[:2], name[2:])
}

const (
	magic = "fruix compiled\n"
	// headSize is that of the magic, the format and the checksum, rounded up so
	// that units are aligned.
	headSize = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Get reads an entry; nil when there is none that is whole.
func (d *Dir) Get(k Key) *Entry {
	if d.off {
		return nil
	}
	name := d.file(k)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	e, err := ParseEntry(data, true)
	if err != nil {
		return nil
	}
	d.touch(name)
	return e
}

// ParseEntry reads an entry's file: the head; the needs; the size of the unit;
// names and sizes of the parts; then the unit and the parts, each aligned.
// Without sum the checksum is not looked at.
func ParseEntry(data []byte, sum bool) (e *Entry, err error) {
	defer recoverDamage(&err)
	if len(data) < headSize || !bytes.HasPrefix(data, []byte(magic)) || data[len(magic)] != Format {
		bad("it is no entry")
	}
	if sum && crc32.Checksum(data[headSize:], castagnoli) != binary.LittleEndian.Uint32(data[16:]) {
		bad("the checksum differs")
	}
	s := stream{data, headSize}
	e = &Entry{Needs: make([]Need, s.count())}
	for i := range e.Needs {
		n := &e.Needs[i]
		n.Module = string(s.take(s.int()))
		n.File = string(s.take(s.int()))
		n.Loaded, n.Place = s.flag(), Place(s.byte())
		copy(n.Digest[:], s.take(len(n.Digest)))
	}
	size := s.int()
	names, sizes := make([]string, s.count()), []int(nil)
	for i := range names {
		names[i] = string(s.take(s.int()))
		sizes = append(sizes, s.int())
	}
	e.Unit = s.aligned(size)
	if len(names) > 0 {
		e.Parts = make(map[string][]byte, len(names))
		for i, name := range names {
			e.Parts[name] = s.aligned(sizes[i])
		}
	}
	return e, nil
}

// aligned takes n bytes from the next multiple of eight on.
func (s *stream) aligned(n int) []byte {
	if s.at = (s.at + 7) &^ 7; s.at > len(s.data) {
		bad("it is too short")
	}
	return s.take(n)
}

func (e *Entry) bytes() []byte {
	b := make([]byte, headSize, headSize+len(e.Unit)+64*len(e.Needs)+64)
	copy(b, magic)
	b[len(magic)] = Format
	text := func(s string) { b = append(uvarint(b, uint32(len(s))), s...) }
	b = uvarint(b, uint32(len(e.Needs)))
	for _, n := range e.Needs {
		text(n.Module)
		text(n.File)
		b = append(flag(b, n.Loaded), byte(n.Place))
		b = append(b, n.Digest[:]...)
	}
	b = uvarint(b, uint32(len(e.Unit)))
	names := slices.Sorted(maps.Keys(e.Parts))
	b = uvarint(b, uint32(len(names)))
	for _, name := range names {
		text(name)
		b = uvarint(b, uint32(len(e.Parts[name])))
	}
	aligned := func(part []byte) {
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		b = append(b, part...)
	}
	aligned(e.Unit)
	for _, name := range names {
		aligned(e.Parts[name])
	}
	binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(b[headSize:], castagnoli))
	return b
}

// Put writes an entry. A folder that cannot be written is left alone from then
// on: a cache is no reason to fail.
func (d *Dir) Put(k Key, e *Entry) {
	if d.off {
		return
	}
	if err := d.put(d.file(k), e.bytes()); err != nil {
		d.off = !errors.Is(err, fs.ErrNotExist) // somebody may be removing it
		return
	}
	if !d.wrote {
		d.wrote = true
		d.prune(time.Now())
	}
}

func (d *Dir) put(name string, data []byte) error {
	dir := filepath.Dir(name)
	tmp, err := os.CreateTemp(dir, ".new-*")
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		tmp, err = os.CreateTemp(dir, ".new-*")
	}
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

const (
	// fresh is how long an entry's time is left as it is when the entry is used.
	fresh = 24 * time.Hour
	// keep is how long an entry stays that nobody uses.
	keep = 30 * 24 * time.Hour
	// most is how many bytes all entries may take.
	most = 1 << 30
)

// touch notes that an entry is in use.
func (d *Dir) touch(name string) {
	info, err := os.Stat(name)
	if now := time.Now(); err == nil && now.Sub(info.ModTime()) > fresh {
		_ = os.Chtimes(name, now, now)
	}
}

// prune removes, once a day, what nobody has used for long, and then the oldest
// entries while there are too many.
func (d *Dir) prune(now time.Time) {
	mark := filepath.Join(d.path, "pruned")
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()) < fresh {
		return
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return
	}
	type item struct {
		name string
		used time.Time
		size int64
	}
	var items []item
	total := int64(0)
	_ = filepath.WalkDir(d.path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || name == mark {
			return nil
		}
		if info, err := e.Info(); err == nil {
			items = append(items, item{name, info.ModTime(), info.Size()})
			total += info.Size()
		}
		return nil
	})
	slices.SortFunc(items, func(a, b item) int { return a.used.Compare(b.used) })
	for _, x := range items {
		if now.Sub(x.used) < keep && total <= most {
			break
		}
		if os.Remove(x.name) == nil {
			total -= x.size
		}
	}
}
