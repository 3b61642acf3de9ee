// Package kmod loads Linux kernel modules with those they depend on. It reads
// the dependencies from the modules themselves (ELF section .modinfo), so it
// needs neither depmod's index nor libkmod.
package kmod

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Canonical is the name under which the kernel knows a module: underscores for
// hyphens, without directory and extension.
func Canonical(name string) string {
	name = filepath.Base(name)
	for _, ext := range []string{".zst", ".xz", ".gz", ".ko"} {
		name = strings.TrimSuffix(name, ext)
	}
	return strings.ReplaceAll(name, "-", "_")
}

// Index finds module files by canonical name.
type Index map[string]string

// NewIndex lists the modules below a directory such as /lib/modules/6.1.0,
// following no symbolic links but dir itself.
func NewIndex(dir string) (Index, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, fmt.Errorf("kernel modules: %w", err)
	}
	out := Index{}
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if !d.IsDir() && (strings.HasSuffix(base, ".ko") || strings.Contains(base, ".ko.")) {
			out[Canonical(base)] = path
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("kernel modules: %w", err)
	}
	return out, nil
}

// Read reads a module's file and decompresses it when its name says that it
// is compressed.
func Read(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r io.Reader
	switch filepath.Ext(file) {
	case ".ko":
		return raw, nil
	case ".gz":
		r, err = gzip.NewReader(bytes.NewReader(raw))
	case ".xz":
		r, err = xz.NewReader(bytes.NewReader(raw))
	case ".zst":
		d, e := zstd.NewReader(bytes.NewReader(raw), zstd.WithDecoderConcurrency(1))
		if e == nil {
			defer d.Close()
		}
		r, err = d, e
	default:
		return raw, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out, nil
}

// Info is what a module says of itself.
type Info struct {
	Depends []string // canonical names
	Soft    []string // to be loaded before, where they exist
	Aliases []string
}

// ReadInfo reads the .modinfo section of a module: strings "key=value", each
// ended by a zero byte.
func ReadInfo(module []byte) (info Info, err error) {
	// debug/elf may panic on hostile input.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not a kernel module: %v", r)
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return Info{}, fmt.Errorf("not a kernel module: %w", err)
	}
	s := f.Section(".modinfo")
	if s == nil {
		return Info{}, errors.New("not a kernel module: it has no section .modinfo")
	}
	data, err := s.Data()
	if err != nil {
		return Info{}, err
	}
	for _, entry := range strings.Split(string(data), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		switch key {
		case "depends":
			for _, d := range strings.Split(value, ",") {
				if d != "" {
					info.Depends = append(info.Depends, Canonical(d))
				}
			}
		case "softdep":
			info.Soft = append(info.Soft, softBefore(value)...)
		case "alias":
			info.Aliases = append(info.Aliases, value)
		}
	}
	return info, nil
}

// softBefore gives the modules after "pre:" in a soft dependency.
func softBefore(value string) []string {
	var out []string
	pre := false
	for _, w := range strings.Fields(value) {
		switch w {
		case "pre:":
			pre = true
		case "post:":
			pre = false
		default:
			if pre {
				out = append(out, Canonical(w))
			}
		}
	}
	return out
}

// Loader loads modules into the running kernel.
type Loader struct {
	Index Index
	// Insert puts a module into the kernel; file is where it came from, params
	// its parameters. An error that wraps fs.ErrExist means that it is there.
	Insert func(module []byte, file, params string) error
	// Loaded reports whether the kernel has a module, built in or not; nil
	// never does.
	Loaded func(name string) bool

	done map[string]bool
}

// Load loads a module after those that it depends on. One that is loaded
// already is left alone.
func (l *Loader) Load(name, params string) error { return l.load(Canonical(name), params, nil) }

func (l *Loader) load(name, params string, path []string) error {
	if l.done[name] || l.Loaded != nil && l.Loaded(name) {
		return nil
	}
	for _, p := range path {
		if p == name {
			return fmt.Errorf("kernel modules depend on one another in a circle: %s", strings.Join(append(path, name), " -> "))
		}
	}
	file, ok := l.Index[name]
	if !ok {
		if len(path) > 0 {
			return fmt.Errorf("kernel module %s, needed by %s, is not there", name, path[len(path)-1])
		}
		return fmt.Errorf("there is no kernel module %s", name)
	}
	module, err := Read(file)
	if err != nil {
		return fmt.Errorf("kernel module %s: %w", name, err)
	}
	info, err := ReadInfo(module)
	if err != nil {
		return fmt.Errorf("kernel module %s: %s: %w", name, file, err)
	}
	path = append(path, name)
	for _, s := range info.Soft {
		if _, ok := l.Index[s]; ok {
			// A soft dependency that fails is not missed.
			_ = l.load(s, "", path)
		}
	}
	for _, d := range info.Depends {
		if err := l.load(d, "", path); err != nil {
			return err
		}
	}
	if err := l.Insert(module, file, params); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("kernel module %s cannot be loaded: %w", name, err)
	}
	if l.done == nil {
		l.done = map[string]bool{}
	}
	l.done[name] = true
	return nil
}
