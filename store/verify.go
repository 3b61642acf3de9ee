package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"fruix/store/db"
	"fruix/store/path"
	"fruix/store/tree"
)

// Problem is something that is wrong with a valid object.
type Problem struct {
	Path string // logical
	Kind ProblemKind
	Err  error  // what kept it from being read; nil otherwise
	What string // what is irregular; "" otherwise
}

// ProblemKind is what can be wrong.
type ProblemKind uint8

// The problems that Verify finds.
const (
	Disappeared   ProblemKind = iota + 1 // registered, but nothing lies at its path
	Modified                             // its content is not what was registered
	Unreadable                           // it could not be read to the end
	Misregistered                        // it is well, but the database is wrong about it
	Irregular                            // its content is right, but modes, times or owners are not
)

func (p Problem) String() string {
	switch p.Kind {
	case Disappeared:
		return p.Path + " has disappeared"
	case Modified:
		return p.Path + " was modified: its contents are not what was registered"
	case Irregular:
		return p.Path + " is irregular: " + p.What
	case Misregistered:
		return p.Path + " is not what the database says, but what the journal says"
	}
	return fmt.Sprintf("%s cannot be read: %v", p.Path, p.Err)
}

// ParseProblem reads what [Problem.String] has written, of an object of the store
// called dir.
func ParseProblem(dir, line string) (Problem, bool) {
	object, said, _ := strings.Cut(line, " ")
	if _, err := path.Parse(dir, object); err != nil {
		return Problem{}, false
	}
	if what, ok := strings.CutPrefix(said, "is irregular: "); ok {
		return Problem{Path: object, Kind: Irregular, What: what}, true
	}
	if why, ok := strings.CutPrefix(said, "cannot be read: "); ok {
		return Problem{Path: object, Kind: Unreadable, Err: errors.New(why)}, true
	}
	for _, k := range []ProblemKind{Disappeared, Modified, Misregistered} {
		if p := (Problem{Path: object, Kind: k}); p.String() == line {
			return p, true
		}
	}
	return Problem{}, false
}

// Verify looks whether the database is in order, and whether what it says is what
// lies on the disk. A database that is damaged is a [*db.DamagedError]. It calls
// report, from one goroutine at a time, with each object that is not as it should
// be. With contents every byte is read and compared by its hash, otherwise
// only the presence of objects is looked at. progress may be nil; it is called
// after each object.
func (s *Store) Verify(ctx context.Context, contents bool, report func(Problem), progress func(done, all int)) error {
	d, err := s.database(ctx)
	if err != nil {
		return err
	}
	if err := d.Check(ctx); err != nil {
		return err
	}
	paths, err := s.All(ctx)
	if err != nil {
		return err
	}
	v := &verifier{s: s, contents: contents}
	if contents {
		if v.records, err = v.journal(); err != nil {
			return err
		}
	}
	next := make(chan string)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	var damaged error // the database is, although SQLite finds it in order
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range next {
				problem := v.object(ctx, p)
				mu.Lock()
				done++
				var wrong *db.DamagedError
				switch {
				case problem == nil || ctx.Err() != nil:
				case errors.As(problem.Err, &wrong):
					damaged = wrong
				default:
					report(*problem)
				}
				if progress != nil {
					progress(done, len(paths))
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range paths {
		if ctx.Err() != nil {
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
	return errors.Join(damaged, ctx.Err())
}

// VerifyPath says what is wrong with the valid object p; nil when nothing is.
func (s *Store) VerifyPath(ctx context.Context, p string) (*Problem, error) {
	valid, err := s.IsValid(ctx, p)
	if err != nil {
		return nil, err
	}
	if !valid {
		return nil, &NotValidError{p}
	}
	v := &verifier{s: s, contents: true}
	return v.object(ctx, p), ctx.Err()
}

// verifier looks at objects.
type verifier struct {
	s        *Store
	contents bool
	records  map[string][]noted // of the journal; may be nil

	mu     sync.Mutex // guards what follows
	latest map[string][]noted
	as     fs.FileInfo // the journal when latest was read
}

// journal returns what the journal says now. It is read again only when it has changed.
func (v *verifier) journal() (map[string][]noted, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	as, err := os.Lstat(v.s.journalFile())
	if ignoreMissing(err) != nil {
		return nil, err
	}
	if v.latest != nil && (as == nil) == (v.as == nil) && (as == nil || os.SameFile(as, v.as) && as.Size() == v.as.Size()) {
		return v.latest, nil
	}
	if v.latest, _, err = v.s.readJournal(); err != nil {
		return nil, err
	}
	v.as = as
	return v.latest, nil
}

// object says what is wrong with p, nil when nothing is.
func (v *verifier) object(ctx context.Context, p string) *Problem {
	s := v.s
	if _, err := os.Lstat(s.Physical(p)); err != nil {
		return s.problem(ctx, p, err)
	}
	if !v.contents {
		return nil
	}
	h := sha256.New()
	if _, err := tree.Dump(ctx, h, s.Physical(p), tree.Options{}); err != nil {
		return s.problem(ctx, p, err)
	}
	info, err := s.Peek(ctx, p)
	if err != nil {
		return s.problem(ctx, p, err)
	}
	right := bytes.Equal(h.Sum(nil), info.NarHash)
	if right && (v.records == nil || v.recorded(info)) {
		return v.form(ctx, p)
	}
	said := slices.ContainsFunc(v.records[filepath.Base(p)], func(n noted) bool { return bytes.Equal(n.NarHash, h.Sum(nil)) })
	if right || said {
		return &Problem{Path: p, Kind: Misregistered}
	}
	return &Problem{Path: p, Kind: Modified}
}

// form says what is wrong with a sound object apart from its content.
func (v *verifier) form(ctx context.Context, p string) *Problem {
	odd, err := tree.Irregular(v.s.Physical(p), v.s.owner)
	switch {
	case err != nil:
		return v.s.problem(ctx, p, err)
	case odd != nil:
		return &Problem{Path: p, Kind: Irregular, What: odd.String()}
	}
	return nil
}

// recorded says whether the journal says the same of an object as the database, or
// nothing. The object may have been registered after the journal was read.
func (v *verifier) recorded(i *Info) bool {
	agrees := func(records []noted) bool {
		return len(records) == 0 || slices.ContainsFunc(records, func(n noted) bool { return n.agrees(i) })
	}
	base := filepath.Base(i.Path)
	if agrees(v.records[base]) {
		return true
	}
	now, err := v.journal()
	return err != nil || agrees(now[base])
}

// agrees says whether the line and the database say the same.
func (n noted) agrees(i *Info) bool {
	refs := make([]string, len(i.References))
	for k, r := range i.References {
		refs[k] = filepath.Base(r)
	}
	deriver := ""
	if i.Deriver != "" {
		deriver = filepath.Base(i.Deriver)
	}
	said := slices.Sorted(slices.Values(n.References))
	return bytes.Equal(n.NarHash, i.NarHash) && n.NarSize == i.NarSize && slices.Equal(slices.Compact(said), refs) &&
		n.Deriver == deriver && n.Registered == i.RegisteredAt.Unix() && n.CA == i.ContentAddress
}

// problem judges an error about p. An object that is no longer valid has been
// collected meanwhile, which is none.
func (s *Store) problem(ctx context.Context, p string, err error) *Problem {
	if _, gone := s.Peek(ctx, p); gone != nil {
		var invalid *NotValidError
		if errors.As(gone, &invalid) {
			return nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(s.Physical(p)); errors.Is(err, fs.ErrNotExist) {
			return &Problem{Path: p, Kind: Disappeared}
		}
	}
	return &Problem{Path: p, Kind: Unreadable, Err: err}
}

// Peek is Info without protecting the object: who looks at all objects, or serves
// them for days, must not keep them from being collected.
func (s *Store) Peek(ctx context.Context, p string) (*Info, error) {
	q, err := s.parse(p)
	if err != nil {
		return nil, err
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	o, err := d.Object(ctx, q.Base())
	if err != nil {
		return nil, s.explain("query", err)
	}
	return s.info(o), nil
}

// LayBeside moves a tree, which lies at a path from [Store.TempOutput], to the place
// beside the object p whose name, cut where it would be too long, ends in suffix, for
// people to look at. Another tree
// there gives way. It is no object: the next collection removes it. The result is the
// physical path.
func (s *Store) LayBeside(ctx context.Context, p, physical, suffix string) (string, error) {
	q, err := s.parse(p)
	if err != nil {
		return "", err
	}
	if _, err := tree.Dump(ctx, io.Discard, physical, tree.Options{Seal: true, Owner: s.owner}); err != nil {
		return "", s.explain("keep "+p+suffix, err)
	}
	if over := len(q.Name) + len(suffix) - path.MaxNameLen; over > 0 { // else no collection would know it
		q.Name = q.Name[:len(q.Name)-over]
	}
	to := s.final(q.Base() + suffix)
	return to, s.explain("keep "+p+suffix, s.place(physical, to))
}

// Regularise gives all parts of the valid object p, whose content is right, the
// modes, times and owners that the store's objects have. A copy that has them takes
// the place of what lies there: whoever can still write to that could lead changes
// of it astray.
func (s *Store) Regularise(ctx context.Context, p string) error {
	place, err := s.TempOutput(p)
	if err != nil {
		return err
	}
	defer s.Discard(place)
	if _, err := tree.Dump(ctx, io.Discard, s.Physical(p), tree.Options{CopyTo: place, Owner: s.owner}); err != nil {
		return s.explain("repair "+p, err)
	}
	return s.Repair(ctx, p, place)
}

// Repair puts a new tree in the place of the valid object p, whose content is
// damaged or gone. The tree lies at physical, a path from [Store.TempOutput], and
// is moved from there. When it has not the registered hash, that is a
// *NotReproducedError, and p stays as it is. Where the system cannot exchange two
// names in one step, a crash may leave nothing at p's path; then p can be repaired
// again.
func (s *Store) Repair(ctx context.Context, p, physical string) error {
	q, err := s.parse(p)
	if err != nil {
		return err
	}
	info, err := s.Info(ctx, p)
	if err != nil {
		return err
	}
	lock, err := s.LockOutputs(ctx, []string{p})
	if err != nil {
		return err
	}
	defer lock.Release()
	h := sha256.New()
	share := s.sharing()
	nodes, err := tree.Dump(ctx, h, physical, tree.Options{Seal: true, Owner: s.owner, Share: share.options()})
	if err != nil {
		return s.explain("repair "+p, err)
	}
	if !bytes.Equal(h.Sum(nil), info.NarHash) {
		return &NotReproducedError{Path: p, Want: info.NarHash, Got: h.Sum(nil)}
	}
	if !s.c.Relaxed {
		if err := tree.Sync(physical, nodes); err != nil {
			return s.explain("repair "+p, err)
		}
	}
	if err := s.replace(physical, q.Base()); err != nil {
		return s.explain("repair "+p, err)
	}
	share.publish(q.Base())
	if s.c.Relaxed {
		return nil
	}
	return s.explain("repair "+p, syncDir(s.Physical(s.c.StoreDir)))
}
