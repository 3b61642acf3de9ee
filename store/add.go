package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/path"
)

// Text is a text file that is to be added, or a derivation; [NewText] makes it.
type Text struct {
	Path       string // full logical path, which follows from the rest
	Name       string
	Content    []byte
	References []string          // full logical paths
	outputs    map[string]string // of a derivation: output name -> base name
}

// NewText returns the text called name that refers to refs, of the store
// directory dir. One whose name ends in ".drv" must be a derivation that keeps to
// the rules; it is returned, too. hasher knows or finds the derivations that it
// uses, and learns of it.
func NewText(dir, name string, content []byte, refs []string, hasher *drv.Hasher) (Text, *drv.Derivation, error) {
	t := Text{Name: name, Content: content, References: refs}
	parsed := make([]path.Path, len(refs))
	for i, r := range refs {
		q, err := path.Parse(dir, r)
		if err != nil {
			return t, nil, fmt.Errorf("a reference of the text %q: %w", name, err)
		}
		parsed[i] = q
	}
	q, err := path.MakeText(dir, name, content, parsed)
	if err != nil {
		return t, nil, err
	}
	t.Path = q.In(dir)
	if !strings.HasSuffix(name, drvSuffix) {
		return t, nil, nil
	}
	d, err := readDerivation(dir, t.Path, content, refs, hasher)
	if err != nil {
		return t, nil, err
	}
	if t.outputs, err = outputBases(dir, d); err != nil {
		return t, nil, err
	}
	return t, d, hasher.Add(t.Path, d)
}

// AddText adds a file with the given content that refers to refs, which must be
// valid, and returns its path. When it is there already, nothing is done.
func (s *Store) AddText(ctx context.Context, name string, content []byte, refs []string) (string, error) {
	b := s.NewBatch()
	p, err := b.AddText(name, content, refs)
	if err != nil {
		return "", err
	}
	return p, b.Flush(ctx)
}

// AddTexts makes texts valid. What they refer to must be valid, or stand before
// them. So many of them at a time, most often all, become valid in one transaction.
func (s *Store) AddTexts(ctx context.Context, texts []Text) error {
	missing, err := s.missing(ctx, texts)
	if err != nil {
		return err
	}
	// Each is locked by an open file, of which a process may not have any number.
	for part := range slices.Chunk(missing, atOnce(textsAtOnce)) {
		if err := s.addTexts(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// textsAtOnce is how many texts become valid in one transaction.
const textsAtOnce = 2000

func (s *Store) addTexts(ctx context.Context, missing []Text) error {
	paths := make([]string, len(missing))
	for i, t := range missing {
		paths[i] = t.Path
	}
	lock, err := s.LockOutputs(ctx, paths)
	if err != nil {
		return err
	}
	defer lock.Release()
	// Somebody else may have added some while we waited.
	if missing, err = s.missing(ctx, missing); err != nil || len(missing) == 0 {
		return err
	}
	items := make([]item, 0, len(missing))
	first, err := s.roomy(ctx, missing[0].Name)
	if err != nil {
		return err
	}
	defer s.Discard(first)
	for _, t := range missing {
		place := filepath.Join(filepath.Dir(first), filepath.Base(t.Path)) // one directory serves them all
		it, err := s.writeText(place, t)
		if err != nil {
			return s.explain("add "+t.Path, err)
		}
		items = append(items, it)
	}
	return s.install(ctx, items)
}

// missing returns those of texts that are not valid, each once.
func (s *Store) missing(ctx context.Context, texts []Text) ([]Text, error) {
	bases := make([]string, len(texts))
	for i, t := range texts {
		q, err := s.parse(t.Path)
		if err != nil {
			return nil, err
		}
		bases[i] = q.Base()
	}
	absent, err := s.absent(ctx, bases)
	if err != nil {
		return nil, err
	}
	var out []Text
	for i, t := range texts {
		if absent[bases[i]] {
			delete(absent, bases[i])
			out = append(out, t)
		}
	}
	return out, nil
}

// absent returns those of bases that are not valid. All of them are protected.
func (s *Store) absent(ctx context.Context, bases []string) (map[string]bool, error) {
	if len(bases) == 0 {
		return nil, nil
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	valid, err := d.ValidOf(ctx, bases)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(bases))
	for _, b := range bases {
		out[b] = true
	}
	for _, b := range valid {
		delete(out, b)
	}
	return out, nil
}

// writeText writes t to place.
func (s *Store) writeText(place string, t Text) (item, error) {
	m := s.measurement(false, hash.SHA256, nil)
	err := m.flat(context.Background(), bytes.NewReader(t.Content), place, int64(len(t.Content)), place, s.owner)
	if err != nil {
		return item{}, err
	}
	refs, err := s.bases(t.References)
	if err != nil {
		return item{}, err
	}
	return item{temp: place, nodes: 1, share: m.share, object: db.Object{
		Path: filepath.Base(t.Path), NarHash: m.nar.Sum(nil), NarSize: m.size, References: refs,
		Registered: s.c.Now(), CA: "text:" + m.fixed().String(), Outputs: t.outputs,
	}}, nil
}

// AddOptions says how [Store.AddPath] takes something from the host.
type AddOptions struct {
	// Recursive adds whatever lies at the path, by the hash of its archive.
	// Otherwise it must be a regular file (links are followed); it is added
	// by the hash of its bytes and is not executable.
	Recursive bool
	// Algo is the hash; 0 means SHA-256.
	Algo hash.Algo
	// Filter decides which entries of a tree are taken; see [tree.Options].
	Filter func(rel string) bool
	// References are objects that the content refers to; only for a recursive
	// SHA-256.
	References []string
}

// AddPath copies a file or tree of the host into the store and returns its
// path. When the same content is there under this name, it is only read.
func (s *Store) AddPath(ctx context.Context, name, hostPath string, o AddOptions) (string, error) {
	a, err := s.adder(name, o)
	if err != nil {
		return "", err
	}
	d, err := s.database(ctx)
	if err != nil {
		return "", err
	}
	// A tree that has been added under this name before is probably still the
	// same: then reading it is enough. Otherwise it is copied while it is read.
	again, err := d.HasName(ctx, name)
	if err != nil {
		return "", err
	}
	if again {
		p, err := a.pathOf(ctx, hostPath, o)
		if err != nil {
			return "", s.explain("add "+hostPath, err)
		}
		if valid, err := s.IsValid(ctx, p); err != nil || valid {
			return p, err
		}
	}
	return a.copy(ctx, func(m *measurement, place string) error {
		return m.read(ctx, hostPath, o.Filter, place, s.owner)
	})
}

// AddNAR unpacks the archive that r holds and adds the tree as AddPath does
// with Recursive. refs are what it refers to; only for SHA-256.
func (s *Store) AddNAR(ctx context.Context, name string, r io.Reader, algo hash.Algo, refs []string) (string, error) {
	a, err := s.adder(name, AddOptions{Recursive: true, Algo: algo, References: refs})
	if err != nil {
		return "", err
	}
	return a.copy(ctx, func(m *measurement, place string) error {
		return m.unpack(ctx, r, place, s.owner)
	})
}

// AddFlat adds a file of the given size, which r holds, by the hash of its bytes.
func (s *Store) AddFlat(ctx context.Context, name string, r io.Reader, size int64, algo hash.Algo) (string, error) {
	a, err := s.adder(name, AddOptions{Algo: algo})
	if err != nil {
		return "", err
	}
	return a.copy(ctx, func(m *measurement, place string) error {
		m.nodes = 1
		return m.flat(ctx, r, name, size, place, s.owner)
	})
}

// PathOf returns the path that a file or tree of the host would get in the store
// directory dir, reading it.
func PathOf(ctx context.Context, dir, name, hostPath string, o AddOptions) (string, error) {
	a, err := newAdder(dir, name, o)
	if err != nil {
		return "", err
	}
	return a.pathOf(ctx, hostPath, o)
}

// adder adds content by its hash.
type adder struct {
	s         *Store
	dir, name string
	recursive bool
	algo      hash.Algo
	refs      []path.Path
	refBases  []string
}

func (s *Store) adder(name string, o AddOptions) (*adder, error) {
	a, err := newAdder(s.c.StoreDir, name, o)
	if err != nil {
		return nil, err
	}
	a.s = s
	return a, nil
}

func newAdder(dir, name string, o AddOptions) (*adder, error) {
	a := &adder{dir: dir, name: name, recursive: o.Recursive, algo: o.Algo}
	if a.algo == 0 {
		a.algo = hash.SHA256
	}
	if !a.algo.Valid() {
		return nil, fmt.Errorf("adding %q: %v is no hash algorithm", name, a.algo)
	}
	for _, r := range o.References {
		q, err := path.Parse(dir, r)
		if err != nil {
			return nil, err
		}
		a.refs, a.refBases = append(a.refs, q), append(a.refBases, q.Base())
	}
	return a, path.CheckName(name) // before a large tree is read in vain
}

func (a *adder) measure() *measurement { return a.s.measurement(a.recursive, a.algo, nil) }

// path returns the path of what was measured.
func (a *adder) path(m *measurement) (path.Path, error) {
	return path.MakeFixed(a.dir, a.name, a.recursive, a.algo, m.fixed().Sum, a.refs)
}

// pathOf returns the path of what lies at hostPath.
func (a *adder) pathOf(ctx context.Context, hostPath string, o AddOptions) (string, error) {
	m := newMeasurement(a.recursive, a.algo, nil) // nothing arrives
	if err := m.read(ctx, hostPath, o.Filter, "", nil); err != nil {
		return "", err
	}
	p, err := a.path(m)
	return p.In(a.dir), err
}

// copy lets fill make the object in a temporary place, and installs it.
func (a *adder) copy(ctx context.Context, fill func(m *measurement, place string) error) (string, error) {
	s := a.s
	place, err := s.roomy(ctx, a.name)
	if err != nil {
		return "", err
	}
	defer s.Discard(place)
	m := a.measure()
	if err := fill(m, place); err != nil {
		return "", s.explain("add "+a.name, err)
	}
	q, err := a.path(m)
	if err != nil {
		return "", err
	}
	p := q.In(s.c.StoreDir)
	lock, err := s.LockOutputs(ctx, []string{p})
	if err != nil {
		return "", err
	}
	defer lock.Release()
	if valid, err := s.IsValid(ctx, p); err != nil || valid {
		return p, err
	}
	return p, s.install(ctx, []item{{temp: place, nodes: m.nodes, share: m.share, object: db.Object{
		Path: q.Base(), NarHash: m.nar.Sum(nil), NarSize: m.size, References: a.refBases,
		Registered: s.c.Now(), CA: contentAddress(a.recursive, m.fixed()),
	}}})
}

// contentAddress writes how a path follows from its content, as Nix does.
func contentAddress(recursive bool, d hash.Digest) string {
	if recursive {
		return "fixed:r:" + d.String()
	}
	return "fixed:" + d.String()
}

// openRegular opens the regular file at hostPath; links are followed.
func openRegular(hostPath string) (*os.File, int64, error) {
	// Opening a named pipe must not wait.
	f, err := os.OpenFile(hostPath, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "add", Path: hostPath, Err: errors.New("not a regular file; only a recursive hash takes trees")}
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}
