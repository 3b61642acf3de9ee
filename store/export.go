package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"fruix/store/db"
	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/tree"
)

// exportMagic stands between an archive and what is told of it in an export:
// Nix's and Guix's "EXIN", little-endian.
const exportMagic = 0x4558494e

// Export writes objects to w in the form of "nix-store --export" and "guix
// archive --export", without signatures: for each a 1, its archive, a magic
// number, its path, its references, its deriver and a 0; at the end a 0. Those
// that others refer to come first. All that they refer to, directly or not, comes
// too when closure is set.
func (s *Store) Export(ctx context.Context, w io.Writer, paths []string, closure bool) error {
	if closure {
		var err error
		if paths, err = s.Closure(ctx, paths...); err != nil {
			return err
		}
	}
	infos, err := s.referencesFirst(ctx, paths)
	if err != nil {
		return err
	}
	out := &wireWriter{w: bufio.NewWriter(w)}
	for _, i := range infos {
		out.number(1)
		if out.err != nil {
			return out.err
		}
		if err := s.DumpNAR(ctx, i.Path, out.w); err != nil {
			return err
		}
		out.number(exportMagic)
		out.text(i.Path)
		out.number(uint64(len(i.References)))
		for _, r := range i.References {
			out.text(r)
		}
		out.text(i.Deriver)
		out.number(0)
	}
	out.number(0)
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

// referencesFirst returns what is known of paths, each once and behind those
// that it refers to.
func (s *Store) referencesFirst(ctx context.Context, paths []string) ([]*Info, error) {
	known := map[string]*Info{}
	for _, p := range paths {
		i, err := s.Info(ctx, p)
		if err != nil {
			return nil, err
		}
		known[p] = i
	}
	var out []*Info
	placed := map[string]bool{}
	var place func(p string)
	place = func(p string) {
		i := known[p]
		if i == nil || placed[p] {
			return
		}
		placed[p] = true
		for _, r := range i.References {
			place(r)
		}
		out = append(out, i)
	}
	for _, p := range paths {
		place(p)
	}
	return out, nil
}

// ImportError reports an export that cannot be read or believed.
type ImportError struct {
	Path string // object that was being read; "" when its name was not reached
	Msg  string
	Err  error // the error beneath, if any
}

func (e *ImportError) Error() string {
	where := "the export"
	if e.Path != "" {
		where = "the export of " + e.Path
	}
	if e.Err != nil {
		return fmt.Sprintf("%s %s: %v", where, e.Msg, e.Err)
	}
	return where + " " + e.Msg
}

// Unwrap returns the error beneath.
func (e *ImportError) Unwrap() error { return e.Err }

// Import reads what Export wrote and makes each object valid as soon as it has
// been read. It returns their paths in order, those that were valid before
// included. Objects are believed: who may write the store may import. What an
// object refers to must come before it or be valid.
func (s *Store) Import(ctx context.Context, r io.Reader) ([]string, error) {
	in := &wireReader{r: bufio.NewReaderSize(r, 64<<10)}
	var out []string
	for {
		switch more := in.number(); {
		case in.err != nil:
			return out, &ImportError{Msg: "ends early", Err: in.err}
		case more == 0:
			return out, nil
		case more != 1:
			return out, &ImportError{Msg: fmt.Sprintf("is none: 0 or 1 was expected, not %d", more)}
		}
		p, err := s.importOne(ctx, in)
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
}

func (s *Store) importOne(ctx context.Context, in *wireReader) (string, error) {
	place, err := s.roomy(ctx, "import")
	if err != nil {
		return "", err
	}
	defer s.Discard(place)
	m := newMeasurement(true, 0, nil)
	m.nodes, err = tree.Restore(ctx, nar.NewTeeReader(in.r, m), place, s.owner)
	if err != nil {
		return "", s.explain("import", &ImportError{Msg: "holds an archive that cannot be unpacked", Err: err})
	}
	o, err := s.importedObject(in, m)
	if err != nil {
		return "", err
	}
	return s.c.StoreDir + "/" + o.Path, s.installForeign(ctx, place, m.nodes, o)
}

// installForeign makes a tree that was made elsewhere valid, unless its path is.
func (s *Store) installForeign(ctx context.Context, place string, nodes int, o *db.Object) error {
	full := s.c.StoreDir + "/" + o.Path
	lock, err := s.LockOutputs(ctx, []string{full})
	if err != nil {
		return err
	}
	defer lock.Release()
	if valid, err := s.IsValid(ctx, full); err != nil || valid {
		return err
	}
	return s.install(ctx, []item{{temp: place, nodes: nodes, object: *o}})
}

// AddForeign adds an object that was made elsewhere. i is what somebody who is
// trusted says of it; nar is its archive, which is unpacked to a temporary place
// and becomes visible only when it is what i says, in hash and size. Otherwise the
// error is a *HashMismatchError, or about the archive. What the object refers to
// must be valid.
func (s *Store) AddForeign(ctx context.Context, i Info, nar io.Reader) error {
	q, err := s.parse(i.Path)
	if err != nil {
		return err
	}
	refs, err := s.bases(i.References)
	if err != nil {
		return err
	}
	place, err := s.roomy(ctx, "foreign")
	if err != nil {
		return err
	}
	defer s.Discard(place)
	m := newMeasurement(true, 0, nil)
	// One byte more than announced is enough to see that there is too much.
	if err := m.unpack(ctx, io.LimitReader(nar, i.NarSize+1), place, s.owner); err != nil {
		return s.explain("add "+i.Path, fmt.Errorf("the archive of %s: %w", i.Path, err))
	}
	want := hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}
	if got := (hash.Digest{Algo: hash.SHA256, Sum: m.nar.Sum(nil)}); !got.Equal(want) || m.size != i.NarSize {
		return &HashMismatchError{Path: i.Path, Want: want, Got: got}
	}
	o := &db.Object{Path: q.Base(), NarHash: i.NarHash, NarSize: i.NarSize, References: refs, Registered: s.c.Now(), CA: i.ContentAddress}
	if d, err := s.parse(i.Deriver); err == nil {
		o.Deriver = d.Base()
	}
	return s.installForeign(ctx, place, m.nodes, o)
}

// importedObject reads what stands behind an archive.
func (s *Store) importedObject(in *wireReader, m *measurement) (*db.Object, error) {
	if magic := in.number(); in.err == nil && magic != exportMagic {
		return nil, &ImportError{Msg: "lacks the mark behind an archive"}
	}
	full := in.text()
	if in.err != nil {
		return nil, &ImportError{Msg: "ends early", Err: in.err}
	}
	q, err := s.parse(full)
	if err != nil {
		return nil, &ImportError{Path: full, Msg: "is of another store", Err: err}
	}
	n := in.number()
	if in.err == nil && n > maxReferences {
		return nil, &ImportError{Path: full, Msg: fmt.Sprintf("announces %d references", n)}
	}
	o := &db.Object{Path: q.Base(), NarHash: m.nar.Sum(nil), NarSize: m.size, Registered: s.c.Now()}
	for range n {
		r, err := s.parse(in.text())
		if in.err != nil {
			break
		}
		if err != nil {
			return nil, &ImportError{Path: full, Msg: "has a reference that is none", Err: err}
		}
		o.References = append(o.References, r.Base())
	}
	deriver, signed := in.text(), in.number()
	if in.err == nil && signed == 1 {
		in.text() // a signature: who may write the store needs none
	}
	if in.err != nil {
		return nil, &ImportError{Path: full, Msg: "ends early", Err: in.err}
	}
	if d, err := s.parse(deriver); err == nil {
		o.Deriver = d.Base()
	}
	slices.Sort(o.References)
	o.References = slices.Compact(o.References)
	return o, nil
}

// maxReferences bounds the references of one object in an export.
const maxReferences = 1 << 20

// wireWriter writes numbers and texts as Nix's protocols do: 64-bit
// little-endian; a length, the bytes, and zeros up to a multiple of eight.
type wireWriter struct {
	w   *bufio.Writer
	err error
}

func (w *wireWriter) number(n uint64) {
	if w.err == nil {
		_, w.err = w.w.Write(binary.LittleEndian.AppendUint64(nil, n))
	}
}

func (w *wireWriter) text(s string) {
	w.number(uint64(len(s)))
	if w.err == nil {
		_, w.err = w.w.WriteString(s + "\x00\x00\x00\x00\x00\x00\x00"[:-len(s)&7])
	}
}

// wireReader reads what a wireWriter writes.
type wireReader struct {
	r   *bufio.Reader
	err error
}

// maxText bounds the texts that a wireReader reads, which are paths and
// signatures.
const maxText = 64 << 10

func (r *wireReader) number() uint64 {
	var b [8]byte
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, b[:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

func (r *wireReader) text() string {
	n := r.number()
	if r.err == nil && n > maxText {
		r.err = fmt.Errorf("a text of %d bytes", n)
	}
	if r.err != nil {
		return ""
	}
	b := make([]byte, (n+7)&^7)
	_, r.err = io.ReadFull(r.r, b)
	return string(b[:n])
}
