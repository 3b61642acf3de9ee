// Package narinfo reads, writes, signs and checks what a binary cache tells of a
// store object: Nix's format "narinfo" (Nix manual, "HTTP Binary Cache Store";
// the fingerprint that is signed stands in its libstore/path-info).
//
// A narinfo is lines of "Key: value". Guix's have another kind of signature, which is
// read, checked and written here, too. What enters and leaves here is plain data;
// fetching and the archive itself are the caller's.
package narinfo

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"fruix/store/hash"
	"fruix/store/path"
)

// Info is one narinfo. Paths are full logical ones.
type Info struct {
	Path        string
	URL         string // of the archive, relative to the cache
	Compression string // of the archive: "none", "zstd", "xz", "lzip", "gzip", "bzip2"; "" means "bzip2"
	FileHash    hash.Digest
	FileSize    int64 // of the compressed archive, 0 when unknown
	NarHash     hash.Digest
	NarSize     int64
	References  []string
	Deriver     string // "" when unknown
	CA          string // content address, "" when none
	Signatures  []Signature

	guix *guixSignature // Guix's signature; nil when there is none
}

// archive is one of the forms in which a cache has an archive. A narinfo of Guix may
// offer several.
type archive struct {
	url, compression string
	fileHash         hash.Digest
	fileSize         int64
}

// archives are fields that may come several times, in the order of the forms.
type archives struct {
	urls, compressions []string
	hashes             []hash.Digest
	sizes              []int64
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
	var forms archives
	offset := 0 // of the line
	for n, line := range strings.Split(string(text), "\n") {
		above := text[:offset]
		offset += len(line) + 1
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, &FormatError{n + 1, "no key"}
		}
		value = strings.TrimSpace(value)
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, &FormatError{n + 1, "a character that cannot be seen"} // it would be shown to people
		}
		if ok, err := forms.set(key, value); ok || err != nil {
			if err != nil {
				return nil, &FormatError{n + 1, err.Error()}
			}
			seen[key] = true
			continue
		}
		if key != "Sig" && seen[key] {
			return nil, &FormatError{n + 1, key + " comes twice"}
		}
		seen[key] = true
		if key == signatureField {
			i.guix = signedAbove(i, value, above, seen)
			continue
		}
		if err := i.set(storeDir, key, value); err != nil {
			return nil, &FormatError{n + 1, err.Error()}
		}
	}
	for _, key := range []string{"StorePath", "URL", "NarHash", "NarSize"} {
		if !seen[key] {
			return nil, &FormatError{Msg: key + " is missing"}
		}
	}
	best, err := forms.best()
	if err != nil {
		return nil, &FormatError{Msg: err.Error()}
	}
	i.URL, i.Compression, i.FileHash, i.FileSize = best.url, best.compression, best.fileHash, best.fileSize
	return i, nil
}

// signedAbove is Guix's signature of what has been read so far.
func signedAbove(i *Info, value string, above []byte, seen map[string]bool) *guixSignature {
	g := parseGuixSignature(value)
	if g == nil {
		return nil
	}
	g.sum = sha256.Sum256(above)
	if seen["StorePath"] && seen["NarHash"] && seen["References"] {
		signed := *i
		g.signed = &signed
	}
	return g
}

// set takes a field that may come several times; ok says whether it is one.
func (a *archives) set(key, value string) (ok bool, err error) {
	switch key {
	case "URL":
		if value == "" {
			err = errors.New("the URL is empty")
		}
		a.urls = append(a.urls, value)
	case "Compression":
		a.compressions = append(a.compressions, value)
	case "FileHash":
		var d hash.Digest
		d, err = hash.Parse(value, 0)
		a.hashes = append(a.hashes, d)
	case "FileSize":
		var n int64
		n, err = size(value)
		a.sizes = append(a.sizes, n)
	default:
		return false, nil
	}
	return true, err
}

// preferred are compressions, those that are soonest undone first.
var preferred = []string{"zstd", "none", "gzip", "xz", "lzip", "bzip2", ""}

// best is the form to fetch.
func (a *archives) best() (archive, error) {
	if n := len(a.urls); n > 1 && len(a.compressions) != n {
		return archive{}, fmt.Errorf("%d URLs, but %d compressions", n, len(a.compressions))
	}
	for _, n := range []int{len(a.compressions), len(a.hashes), len(a.sizes)} {
		if n > len(a.urls) {
			return archive{}, errors.New("a field comes more often than the URL")
		}
	}
	rank := func(n int) int {
		if at := slices.Index(preferred, a.compressions[n]); at >= 0 {
			return at
		}
		return len(preferred)
	}
	best := 0
	for n := range a.compressions {
		if rank(n) < rank(best) {
			best = n
		}
	}
	form := archive{url: a.urls[best]}
	if len(a.compressions) > 0 {
		form.compression = a.compressions[best]
	}
	// Where some are missing nobody knows which.
	if len(a.hashes) == len(a.urls) {
		form.fileHash = a.hashes[best]
	}
	if len(a.sizes) == len(a.urls) {
		form.fileSize = a.sizes[best]
	}
	return form, nil
}

func (i *Info) set(storeDir, key, value string) (err error) {
	switch key {
	case "StorePath":
		_, err = path.Parse(storeDir, value)
		i.Path = value
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

// String is the text of the narinfo. What signatures are about stands first, as Guix
// has it.
func (i *Info) String() string {
	var b strings.Builder
	b.WriteString(i.signedText())
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	if i.guix != nil && i.guix.sum == sha256.Sum256([]byte(i.signedText())) {
		line(signatureField, i.guix.line())
	}
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
	for _, s := range i.Signatures {
		line("Sig", s.String())
	}
	return b.String()
}

// signedText are the lines that Guix's signature is about.
func (i *Info) signedText() string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	line("StorePath", i.Path)
	line("NarHash", i.NarHash.String())
	line("NarSize", strconv.FormatInt(i.NarSize, 10))
	line("References", strings.Join(bases(i.References), " "))
	if i.Deriver != "" {
		line("Deriver", bases([]string{i.Deriver})[0])
	}
	if i.CA != "" {
		line("CA", i.CA)
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
