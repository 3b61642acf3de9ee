// Package narinfo reads, writes, signs and checks what a binary cache tells of a
// store object: Nix's format "narinfo" (Nix manual, "HTTP Binary Cache Store";
// the fingerprint that is signed stands in its libstore/path-info).
//
// A narinfo is lines of "Key: value". What enters and leaves here is plain data;
// fetching and the archive itself are the caller's.
package narinfo

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fruix/store/hash"
	"fruix/store/path"
)

// Info is one narinfo. Paths are full logical ones.
type Info struct {
	Path        string
	URL         string // of the archive, relative to the cache
	Compression string // of the archive: "none", "zstd", "xz", "gzip", "bzip2"; "" means "bzip2"
	FileHash    hash.Digest
	FileSize    int64 // of the compressed archive, 0 when unknown
	NarHash     hash.Digest
	NarSize     int64
	References  []string
	Deriver     string // "" when unknown
	CA          string // content address, "" when none
	Signatures  []Signature
}

// FormatError says what is wrong with a narinfo.
type FormatError struct {
	Line int // 0 when it is about the whole
	Msg  string
}

func (e *FormatError) Error() string {
	if e.Line == 0 {
		return "bad narinfo: " + e.Msg
	}
	return fmt.Sprintf("bad narinfo, line %d: %s", e.Line, e.Msg)
}

// MaxSize bounds the text of a narinfo, in bytes.
const MaxSize = 4 << 20

// Parse reads the narinfo of an object of the store storeDir. Keys that are not
// known are passed over, as they may come to be.
func Parse(storeDir string, text []byte) (*Info, error) {
	if len(text) > MaxSize {
		return nil, &FormatError{Msg: fmt.Sprintf("%d bytes are too many", len(text))}
	}
	i := &Info{}
	seen := map[string]bool{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, &FormatError{n + 1, "no key"}
		}
		value = strings.TrimSpace(value)
		if key != "Sig" && seen[key] {
			return nil, &FormatError{n + 1, key + " comes twice"}
		}
		seen[key] = true
		if err := i.set(storeDir, key, value); err != nil {
			return nil, &FormatError{n + 1, err.Error()}
		}
	}
	for _, key := range []string{"StorePath", "URL", "NarHash", "NarSize"} {
		if !seen[key] {
			return nil, &FormatError{Msg: key + " is missing"}
		}
	}
	return i, nil
}

func (i *Info) set(storeDir, key, value string) (err error) {
	switch key {
	case "StorePath":
		_, err = path.Parse(storeDir, value)
		i.Path = value
	case "URL":
		if value == "" {
			return errors.New("the URL is empty")
		}
		i.URL = value
	case "Compression":
		i.Compression = value
	case "FileHash":
		i.FileHash, err = hash.Parse(value, 0)
	case "FileSize":
		i.FileSize, err = size(value)
	case "NarHash":
		if i.NarHash, err = hash.Parse(value, 0); err == nil && i.NarHash.Algo != hash.SHA256 {
			err = errors.New("the hash of the archive is not a SHA-256")
		}
	case "NarSize":
		i.NarSize, err = size(value)
	case "References":
		for _, base := range strings.Fields(value) {
			if _, err := path.ParseBase(base); err != nil {
				return err
			}
			i.References = append(i.References, storeDir+"/"+base)
		}
	case "Deriver":
		if value == "" || value == "unknown-deriver" {
			return nil
		}
		if _, err := path.ParseBase(value); err != nil {
			return err
		}
		i.Deriver = storeDir + "/" + value
	case "CA":
		i.CA = value
	case "Sig":
		var s Signature
		s, err = ParseSignature(value)
		i.Signatures = append(i.Signatures, s)
	}
	return err
}

func size(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return n, nil
}

// String is the text of the narinfo.
func (i *Info) String() string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	line("StorePath", i.Path)
	line("URL", i.URL)
	if i.Compression != "" {
		line("Compression", i.Compression)
	}
	if i.FileHash.Algo != 0 {
		line("FileHash", i.FileHash.String())
	}
	if i.FileSize > 0 {
		line("FileSize", strconv.FormatInt(i.FileSize, 10))
	}
	line("NarHash", i.NarHash.String())
	line("NarSize", strconv.FormatInt(i.NarSize, 10))
	line("References", strings.Join(bases(i.References), " "))
	if i.Deriver != "" {
		line("Deriver", bases([]string{i.Deriver})[0])
	}
	if i.CA != "" {
		line("CA", i.CA)
	}
	for _, s := range i.Signatures {
		line("Sig", s.String())
	}
	return b.String()
}

func bases(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = p[strings.LastIndexByte(p, '/')+1:]
	}
	return out
}

// Fingerprint is the text that is signed: it binds the path to the bytes of the
// archive and to the references.
func (i *Info) Fingerprint() string {
	refs := slices.Clone(i.References)
	slices.Sort(refs)
	return fmt.Sprintf("1;%s;%s;%d;%s", i.Path, i.NarHash, i.NarSize, strings.Join(refs, ","))
}
