package store

import (
	"context"
	"io"
	"time"

	"fruix/store/db"
	"fruix/store/tree"
)

// Info is what is known of a valid object. All paths are full logical ones.
type Info struct {
	Path           string
	NarHash        []byte // SHA-256 of its archive
	NarSize        int64  // bytes of its archive
	References     []string
	Deriver        string // "" when none
	RegisteredAt   time.Time
	ContentAddress string // such as "text:sha256:…", "" when the path does not follow from the content
}

func (s *Store) info(o *db.Object) *Info {
	i := &Info{
		Path: s.c.StoreDir + "/" + o.Path, NarHash: o.NarHash, NarSize: o.NarSize,
		References: s.full(append([]string(nil), o.References...)), RegisteredAt: o.Registered, ContentAddress: o.CA,
	}
	if o.Deriver != "" {
		i.Deriver = s.c.StoreDir + "/" + o.Deriver
	}
	return i
}

// using protects objects and returns the database to look them up in.
func (s *Store) using(ctx context.Context, bases ...string) (*db.DB, error) {
	if err := s.protect(ctx, bases); err != nil {
		return nil, err
	}
	return s.database(ctx)
}

// IsValid says whether p is a valid object.
func (s *Store) IsValid(ctx context.Context, p string) (bool, error) {
	q, err := s.parse(p)
	if err != nil {
		return false, err
	}
	d, err := s.using(ctx, q.Base())
	if err != nil {
		return false, err
	}
	return d.Valid(ctx, q.Base())
}

// ValidMany says for each of paths whether it is a valid object, with one question
// to the database.
func (s *Store) ValidMany(ctx context.Context, paths []string) (map[string]bool, error) {
	bases, err := s.bases(paths)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(paths))
	for _, p := range paths {
		out[p] = false
	}
	if len(paths) == 0 {
		return out, nil
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	valid, err := d.ValidOf(ctx, bases)
	for _, p := range s.full(valid) {
		out[p] = true
	}
	return out, err
}

// Info returns what is known of p; a *NotValidError when it is no valid object.
func (s *Store) Info(ctx context.Context, p string) (*Info, error) {
	q, err := s.parse(p)
	if err != nil {
		return nil, err
	}
	d, err := s.using(ctx, q.Base())
	if err != nil {
		return nil, err
	}
	o, err := d.Object(ctx, q.Base())
	if err != nil {
		return nil, s.explain("query", err)
	}
	return s.info(o), nil
}

// References returns the objects that p refers to, in order, p itself among
// them when it does.
func (s *Store) References(ctx context.Context, p string) ([]string, error) {
	i, err := s.Info(ctx, p)
	if err != nil {
		return nil, err
	}
	return i.References, nil
}

// about asks the database for objects that have to do with the valid object p.
func (s *Store) about(ctx context.Context, p string, ask func(*db.DB, string) ([]string, error)) ([]string, error) {
	q, err := s.parse(p)
	if err != nil {
		return nil, err
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	out, err := ask(d, q.Base())
	return s.full(out), s.explain("query", err)
}

// Referrers returns the valid objects that refer to p, in order.
func (s *Store) Referrers(ctx context.Context, p string) ([]string, error) {
	return s.about(ctx, p, func(d *db.DB, b string) ([]string, error) { return d.Referrers(ctx, b) })
}

// OutputsMany returns the outputs of those of drvPaths that are valid derivations,
// with one question to the database: for each its outputs' paths by their names.
// Whether these are valid it does not say.
func (s *Store) OutputsMany(ctx context.Context, drvPaths []string) (map[string]map[string]string, error) {
	bases, err := s.bases(drvPaths)
	if err != nil || len(bases) == 0 {
		return nil, err
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	known, err := d.OutputsOf(ctx, bases)
	if err != nil {
		return nil, s.explain("query", err)
	}
	out := make(map[string]map[string]string, len(known))
	for base, outputs := range known {
		for name, o := range outputs {
			outputs[name] = s.c.StoreDir + "/" + o
		}
		out[s.c.StoreDir+"/"+base] = outputs
	}
	return out, nil
}

// Derivers returns the valid derivations that have p as an output, in order.
func (s *Store) Derivers(ctx context.Context, p string) ([]string, error) {
	return s.about(ctx, p, func(d *db.DB, b string) ([]string, error) { return d.Derivers(ctx, b) })
}

// Closure returns paths and all that they refer to, directly or not, in order:
// their requisites. All of paths must be valid.
func (s *Store) Closure(ctx context.Context, paths ...string) ([]string, error) {
	bases, err := s.bases(paths)
	if err != nil {
		return nil, err
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	out, err := d.Closure(ctx, bases)
	return s.full(out), s.explain("query", err)
}

// All returns every valid object in order.
func (s *Store) All(ctx context.Context) ([]string, error) {
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	out, err := d.All(ctx)
	return s.full(out), err
}

// DumpNAR writes the archive of the valid object p to w.
func (s *Store) DumpNAR(ctx context.Context, p string, w io.Writer) error {
	valid, err := s.IsValid(ctx, p)
	if err != nil {
		return err
	}
	if !valid {
		return &NotValidError{p}
	}
	_, err = tree.Dump(ctx, w, s.Physical(p), tree.Options{})
	return err
}

// ByHash returns the valid object whose hash part is given; "" when there is
// none.
func (s *Store) ByHash(ctx context.Context, hashPart string) (string, error) {
	d, err := s.database(ctx)
	if err != nil {
		return "", err
	}
	base, err := d.ByHash(ctx, hashPart)
	if err != nil || base == "" {
		return "", s.explain("query", err)
	}
	return s.c.StoreDir + "/" + base, nil
}
