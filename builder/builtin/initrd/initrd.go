// Package initrd is the builder "builtin:initrd": it makes an initial RAM disk
// for Linux from a plan (see builder/builtin/tree).
//
// The derivation's environment has in the variable plan the store path of the
// plan's text. The output is a folder with the file initrd, a compressed cpio
// archive. An entry of kind kernel-modules puts modules with all that they
// need below /lib/modules/VERSION, decompressed, and their paths into the file
// /etc/modules, one a line, in the order in which to load them. Modules that
// are there only because another would like to have them (soft dependencies)
// are in that list too; a machine may lack what they are for, so a failure to
// load a module is no reason to stop.
package initrd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"fruix/builder/builtin"
	"fruix/builder/builtin/tree"
	"fruix/image/cpio"
	imagetree "fruix/image/tree"
)

// Names of files.
const (
	FileName = "initrd"       // in the output
	ListName = "/etc/modules" // in the archive: which modules to load
)

// Builtin returns the builder.
func Builtin() builtin.Builtin {
	return builtin.Builtin{Run: func(ctx context.Context, c *builtin.Call) error {
		env := func(name string) string { return c.Request.Env[name] }
		return Main(ctx, env, c.BuildDir, c.Log)
	}}
}

// Main makes an initrd. env looks up the variables of the builder's
// environment, dir is the folder with the reference graphs, and stderr takes
// messages for people. Store paths are read where they say they are.
func Main(ctx context.Context, env func(string) string, dir string, stderr io.Writer) error {
	file, out := env("plan"), env("out")
	if file == "" {
		return errors.New("the variable plan is not set: it names the file that says what to make")
	}
	if out == "" {
		return errors.New("the variable out is not set: it names the folder to make")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := tree.ParseInitrd(data)
	if err != nil {
		return err
	}
	sources, err := tree.ReadSources(dir, p)
	if err != nil {
		return err
	}
	root, err := Root(p, sources)
	if err != nil {
		return err
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	target := filepath.Join(out, FileName)
	raw, size, err := writeFile(ctx, target, root, p.Compression)
	if err != nil {
		os.Remove(target)
		return err
	}
	fmt.Fprintf(stderr, "%s: %d KiB, %d KiB as it is unpacked\n", FileName, size>>10, raw>>10)
	return nil
}

// Root makes the tree of an initrd. Entries of kernel modules are expanded here.
func Root(p *tree.InitrdPlan, s tree.Sources) (*imagetree.Node, error) {
	if s.Resolve == nil {
		s.Resolve = func(logical string) string { return logical }
	}
	x := &expander{resolve: s.Resolve, listed: make(map[string]bool)}
	s.Expand = x.expand
	return tree.Evaluate("initrd", p.Tree, s)
}

// expander turns entries of kernel modules into entries of files.
type expander struct {
	resolve func(string) string
	list    []string // paths in the archive, in the order of loading
	listed  map[string]bool
	written bool // an entry before made the list
}

func (x *expander) expand(e tree.Entry) ([]tree.Entry, error) {
	m, err := openModules(x.resolve(e.Source))
	if err != nil {
		return nil, err
	}
	files, err := m.resolve(e.Modules)
	if err != nil {
		return nil, err
	}
	var out []tree.Entry
	for _, rel := range files {
		at := path.Join(e.Path, path.Base(e.Source), uncompressedName(filepath.ToSlash(rel)))
		if x.listed[at] {
			continue // named by an entry before this one
		}
		x.listed[at] = true
		x.list = append(x.list, at)
		data, err := readModule(filepath.Join(m.dir, rel))
		if err != nil {
			return nil, err
		}
		out = append(out, file(at, string(data)))
	}
	list := file(ListName, strings.Join(append(x.list, ""), "\n"))
	list.Replace, x.written = x.written, true
	return append(out, list), nil
}

func file(at, text string) tree.Entry {
	return tree.Entry{Path: at, Kind: tree.File, Mode: 0o644, Time: tree.SourceTime, HasText: true, Text: text}
}

// uncompressedName takes off the extension of the compression.
func uncompressedName(rel string) string {
	for _, ext := range []string{".gz", ".xz", ".zst"} {
		rel = strings.TrimSuffix(rel, ext)
	}
	return rel
}

// writeFile writes the archive and returns its sizes, before compression and
// after.
func writeFile(ctx context.Context, file string, root *imagetree.Node, compression string) (raw, size int64, err error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	w, err := compressor(f, compression)
	if err != nil {
		return 0, 0, err
	}
	a, err := cpio.New(root)
	if err != nil {
		return 0, 0, err
	}
	if raw, err = a.WriteTo(stopper{ctx, w}); err != nil {
		return 0, 0, err
	}
	if err := w.Close(); err != nil {
		return 0, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return raw, info.Size(), f.Close()
}

// stopper ends a writing when its context is done.
type stopper struct {
	ctx context.Context
	w   io.Writer
}

func (s stopper) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}

// compressor wraps a writer. What it writes depends on the bytes alone: one
// thread, fixed levels, and no names or times in the headers.
func compressor(w io.Writer, compression string) (io.WriteCloser, error) {
	switch compression {
	case tree.Gzip:
		return gzip.NewWriterLevel(w, gzip.BestCompression)
	case tree.None:
		return plain{w}, nil
	}
	// The kernel takes windows of up to 128 MiB (lib/decompress_unzstd.c); it
	// allocates the window, and larger ones gain little on such archives.
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithWindowSize(4<<20), zstd.WithEncoderCRC(true))
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }
