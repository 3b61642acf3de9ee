package store

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"fruix/store/db"
	"fruix/store/hash"
	"fruix/store/path"
	"fruix/store/refscan"
	"fruix/store/tree"
)

// Fixed is a promise about an output's content.
type Fixed struct {
	Recursive bool // the hash is of the archive, not of a file's bytes
	Digest    hash.Digest
}

// Built is an output that a build has made.
type Built struct {
	Path       string   // final logical path
	Physical   string   // where the tree lies now; from [Store.TempOutput]
	Deriver    string   // path of the derivation, "" when none
	Candidates []string // paths that the output may refer to; itself and the outputs finished with it always count
	FixedHash  *Fixed   // nil when nothing was promised
}

// output is a Built on its way.
type output struct {
	Built
	base    string
	deriver string
	item    item
	info    *Info // of an output that was valid before
}

// Finish makes outputs valid, all together or none: each is brought into the
// canonical form, hashed and searched for references in one pass, verified if
// it has a promised hash, and renamed into place. An output that is valid
// already keeps its content, and the new tree is discarded. The result is in
// the order of outs.
//
// The caller holds the lock of every path ([Store.LockOutputs]); those that this
// Store does not hold are locked here. Nothing may write to the trees any more.
// Trees that were not used are removed when Finish succeeds.
func (s *Store) Finish(ctx context.Context, outs []Built) ([]Info, error) {
	return s.FinishIf(ctx, outs, nil)
}

// FinishIf is Finish for outputs that somebody judges first: accept gets what
// would become valid, in the order of outs, while the trees still lie where they
// were built. When it returns an error, nothing becomes valid and FinishIf
// returns that error. accept may be nil.
func (s *Store) FinishIf(ctx context.Context, outs []Built, accept func(ctx context.Context, made []Info) error) ([]Info, error) {
	list, err := s.outputs(outs)
	if err != nil {
		return nil, err
	}
	lock, err := s.lockMissing(ctx, list)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	var items []item
	for _, o := range list {
		known, err := d.Object(ctx, o.base)
		if err == nil {
			o.info = s.info(known)
			continue
		}
		if !errors.Is(err, db.ErrInvalid) {
			return nil, err
		}
		if err := s.measureOutput(ctx, o, list); err != nil {
			return nil, s.explain("finish "+o.Path, err)
		}
		items = append(items, o.item)
	}
	if err := checkCycles(s.c.StoreDir, items); err != nil {
		return nil, err
	}
	if accept != nil {
		made := make([]Info, len(items))
		for i := range items {
			made[i] = *s.info(&items[i].object)
		}
		if err := accept(ctx, made); err != nil {
			return nil, err
		}
	}
	if err := s.install(ctx, items); err != nil {
		return nil, err
	}
	infos := make([]Info, len(list))
	for i, o := range list {
		if o.info == nil {
			o.info = s.info(&o.item.object)
		}
		infos[i] = *o.info
		s.tidy(o.Physical)
	}
	return infos, nil
}

// outputs checks what Finish was given.
func (s *Store) outputs(outs []Built) ([]*output, error) {
	list := make([]*output, len(outs))
	seen := map[string]bool{}
	for i, b := range outs {
		q, err := s.parse(b.Path)
		if err != nil {
			return nil, err
		}
		if seen[b.Path] {
			return nil, errors.New(b.Path + " is finished twice at once")
		}
		seen[b.Path] = true
		o := &output{Built: b, base: q.Base()}
		if b.Deriver != "" {
			dq, err := s.parse(b.Deriver)
			if err != nil {
				return nil, err
			}
			o.deriver = dq.Base()
		}
		list[i] = o
	}
	return list, nil
}

// lockMissing locks the outputs that this Store does not hold.
func (s *Store) lockMissing(ctx context.Context, list []*output) (*Lock, error) {
	var free []string
	for _, o := range list {
		if !s.holds(o.base) {
			free = append(free, o.Path)
		}
	}
	return s.LockOutputs(ctx, free)
}

// measureOutput brings the tree of o into the canonical form and learns what is
// to be registered.
func (s *Store) measureOutput(ctx context.Context, o *output, all []*output) error {
	if _, err := os.Lstat(o.Physical); errors.Is(err, os.ErrNotExist) {
		return &MissingOutputError{o.Path, o.Physical}
	}
	candidates := slices.Clone(o.Candidates)
	for _, other := range all {
		candidates = append(candidates, other.Path)
	}
	bases, err := s.bases(candidates)
	if err != nil {
		return err
	}
	parts := make([]string, len(bases))
	for i, b := range bases {
		parts[i] = b[:path.HashLen]
	}
	var algo hash.Algo
	recursive := true
	if o.FixedHash != nil {
		algo, recursive = o.FixedHash.Digest.Algo, o.FixedHash.Recursive
	}
	m := s.measurement(recursive, algo, refscan.New(parts))
	m.nodes, err = tree.Dump(ctx, m, o.Physical, tree.Options{Seal: true, Owner: s.owner, Share: m.share.options()})
	if err != nil {
		return err
	}
	ca := ""
	if o.FixedHash != nil {
		if err := verify(m, o); err != nil {
			return err
		}
		ca = contentAddress(recursive, m.fixed())
	}
	o.item = item{temp: o.Physical, nodes: m.nodes, share: m.share, object: db.Object{
		Path: o.base, NarHash: m.nar.Sum(nil), NarSize: m.size, References: found(m.refs, bases),
		Deriver: o.deriver, Registered: s.c.Now(), CA: ca,
	}}
	return nil
}

// found returns those of bases that occurred, in order, each once.
func found(refs *refscan.Scanner, bases []string) []string {
	var out []string
	for _, b := range bases {
		if refs.Found(b[:path.HashLen]) {
			out = append(out, b)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// verify holds an output to its promise.
func verify(m *measurement, o *output) error {
	if !m.recursive {
		st, err := os.Lstat(o.Physical)
		if err != nil {
			return err
		}
		if !st.Mode().IsRegular() || st.Mode()&0o111 != 0 {
			return &NotAFileError{o.Path}
		}
		f, _, err := openRegular(o.Physical)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(m.content, f); err != nil {
			return err
		}
	}
	if got := m.fixed(); !got.Equal(o.FixedHash.Digest) {
		return &HashMismatchError{Path: o.Path, Want: o.FixedHash.Digest, Got: got}
	}
	return nil
}

// checkCycles refuses objects that refer to each other in a circle. One that
// refers to itself is fine.
func checkCycles(storeDir string, items []item) error {
	refs := make(map[string][]string, len(items))
	for _, it := range items {
		refs[it.object.Path] = it.object.References
	}
	const open, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(p string) error
	visit = func(p string) error {
		switch state[p] {
		case done:
			return nil
		case open:
			cycle := append(slices.Clone(trail[slices.Index(trail, p):]), p)
			for i, c := range cycle {
				cycle[i] = storeDir + "/" + c
			}
			return &CycleError{cycle}
		}
		state[p] = open
		trail = append(trail, p)
		for _, r := range refs[p] {
			if _, ours := refs[r]; ours && r != p {
				if err := visit(r); err != nil {
					return err
				}
			}
		}
		trail = trail[:len(trail)-1]
		state[p] = done
		return nil
	}
	for _, it := range items {
		if err := visit(it.object.Path); err != nil {
			return err
		}
	}
	return nil
}

// tidy removes what is left of a temporary place after its tree has moved.
func (s *Store) tidy(physical string) {
	s.mu.Lock()
	ours := s.session != nil && s.session.owns(physical)
	s.mu.Unlock()
	if ours {
		_ = s.Discard(physical) // else it goes when the store is closed
	}
}
