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

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/path"
)

// text is a text file to be added.
type text struct {
	path    path.Path
	content []byte
	refs    []string          // base names
	outputs map[string]string // of a derivation: output name -> base name
}

// AddText adds a file with the given content that refers to refs, which must be
// valid, and returns its path. When it is there already, nothing is done.
func (s *Store) AddText(ctx context.Context, name string, content []byte, refs []string) (string, error) {
	t, err := s.text(name, content, refs)
	if err != nil {
		return "", err
	}
	p := t.path.In(s.c.StoreDir)
	return p, s.addTexts(ctx, []text{t})
}

func (s *Store) text(name string, content []byte, refs []string) (text, error) {
	t := text{content: content, refs: make([]string, len(refs))}
	parsed := make([]path.Path, len(refs))
	for i, r := range refs {
		q, err := s.parse(r)
		if err != nil {
			return t, fmt.Errorf("a reference of the text %q: %w", name, err)
		}
		parsed[i], t.refs[i] = q, q.Base()
	}
	var err error
	t.path, err = path.MakeText(s.c.StoreDir, name, content, parsed)
	return t, err
}

// addTexts makes texts valid, all in one transaction.
func (s *Store) addTexts(ctx context.Context, texts []text) error {
	missing, err := s.missing(ctx, texts)
	if err != nil || len(missing) == 0 {
		return err
	}
	paths := make([]string, len(missing))
	for i, t := range missing {
		paths[i] = t.path.In(s.c.StoreDir)
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
	first, err := s.roomy(ctx, missing[0].path.Base())
	if err != nil {
		return err
	}
	defer s.Discard(first)
	for _, t := range missing {
		place := filepath.Join(filepath.Dir(first), t.path.Base()) // one directory serves them all
		it, err := s.writeText(place, t)
		if err != nil {
			return s.explain("add "+t.path.Base(), err)
		}
		items = append(items, it)
	}
	return s.install(ctx, items)
}

// missing returns those of texts that are not valid, each once.
func (s *Store) missing(ctx context.Context, texts []text) ([]text, error) {
	bases := make([]string, len(texts))
	for i, t := range texts {
		bases[i] = t.path.Base()
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	valid, err := d.ValidOf(ctx, bases)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(texts))
	for _, b := range valid {
		seen[b] = true
	}
	var out []text
	for i, t := range texts {
		if !seen[bases[i]] {
			seen[bases[i]] = true
			out = append(out, t)
		}
	}
	return out, nil
}

// writeText writes t to place.
func (s *Store) writeText(place string, t text) (item, error) {
	m := newMeasurement(false, hash.SHA256, nil)
	err := m.flat(context.Background(), bytes.NewReader(t.content), place, int64(len(t.content)), place, s.owner)
	if err != nil {
		return item{}, err
	}
	return item{temp: place, nodes: 1, object: db.Object{
		Path: t.path.Base(), NarHash: m.nar.Sum(nil), NarSize: m.size, References: t.refs,
		Registered: s.c.Now(), CA: "text:" + m.fixed().String(), Outputs: t.outputs,
	}}, nil
}

// AddDerivation adds the derivation d called name (without ".drv") and returns
// its path. Output paths that are empty are computed first, in d. The
// derivations and sources that d uses must be valid. d must not be changed
// afterwards.
func (s *Store) AddDerivation(ctx context.Context, name string, d *drv.Derivation) (string, error) {
	b := s.NewBatch()
	p, err := b.AddDerivation(ctx, name, d)
	if err != nil {
		return "", err
	}
	return p, b.Flush(ctx)
}

// Batch collects texts and derivations whose paths are known at once, but which
// are added together, at the cost of one. It is for one goroutine.
type Batch struct {
	s     *Store
	texts []text
}

// NewBatch returns an empty batch.
func (s *Store) NewBatch() *Batch { return &Batch{s: s} }

// AddText returns the path that [Store.AddText] would, and makes it valid with the
// next Flush. refs may be valid or in the batch.
func (b *Batch) AddText(name string, content []byte, refs []string) (string, error) {
	t, err := b.s.text(name, content, refs)
	if err != nil {
		return "", err
	}
	b.texts = append(b.texts, t)
	return t.path.In(b.s.c.StoreDir), nil
}

// AddDerivation returns the path that [Store.AddDerivation] would, and makes it
// valid with the next Flush. What d uses may be valid or in the batch.
func (b *Batch) AddDerivation(ctx context.Context, name string, d *drv.Derivation) (string, error) {
	s := b.s
	if err := s.fill(name, d); err != nil {
		return "", fmt.Errorf("derivation %q: %w", name, err)
	}
	t, err := s.text(name+".drv", d.Marshal(), d.Inputs())
	if err != nil {
		return "", err
	}
	t.outputs = make(map[string]string, len(d.Outputs))
	for output, o := range d.Outputs {
		q, err := s.parse(o.Path)
		if err != nil {
			return "", fmt.Errorf("output %q of derivation %q: %w", output, name, err)
		}
		t.outputs[output] = q.Base()
	}
	p := t.path.In(s.c.StoreDir)
	if err := s.hasher.Add(p, d); err != nil {
		return "", err
	}
	s.keep(p, d)
	b.texts = append(b.texts, t)
	return p, ctx.Err()
}

// fill computes the output paths of d if any is empty.
func (s *Store) fill(name string, d *drv.Derivation) error {
	for _, o := range d.Outputs {
		if o.Path == "" {
			return s.hasher.FillOutputs(s.c.StoreDir, name, d)
		}
	}
	if len(d.Outputs) == 0 {
		return errors.New("a derivation needs at least one output")
	}
	return nil
}

// Flush makes all that is in the batch valid, in one transaction, and empties
// it. When it fails, nothing has become valid and the batch stays as it is.
func (b *Batch) Flush(ctx context.Context) error {
	err := b.s.addTexts(ctx, b.texts)
	if err == nil {
		b.texts = nil
	}
	return err
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
	a, err := s.adder(name, o.Recursive, o.Algo, o.References)
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
		m := a.measure()
		if err := m.read(ctx, hostPath, o.Filter, "", nil); err != nil {
			return "", s.explain("add "+hostPath, err)
		}
		p, err := a.path(m)
		if err != nil {
			return "", err
		}
		if valid, err := s.IsValid(ctx, p.In(s.c.StoreDir)); err != nil || valid {
			return p.In(s.c.StoreDir), err
		}
	}
	return a.copy(ctx, func(m *measurement, place string) error {
		return m.read(ctx, hostPath, o.Filter, place, s.owner)
	})
}

// AddNAR unpacks the archive that r holds and adds the tree as AddPath does
// with Recursive. refs are what it refers to; only for SHA-256.
func (s *Store) AddNAR(ctx context.Context, name string, r io.Reader, algo hash.Algo, refs []string) (string, error) {
	a, err := s.adder(name, true, algo, refs)
	if err != nil {
		return "", err
	}
	return a.copy(ctx, func(m *measurement, place string) error {
		return m.unpack(ctx, r, place, s.owner)
	})
}

// adder adds content by its hash.
type adder struct {
	s         *Store
	name      string
	recursive bool
	algo      hash.Algo
	refs      []path.Path
	refBases  []string
}

func (s *Store) adder(name string, recursive bool, algo hash.Algo, refs []string) (*adder, error) {
	a := &adder{s: s, name: name, recursive: recursive, algo: algo}
	if a.algo == 0 {
		a.algo = hash.SHA256
	}
	if !a.algo.Valid() {
		return nil, fmt.Errorf("adding %q: %v is no hash algorithm", name, a.algo)
	}
	for _, r := range refs {
		q, err := s.parse(r)
		if err != nil {
			return nil, err
		}
		a.refs, a.refBases = append(a.refs, q), append(a.refBases, q.Base())
	}
	return a, path.CheckName(name) // before a large tree is read in vain
}

func (a *adder) measure() *measurement { return newMeasurement(a.recursive, a.algo, nil) }

// path returns the path of what was measured.
func (a *adder) path(m *measurement) (path.Path, error) {
	return path.MakeFixed(a.s.c.StoreDir, a.name, a.recursive, a.algo, m.fixed().Sum, a.refs)
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
	return p, s.install(ctx, []item{{temp: place, nodes: m.nodes, object: db.Object{
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
