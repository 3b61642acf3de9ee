// Package fetch gets files by content: what enters is a hash (or any other
// test of a file) and places to look at; what leaves is a file that passes.
//
// Places are tried in order: folders of files that are already here, mirrors
// that serve files by their hash, then the locations given. A file that does
// not pass is thrown away, and the next place is tried; so the order, and what
// the places serve, change the time that it takes but never the result.
//
// Nothing here reads the environment: folders, proxies, mirrors and the
// programs of the host's package manager are parts of the [Client].
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/hash"
)

// A Fetcher gets a file from locations of one kind.
type Fetcher interface {
	// Fetch writes what is at the location to the file dst, which is empty,
	// and tells progress of bytes done and of the total, -1 when unknown.
	Fetch(ctx context.Context, location *url.URL, dst *os.File, progress func(done, total int64)) error
}

// Want says what is to be got.
type Want struct {
	Name      string   // of the file, to look for in folders
	Locations []string // URLs
	// Digest is of the file's bytes; its zero value means that only Accept
	// can tell.
	Digest hash.Digest
	// Accept is called with a file that has the Digest, as far as there is
	// one, and says whether it is right. It may be nil. It may move the file
	// away. An error sends the search on.
	Accept func(ctx context.Context, file string) error
	// Progress is told of bytes from a location; may be nil.
	Progress func(location string, done, total int64)
}

// Client gets files.
type Client struct {
	Fetchers map[string]Fetcher // by URL scheme
	// Mirrors are the places that "mirror://NAME/PATH" stands for; see
	// DefaultMirrors.
	Mirrors map[string][]string
	// Folders hold files that are already here, under their own name or under
	// their hash: "HEX", "ALGO-HEX", "ALGO/HEX" or the same with nix-base32.
	Folders []string
	// ByHash are templates of URLs of servers that keep files by hash, with
	// the words {algo}, {hex}, {base32} and {name}. They are tried first.
	ByHash []string
	// Archives are templates as in ByHash of public archives, which are tried
	// when nothing else has a file, with ArchiveFetcher, or the one of their
	// scheme when that is nil.
	Archives       []string
	ArchiveFetcher Fetcher
	// Side says which of all these places are looked at.
	Side Side
}

// On is the client that looks at the places of one side only.
func (c *Client) On(s Side) *Client {
	d := *c
	d.Side = s
	return &d
}

// An Attempt is one place that did not have the file.
type Attempt struct {
	Place   string
	Err     error
	Archive bool // the place is one of Client.Archives
}

// Error tells of every place that was tried.
type Error struct {
	Name     string
	Attempts []Attempt
}

func (e *Error) Error() string {
	if len(e.Attempts) == 0 {
		return fmt.Sprintf("cannot get %s: no place to look for it is known", e.Name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cannot get %s from any of %d places:", e.Name, len(e.Attempts))
	for _, a := range e.Attempts {
		fmt.Fprintf(&b, "\n  %s: %v", a.Place, a.Err)
	}
	return b.String()
}

// Unwrap returns the errors of the attempts.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// MismatchError is a file with another content than was wanted.
type MismatchError struct{ Want, Got hash.Digest }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("hash mismatch: expected %s (%s), got %s (%s)", e.Want, e.Want.SRI(), e.Got, e.Got.SRI())
}

// Get puts the wanted file at dst, where nothing may lie, and returns where it
// came from. When Accept has moved the file away, nothing lies at dst. The
// error is an [*Error], or the context's. Nothing is left behind by an error.
func (c *Client) Get(ctx context.Context, w Want, dst string) (string, error) {
	e := &Error{Name: w.Name}
	archive := false
	try := func(place string, get func(f *os.File) error) (bool, error) {
		err := c.attempt(ctx, w, dst, get)
		if err == nil {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		e.Attempts = append(e.Attempts, Attempt{Place: place, Err: err, Archive: archive})
		return false, nil
	}
	for _, file := range c.inFolders(w) {
		if ok, err := try(file, func(f *os.File) error { return copyFrom(OpenPlain, file, f) }); ok || err != nil {
			return file, err
		}
	}
	places := c.places(w)
	own := len(places)
	for _, place := range c.byHash(c.Archives, w) {
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	for i, location := range places {
		if archive = i >= own; !c.Side.Has(location) {
			continue
		}
		u, err := url.Parse(location)
		if err != nil {
			e.Attempts = append(e.Attempts, Attempt{Place: location, Err: fmt.Errorf("not a URL: %w", err)})
			continue
		}
		fetcher := c.Fetchers[u.Scheme]
		if archive && c.ArchiveFetcher != nil {
			fetcher = c.ArchiveFetcher
		}
		if fetcher == nil {
			e.Attempts = append(e.Attempts, Attempt{Place: location, Err: c.unknownScheme(u)})
			continue
		}
		progress := func(done, total int64) {
			if w.Progress != nil {
				w.Progress(location, done, total)
			}
		}
		progress(0, -1) // this one is being asked
		if ok, err := try(location, func(f *os.File) error { return fetcher.Fetch(ctx, u, f, progress) }); ok || err != nil {
			return location, err
		}
	}
	return "", e
}

func (c *Client) unknownScheme(u *url.URL) error {
	if u.Scheme == "mirror" {
		var names []string
		for n := range c.Mirrors {
			names = append(names, n)
		}
		slices.Sort(names)
		return fmt.Errorf("no mirrors are known under %q (known: %s)", u.Host, strings.Join(names, ", "))
	}
	var known []string
	for s := range c.Fetchers {
		known = append(known, s+"://")
	}
	slices.Sort(known)
	return fmt.Errorf("no way to fetch from %q is known (known: %s)", u.Scheme+"://", strings.Join(known, ", "))
}

// attempt gets the file from one place and checks it.
func (c *Client) attempt(ctx context.Context, w Want, dst string, get func(*os.File) error) (err error) {
	f, err := os.OpenFile(dst, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(dst)
		}
	}()
	err = get(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if w.Digest.Algo.Valid() {
		got, err := digestOf(dst, w.Digest.Algo)
		if err != nil {
			return err
		}
		if !got.Equal(w.Digest) {
			return &MismatchError{w.Digest, got}
		}
	}
	if w.Accept != nil {
		return w.Accept(ctx, dst)
	}
	return nil
}

// places lists locations, with mirrors spelled out, each once.
func (c *Client) places(w Want) []string {
	list := c.byHash(c.ByHash, w)
	for _, l := range w.Locations {
		list = append(list, c.expand(l)...)
	}
	var unique []string
	seen := map[string]bool{}
	for _, l := range list {
		if !seen[l] {
			seen[l] = true
			unique = append(unique, l)
		}
	}
	return unique
}

// byHash fills templates; there are none for a file whose hash nobody knows.
func (c *Client) byHash(templates []string, w Want) []string {
	if !w.Digest.Algo.Valid() {
		return nil
	}
	r := strings.NewReplacer("{algo}", w.Digest.Algo.String(), "{hex}", w.Digest.Hex(),
		"{base32}", w.Digest.Base32(), "{name}", url.PathEscape(w.Name))
	var list []string
	for _, t := range templates {
		list = append(list, r.Replace(t))
	}
	return list
}

// expand turns "mirror://NAME/PATH" into the URLs that it stands for.
func (c *Client) expand(location string) []string {
	rest, ok := strings.CutPrefix(location, "mirror://")
	if !ok {
		return []string{location}
	}
	name, file, _ := strings.Cut(rest, "/")
	bases := c.Mirrors[name]
	if len(bases) == 0 {
		return []string{location}
	}
	list := make([]string, len(bases))
	for i, b := range bases {
		list[i] = strings.TrimSuffix(b, "/") + "/" + file
	}
	return list
}

// Near are the folders of files that are already here, if those are looked at.
func (c *Client) Near() []string {
	if c.Side == Far {
		return nil
	}
	return c.Folders
}

// inFolders lists existing files that may be the wanted one.
func (c *Client) inFolders(w Want) []string {
	var names []string
	if w.Digest.Algo.Valid() {
		for _, d := range []string{w.Digest.Hex(), w.Digest.Base32()} {
			names = append(names, d, w.Digest.Algo.String()+"-"+d, filepath.Join(w.Digest.Algo.String(), d))
		}
	}
	names = append(names, w.Name)
	for _, l := range w.Locations {
		if u, err := url.Parse(l); err == nil {
			if file := query(u).Get("file"); file != "" {
				names = append(names, file)
			}
			names = append(names, path.Base(u.Path))
			if u.Scheme == "debian" {
				names = append(names, debNames(u)...)
			}
		}
	}
	var files []string
	for _, dir := range c.Near() {
		for _, n := range names {
			// A name from a derivation must not lead out of the folder.
			if n == "" || !filepath.IsLocal(n) || n == "." {
				continue
			}
			f := filepath.Join(dir, n)
			if fi, err := os.Stat(f); err == nil && fi.Mode().IsRegular() && !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files
}

// digestOf hashes a file.
func digestOf(name string, algo hash.Algo) (hash.Digest, error) {
	f, err := os.Open(name)
	if err != nil {
		return hash.Digest{}, err
	}
	defer f.Close()
	h := algo.New()
	if _, err := f.WriteTo(h); err != nil {
		return hash.Digest{}, err
	}
	return hash.Digest{Algo: algo, Sum: h.Sum(nil)}, nil
}

// copyFrom copies what a file of the host holds now.
func copyFrom(open func(name string) (*os.File, error), name string, dst *os.File) error {
	src, err := open(name)
	if err != nil {
		return err
	}
	defer src.Close()
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	// No more: somebody may be adding to it without end.
	_, err = dst.ReadFrom(io.LimitReader(src, fi.Size()))
	return err
}

// OpenPlain opens a file for reading, without waiting for who writes to a named pipe.
func OpenPlain(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// File fetches file:// locations.
type File struct {
	// Open opens a file; nil opens all that this process may read. See OpenPublic.
	Open func(name string) (*os.File, error)
}

// Fetch implements Fetcher.
func (l File) Fetch(_ context.Context, u *url.URL, dst *os.File, _ func(int64, int64)) error {
	if u.Host != "" && u.Host != "localhost" {
		return fmt.Errorf("a file on another machine (%s) cannot be read", u.Host)
	}
	if l.Open == nil {
		l.Open = OpenPlain
	}
	return copyFrom(l.Open, u.Path, dst)
}
