package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"fruix/store/db"
	"fruix/store/hash"
	"fruix/store/narinfo"
	"fruix/store/path"
	"fruix/store/tree"
	"fruix/store/wire"
)

// exportMagic stands between an archive and what is told of it in an export:
// Nix's and Guix's "EXIN", little-endian.
const exportMagic = 0x4558494e

// Export writes objects to w in the form of "nix-store --export" and "guix
// archive --export": each as [Store.ExportObject] writes it, with a 1 before it, and
// a 0 at the end. Those that others refer to come first. All that they refer to,
// directly or not, comes too when closure is set. sign may be nil.
func (s *Store) Export(ctx context.Context, w io.Writer, paths []string, closure bool, sign Sign) error {
	if closure {
		var err error
		if paths, err = s.Closure(ctx, paths...); err != nil {
			return err
		}
	}
	ordered, err := ReferencesFirst(paths, func(p string) ([]string, error) { return s.References(ctx, p) })
	if err != nil {
		return err
	}
	out := wire.NewWriter(w)
	for _, p := range ordered {
		out.Number(1)
		if err := s.exportObject(ctx, out, p, sign); err != nil {
			return err
		}
	}
	out.Number(0)
	return out.Flush()
}

// Sign makes the signature of an object of an export, of which digest is the SHA-256:
// of its archive and of all that is told of it.
type Sign func(digest []byte) string

// SignWith is what signs with the first of keys; nil when there is none.
func SignWith(keys []narinfo.SecretKey) Sign {
	if len(keys) == 0 {
		return nil
	}
	return keys[0].SignExport
}

// ExportObject writes the valid object p to w: its archive, a magic number, its
// path, its references, its deriver, and a signature or that there is none. sign
// may be nil.
func (s *Store) ExportObject(ctx context.Context, w io.Writer, p string, sign Sign) error {
	out := wire.NewWriter(w)
	if err := s.exportObject(ctx, out, p, sign); err != nil {
		return err
	}
	return out.Flush()
}

func (s *Store) exportObject(ctx context.Context, out *wire.Writer, p string, sign Sign) error {
	i, err := s.Info(ctx, p)
	if err != nil {
		return err
	}
	if out.Err() != nil {
		return out.Err()
	}
	// What is wrong must not spread.
	m := newMeasurement(true, 0, nil)
	if _, err := tree.Dump(ctx, io.MultiWriter(m, out.Raw()), s.Physical(p), tree.Options{}); err != nil {
		return err
	}
	want := hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}
	if got := (hash.Digest{Algo: hash.SHA256, Sum: m.nar.Sum(nil)}); !got.Equal(want) {
		return &HashMismatchError{Path: p, Want: want, Got: got}
	}
	o := exported{path: i.Path, references: i.References, deriver: i.Deriver}
	o.write(out)
	if sign == nil {
		out.Number(0)
		return out.Err()
	}
	out.Number(1)
	out.Text(sign(o.digest(m)))
	return out.Err()
}

// exported is what an export tells of an object behind its archive.
type exported struct {
	path       string
	references []string
	deriver    string
}

func (o *exported) write(w *wire.Writer) {
	w.Number(exportMagic)
	w.Text(o.path)
	w.Texts(o.references)
	w.Text(o.deriver)
}

// digest is the SHA-256 of the archive, which m has measured, and of what is told
// of the object: what is signed. m is of no use afterwards.
func (o *exported) digest(m *measurement) []byte {
	w := wire.NewWriter(m.nar)
	o.write(w)
	w.Flush() // a hash never fails
	return m.nar.Sum(nil)
}

// ReferencesFirst returns paths, each once and behind those of paths that it
// refers to; references tells what one refers to.
func ReferencesFirst(paths []string, references func(p string) ([]string, error)) ([]string, error) {
	const open, done = 1, 2
	wanted := make(map[string]bool, len(paths))
	for _, p := range paths {
		wanted[p] = true
	}
	type step struct {
		path string
		todo []string
	}
	state := map[string]int{}
	var out []string
	var stack []*step
	push := func(p string) error {
		if !wanted[p] || state[p] != 0 {
			return nil
		}
		refs, err := references(p)
		if err != nil {
			return err
		}
		state[p] = open
		stack = append(stack, &step{p, refs})
		return nil
	}
	for _, p := range paths {
		if err := push(p); err != nil {
			return nil, err
		}
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			if len(top.todo) > 0 {
				next := top.todo[0]
				top.todo = top.todo[1:]
				if err := push(next); err != nil {
					return nil, err
				}
				continue
			}
			state[top.path] = done
			out = append(out, top.path)
			stack = stack[:len(stack)-1]
		}
	}
	return out, nil
}

// InfosInOrder returns what is known of paths, which must be valid, each once and
// behind those of them that it refers to: the order in which another store can
// take them.
func (s *Store) InfosInOrder(ctx context.Context, paths []string) ([]*Info, error) {
	return InfosInOrder(paths, func(p string) (*Info, error) { return s.Info(ctx, p) })
}

// InfosInOrder is [Store.InfosInOrder] of what info tells.
func InfosInOrder(paths []string, info func(p string) (*Info, error)) ([]*Info, error) {
	known := make(map[string]*Info, len(paths))
	ordered, err := ReferencesFirst(paths, func(p string) ([]string, error) {
		i, err := info(p)
		if err != nil {
			return nil, err
		}
		known[p] = i
		return i.References, nil
	})
	if err != nil {
		return nil, err
	}
	infos := make([]*Info, len(ordered))
	for i, p := range ordered {
		infos[i] = known[p]
	}
	return infos, nil
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

// Import reads what Export wrote and makes the objects valid, many at a time: when it
// fails, those before the one that is wrong. It returns the paths of what has become
// valid in order, those that were valid before included. Objects are believed: who may write the store may import. What an
// object refers to must come before it or be valid.
func (s *Store) Import(ctx context.Context, r io.Reader) ([]string, error) {
	return s.ImportChecked(ctx, r, nil)
}

// Claim is what an export says of an object, before it is believed.
type Claim struct {
	Path       string
	References []string
	Deriver    string
	// Proven says that the path follows from the content, so that nobody needs to
	// be believed.
	Proven bool
	// Digest is what was signed; Signature is "" when nobody has.
	Digest    []byte
	Signature string
}

// UnsignedError reports an object of an export that nobody who is trusted vouches
// for.
type UnsignedError struct {
	Path string
	Err  error // what is wrong with its signature; nil when it has none
}

func (e *UnsignedError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s is not believed: %v", e.Path, e.Err)
	}
	return e.Path + " is not signed, and does not prove itself"
}

// ParseUnsignedError reads what [UnsignedError.Error] has written, of an object of the
// store called dir.
func ParseUnsignedError(dir, text string) (*UnsignedError, bool) {
	object, said, _ := strings.Cut(text, " ")
	if _, err := path.Parse(dir, object); err != nil {
		return nil, false
	}
	e := &UnsignedError{Path: object}
	if why, ok := strings.CutPrefix(said, "is not believed: "); ok {
		e.Err = errors.New(why)
	}
	return e, e.Error() == text
}

// Unwrap returns what is wrong with the signature.
func (e *UnsignedError) Unwrap() error { return e.Err }

// SignedBy is what believes, for [Store.ImportChecked], objects that are proven and
// those that are signed with one of keys, by Fruix or by Guix. Of those that are only
// proven the deriver is forgotten. Its error is an *UnsignedError.
func SignedBy(keys []narinfo.PublicKey) func(*Claim) error {
	return func(c *Claim) error {
		var err error
		if c.Signature != "" {
			err = narinfo.CheckExport(c.Signature, c.Digest, keys)
		}
		switch {
		case c.Signature != "" && err == nil:
			return nil
		case c.Proven:
			c.Deriver = ""
			return nil
		}
		return &UnsignedError{c.Path, err}
	}
}

// ImportChecked is Import that asks believe about each object before it becomes
// valid; an error ends it. believe may forget the deriver, which follows from nothing.
// A nil believe believes everything.
func (s *Store) ImportChecked(ctx context.Context, r io.Reader, believe func(*Claim) error) ([]string, error) {
	in := wire.NewReader(bufio.NewReaderSize(r, 64<<10), importLimits)
	a := &arrivals{s: s, most: atOnce(arrivalsAtOnce), valid: map[string]bool{}}
	err := a.read(ctx, in, believe)
	// What came before something that cannot be taken is as good as ever.
	if ferr := a.flush(ctx); err == nil {
		err = ferr
	}
	return a.done, err
}

// read reads an export to its end.
func (a *arrivals) read(ctx context.Context, in *wire.Reader, believe func(*Claim) error) error {
	for {
		in.Begin()
		switch more := in.Number(); {
		case in.Err() != nil:
			return &ImportError{Msg: "ends early", Err: in.Err()}
		case more == 0:
			return nil
		case more != 1:
			return &ImportError{Msg: fmt.Sprintf("is none: 0 or 1 was expected, not %d", more)}
		}
		if err := a.readOne(ctx, in, believe); err != nil {
			return err
		}
	}
}

// importLimits bound what is told of one object.
var importLimits = wire.Limits{Text: 64 << 10, Message: 64 << 20}

// readOne reads one object of an export.
func (a *arrivals) readOne(ctx context.Context, in *wire.Reader, believe func(*Claim) error) (err error) {
	s := a.s
	place, err := s.roomy(ctx, "import")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.Discard(place)
		}
	}()
	m := s.measurement(true, 0, nil)
	err = m.unpack(ctx, in.Raw(), place, s.owner)
	if err != nil {
		return s.explain("import", &ImportError{Msg: "holds an archive that cannot be unpacked", Err: err})
	}
	told, signature, err := readExported(in)
	if err != nil {
		return err
	}
	o, err := s.importedObject(told, m)
	if err != nil {
		return err
	}
	proven, err := s.proveContent(ctx, o, place)
	if err != nil {
		return s.explain("import", err)
	}
	if believe != nil {
		c := Claim{
			Path: told.path, References: told.references, Deriver: told.deriver, Proven: proven,
			Digest: told.digest(m), Signature: signature,
		}
		if err := believe(&c); err != nil {
			return err
		}
		if c.Deriver == "" {
			o.Deriver = ""
		}
	}
	return a.add(ctx, item{temp: place, nodes: m.nodes, share: m.share, object: *o})
}

// readExported reads what stands behind an archive.
func readExported(in *wire.Reader) (told exported, signature string, err error) {
	if magic := in.Number(); in.Err() == nil && magic != exportMagic {
		return told, "", &ImportError{Msg: "lacks the mark behind an archive"}
	}
	told.path = in.Text()
	told.references = in.Texts()
	told.deriver = in.Text()
	if in.Number() == 1 {
		signature = in.Text()
	}
	if in.Err() != nil {
		return told, "", &ImportError{Path: told.path, Msg: "ends early", Err: in.Err()}
	}
	return told, signature, nil
}

// importedObject is what is to be registered.
func (s *Store) importedObject(told exported, m *measurement) (*db.Object, error) {
	q, err := s.parse(told.path)
	if err != nil {
		return nil, &ImportError{Path: told.path, Msg: "is of another store", Err: err}
	}
	o := &db.Object{Path: q.Base(), NarHash: m.nar.Sum(nil), NarSize: m.size, Registered: s.c.Now()}
	for _, ref := range told.references {
		r, err := s.parse(ref)
		if err != nil {
			return nil, &ImportError{Path: told.path, Msg: "has a reference that is none", Err: err}
		}
		o.References = append(o.References, r.Base())
	}
	if d, err := s.parse(told.deriver); err == nil {
		o.Deriver = d.Base()
	}
	slices.Sort(o.References)
	o.References = slices.Compact(o.References)
	return o, nil
}

// proveContent says whether the path of an object whose tree lies at place follows
// from its content, as those of texts and sources do, and notes how.
func (s *Store) proveContent(ctx context.Context, o *db.Object, place string) (bool, error) {
	ca, err := AddressOf(ctx, s.c.StoreDir, s.info(o), place)
	if ca == "" || err != nil {
		return false, err
	}
	o.CA = ca
	return true, nil
}

// flatDigest is the SHA-256 of the file at place; nothing when it is no regular
// file, or an executable one.
func flatDigest(ctx context.Context, place string) (hash.Digest, error) {
	f, err := openPlain(place)
	if f == nil || err != nil {
		return hash.Digest{}, err
	}
	defer f.Close()
	h := hash.SHA256.New()
	if _, err := io.Copy(h, f); err != nil {
		return hash.Digest{}, err
	}
	return hash.Digest{Algo: hash.SHA256, Sum: h.Sum(nil)}, ctx.Err()
}

// installForeign makes a tree that was made elsewhere valid, unless its path is.
func (s *Store) installForeign(ctx context.Context, place string, m *measurement, o *db.Object) error {
	full := s.c.StoreDir + "/" + o.Path
	lock, err := s.LockOutputs(ctx, []string{full})
	if err != nil {
		return err
	}
	defer lock.Release()
	if valid, err := s.IsValid(ctx, full); err != nil || valid {
		return err
	}
	return s.install(ctx, []item{{temp: place, nodes: m.nodes, share: m.share, object: *o}})
}

// AddForeign adds an object that was made elsewhere. i is what somebody who is
// trusted says of it; nar is its archive, which is unpacked to a temporary place
// and becomes visible only when it is what i says, in hash and size. Otherwise the
// error is a *HashMismatchError, or about the archive. What the object refers to
// must be valid. A content address from which the path does not follow is forgotten:
// no signature of Nix's kind is about it.
func (s *Store) AddForeign(ctx context.Context, i Info, nar io.Reader) error {
	p, err := s.newProof(i)
	var unproven *UnprovenError
	if errors.As(err, &unproven) {
		p, err = nil, nil
	}
	if err != nil {
		return err
	}
	return s.addForeign(ctx, i, nar, p, false)
}

// addForeign is AddForeign with a proof that the content must pass, if must is set, for
// more than its content address to be believed. proof may be nil.
func (s *Store) addForeign(ctx context.Context, i Info, nar io.Reader, proof *proof, must bool) error {
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
	m := s.measurement(true, proof.archive(), nil)
	// One byte more than announced is enough to see that there is too much.
	if err := m.unpack(ctx, io.LimitReader(nar, i.NarSize+1), place, s.owner); err != nil {
		return s.explain("add "+i.Path, fmt.Errorf("the archive of %s: %w", i.Path, err))
	}
	want := hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}
	if got := (hash.Digest{Algo: hash.SHA256, Sum: m.nar.Sum(nil)}); !got.Equal(want) || m.size != i.NarSize {
		return &HashMismatchError{Path: i.Path, Want: want, Got: got}
	}
	o := &db.Object{Path: q.Base(), NarHash: i.NarHash, NarSize: i.NarSize, References: refs, Registered: s.c.Now()}
	var unproven *UnprovenError
	switch ca, err := proof.check(place, m); {
	case err == nil:
		o.CA = ca
	case must || !errors.As(err, &unproven):
		return err
	}
	if d, err := s.parse(i.Deriver); err == nil {
		o.Deriver = d.Base()
	}
	return s.installForeign(ctx, place, m, o)
}
