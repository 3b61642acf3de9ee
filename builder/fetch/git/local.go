package git

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"
)

// local is a repository on this machine, gitrepository-layout(5).
type local struct {
	dir, common string // the folder of HEAD; that of refs and objects
	idSize      int
	maxObject   int64
	folders     []string // of objects, alternates included
	packs       []*pack
	lazy        bool // packs are opened when something of them is wanted
	files       []*os.File
	open        func(name string) (*os.File, error)
}

// maxText bounds the files of a repository that are text.
const maxText = 256 << 20

// readFile reads a file that is text.
func (l *local) readFile(name string) ([]byte, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(err, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid})
	}
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(text) > maxText {
		err = &LimitError{fmt.Sprintf("%s has more bytes", name), fmt.Sprint(maxText)}
	}
	return text, err
}

// openLocal opens the repository at dir, bare or with files; open opens its files.
func openLocal(dir string, maxObject int64, open func(name string) (*os.File, error)) (*local, error) {
	l := &local{idSize: 20, maxObject: maxObject, open: open}
	var missing error // of the places that were looked at
	for _, d := range []string{filepath.Join(dir, ".git"), dir, dir + ".git"} {
		text, err := l.readFile(d)
		if err == nil {
			target, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
			if !ok {
				continue
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(d), target)
			}
			d = target
		}
		_, err = l.readFile(filepath.Join(d, "HEAD"))
		if err == nil {
			l.dir = d
			break
		}
		if missing == nil || !errors.Is(err, fs.ErrNotExist) {
			missing = err
		}
	}
	if l.dir == "" {
		if !errors.Is(missing, fs.ErrNotExist) && missing != nil {
			return nil, missing
		}
		if _, err := os.Stat(dir); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s is no git repository", dir)
	}
	l.common = l.dir
	if text, err := l.readFile(filepath.Join(l.dir, "commondir")); err == nil {
		if l.common = strings.TrimSpace(string(text)); !filepath.IsAbs(l.common) {
			l.common = filepath.Join(l.dir, l.common)
		}
	}
	if err := l.readConfig(); err != nil {
		return nil, err
	}
	if err := l.addFolder(filepath.Join(l.common, "objects"), 0); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *local) readConfig() error {
	text, err := l.readFile(filepath.Join(l.common, "config"))
	if err != nil {
		return nil // an old repository may do without
	}
	for line := range strings.Lines(strings.ToLower(string(text))) {
		key, value, _ := strings.Cut(line, "=")
		switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); key {
		case "objectformat":
			switch value {
			case "sha1":
			case "sha256":
				l.idSize = 32
			default:
				return fmt.Errorf("%s: the format of objects %q is not known", l.common, value)
			}
		case "refstorage":
			if value != "files" {
				return fmt.Errorf("%s: the format of references %q is not known", l.common, value)
			}
		}
	}
	return nil
}

// addFolder adds a folder of objects and those that it names.
func (l *local) addFolder(dir string, depth int) error {
	if depth > 5 { // as git
		return errors.New("alternates name alternates without end")
	}
	l.folders = append(l.folders, dir)
	indexes, err := filepath.Glob(filepath.Join(dir, "pack", "*.idx"))
	if err != nil {
		return err
	}
	for _, name := range indexes {
		if err := l.addPack(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := l.readFile(filepath.Join(dir, "info", "alternates"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		other := strings.TrimSpace(line)
		if other == "" || other[0] == '#' {
			continue
		}
		if !filepath.IsAbs(other) {
			other = filepath.Join(dir, other)
		}
		if err := l.addFolder(other, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (l *local) addPack(index string) error {
	x, err := l.open(index)
	if err != nil {
		return err
	}
	l.files = append(l.files, x)
	find, err := packIndex(x, l.idSize)
	if err != nil {
		return err
	}
	p := &pack{idSize: l.idSize, maxObject: l.maxObject, find: find}
	p.open = func() (io.ReaderAt, int64, error) { return l.openPack(strings.TrimSuffix(index, ".idx") + ".pack") }
	if !l.lazy {
		if p.f, p.size, err = p.open(); err != nil {
			return err
		}
	}
	l.packs = append(l.packs, p)
	return nil
}

func (l *local) openPack(name string) (io.ReaderAt, int64, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	l.files = append(l.files, f)
	return f, info.Size(), nil
}

// packIndex looks objects up in the index of a pack, of version 2.
func packIndex(x io.ReaderAt, idSize int) (func(id) (int64, bool, error), error) {
	var start [8 + 256*4]byte
	if _, err := x.ReadAt(start[:], 0); err != nil {
		return nil, early(err)
	}
	if string(start[:8]) != "\xfftOc\x00\x00\x00\x02" {
		return nil, errors.New("the index is not of version 2; \"git repack\" makes it so")
	}
	fan := func(i int) int64 { return int64(binary.BigEndian.Uint32(start[8+4*i:])) }
	count := fan(255)
	names := int64(len(start))
	small := names + count*int64(idSize) + count*4
	large := small + count*4
	return func(want id) (int64, bool, error) {
		first := int64(0)
		if want[0] > 0 {
			first = fan(int(want[0]) - 1)
		}
		n := fan(int(want[0])) - first
		if n < 0 {
			return 0, false, errors.New("the index of a pack is damaged")
		}
		var failed error
		name := make([]byte, idSize)
		read := func(b []byte, at int64) {
			if _, err := x.ReadAt(b, at); err != nil && failed == nil {
				failed = early(err)
			}
		}
		at := first + int64(sort.Search(int(n), func(i int) bool {
			read(name, names+(first+int64(i))*int64(idSize))
			return string(name) >= string(want)
		}))
		if at >= first+n {
			return 0, false, failed
		}
		read(name, names+at*int64(idSize))
		if string(name) != string(want) {
			return 0, false, failed
		}
		var b [8]byte
		read(b[:4], small+at*4)
		offset := int64(binary.BigEndian.Uint32(b[:4]))
		if offset&(1<<31) != 0 {
			read(b[:], large+(offset&^(1<<31))*8)
			offset = int64(binary.BigEndian.Uint64(b[:]))
		}
		return offset, failed == nil, failed
	}, nil
}

func (l *local) close() {
	for _, f := range l.files {
		f.Close()
	}
}

func (l *local) object(i id) (kind, []byte, error) {
	if len(i) != l.idSize {
		return 0, nil, fmt.Errorf("%w %v", errAbsent, i)
	}
	// What is in a pack need not be asked for: whose files are elsewhere has the indexes here.
	for _, p := range l.packs {
		k, data, err := p.object(i)
		if errors.Is(err, errAbsent) {
			continue
		}
		return l.checked(i, k, data, err)
	}
	hex := i.String()
	for _, dir := range l.folders {
		f, err := l.open(filepath.Join(dir, hex[:2], hex[2:]))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		k, data, err := l.loose(f)
		f.Close()
		return l.checked(i, k, data, err)
	}
	return 0, nil, fmt.Errorf("%w %v", errAbsent, i)
}

// checked compares an object with its name.
func (l *local) checked(i id, k kind, data []byte, err error) (kind, []byte, error) {
	if err == nil && nameOf(k, data, l.idSize) != i {
		err = errors.New("it is damaged")
	}
	if err != nil {
		return 0, nil, fmt.Errorf("the object %v: %w", i, err)
	}
	return k, data, nil
}

// loose reads an object that is a file of its own.
func (l *local) loose(f io.Reader) (kind, []byte, error) {
	z, err := zlib.NewReader(bufio.NewReader(f))
	if err != nil {
		return 0, nil, early(err)
	}
	data, err := io.ReadAll(io.LimitReader(z, l.maxObject+64))
	if err != nil {
		return 0, nil, early(err)
	}
	start, body, ok := bytes.Cut(data, []byte{0})
	word, number, _ := strings.Cut(string(start), " ")
	k, known := parseKind(word)
	size, err := strconv.ParseInt(number, 10, 64)
	switch {
	case !ok || !known || err != nil:
		return 0, nil, errors.New("it is damaged")
	case size > l.maxObject:
		return 0, nil, &LimitError{fmt.Sprintf("an object has %d bytes", size), fmt.Sprint(l.maxObject)}
	case size != int64(len(body)):
		return 0, nil, errors.New("it is damaged")
	}
	return k, body, nil
}

// refs lists all references.
func (l *local) refs() ([]ref, error) {
	known := map[string]id{}
	if text, err := l.readFile(filepath.Join(l.common, "packed-refs")); err == nil {
		for line := range strings.Lines(string(text)) {
			hex, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if i, good := parseID(hex); ok && good {
				known[name] = i
			}
		}
	}
	symbolic := map[string]string{}
	read := func(base, name string) error {
		text, err := l.readFile(filepath.Join(base, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		s := strings.TrimSpace(string(text))
		if target, ok := strings.CutPrefix(s, "ref:"); ok {
			symbolic[name] = strings.TrimSpace(target)
		} else if i, ok := parseID(s); ok {
			known[name] = i
		}
		return nil
	}
	top := filepath.Join(l.common, "refs")
	err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(l.common, file)
		if err != nil {
			return err
		}
		return read(l.common, filepath.ToSlash(name))
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := read(l.dir, "HEAD"); err != nil {
		return nil, err
	}
	for name, target := range symbolic {
		if i, ok := known[target]; ok {
			known[name] = i
		}
	}
	var list []ref
	for name, i := range known {
		list = append(list, ref{name, i})
	}
	return list, nil
}
