package initrd

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxModule bounds a kernel module, decompressed; real ones have a few MiB.
const maxModule = 256 << 20

// extensions of module files; the kernel's build compresses them on request.
var extensions = []string{".ko", ".ko.gz", ".ko.xz", ".ko.zst"}

// info is what a module says about itself.
type info struct {
	depends []string // names of the modules whose symbols it uses
	pre     []string // names or aliases to be loaded before it, if there are any
	post    []string // likewise, after it
	aliases []string
}

// moduleName returns the name of the module in a file, and whether the file is
// one. In names dashes and underscores are the same; the kernel's own writing
// has underscores (modprobe(8)).
func moduleName(file string) (string, bool) {
	for _, ext := range extensions {
		if base, ok := strings.CutSuffix(file, ext); ok && base != "" {
			return canonical(base), true
		}
	}
	return "", false
}

func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// readModule reads a module's file and decompresses it.
func readModule(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := decompress(f, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return data, nil
}

func decompress(r io.Reader, file string) ([]byte, error) {
	switch {
	case strings.HasSuffix(file, ".gz"):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case strings.HasSuffix(file, ".xz"):
		z, err := xz.NewReader(r, xz.DefaultDictMax)
		if err != nil {
			return nil, err
		}
		r = z
	case strings.HasSuffix(file, ".zst"):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxModule))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	}
	data, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err == nil && len(data) > maxModule {
		err = fmt.Errorf("has more than %d bytes", maxModule)
	}
	return data, err
}

// readInfo reads what the module in a file says about itself. Of plain files
// only the few pages are read that hold it.
func readInfo(file string) (*info, error) {
	if strings.HasSuffix(file, ".ko") {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		i, err := parseModule(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return i, nil
	}
	data, err := readModule(file)
	if err != nil {
		return nil, err
	}
	i, err := parseModule(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return i, nil
}

// parseModule reads the section .modinfo of an ELF object: words KEY=VALUE,
// each ended by a NUL (Linux, include/linux/moduleparam.h, __MODULE_INFO).
func parseModule(r io.ReaderAt) (*info, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("is no kernel module: %w", err)
	}
	s := f.Section(".modinfo")
	if s == nil {
		return nil, errors.New("is no kernel module: it has no section .modinfo")
	}
	const most = 1 << 24
	if s.Size > most || s.FileSize > most {
		return nil, errors.New("is no kernel module: its section .modinfo is too large")
	}
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("its section .modinfo: %w", err)
	}
	return parseInfo(data), nil
}

func parseInfo(data []byte) *info {
	i := new(info)
	for word := range bytes.SplitSeq(data, []byte{0}) {
		key, value, ok := strings.Cut(string(word), "=")
		if !ok {
			continue
		}
		switch key {
		case "depends":
			for name := range strings.SplitSeq(value, ",") {
				if name != "" {
					i.depends = append(i.depends, name)
				}
			}
		case "softdep":
			i.soft(value)
		case "alias":
			i.aliases = append(i.aliases, value)
		}
	}
	return i
}

// soft reads a soft dependency: "pre: NAME… post: NAME…" (modprobe.d(5)).
func (i *info) soft(value string) {
	var list *[]string
	for word := range strings.FieldsSeq(value) {
		switch {
		case word == "pre:":
			list = &i.pre
		case word == "post:":
			list = &i.post
		case list != nil:
			*list = append(*list, word)
		}
	}
}
