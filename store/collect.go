package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/path"
	"fruix/store/tree"
)

// CollectOptions says what garbage is to be kept, and how much is to go.
type CollectOptions struct {
	// MaxFreed ends the collection when so many bytes of the disk are free again;
	// 0 is no limit.
	MaxFreed int64
	// KeepOutputs lets derivations that live keep their outputs.
	KeepOutputs bool
	// DropDerivations lets derivations go that only their living outputs would
	// keep.
	DropDerivations bool
	// Without are the names of roots ([Root.Name]) that do not count, as if they
	// were removed already.
	Without []string
	// DryRun deletes nothing: what is returned is what would go. How much room on the
	// disk that makes is not known before.
	DryRun bool
	// Progress is told, from one goroutine at a time, how many of the trees that go
	// are gone; it may be nil.
	Progress func(done, all int)
}

// Collected is what a collection has done.
type Collected struct {
	Paths []string // objects that are gone, those first that referred to others
	Bytes int64    // of their archives
	Freed int64    // bytes of the disk that are free again; less where files were shared
	Stray int      // trees that were no objects: what crashes had left
}

// AliveError reports an object that cannot be deleted because it is in use.
type AliveError struct {
	Path string
	// Root is the link that keeps it, or a few words about who uses it. Chain
	// leads from what the root names to Path.
	Root  string
	Chain []string
}

func (e *AliveError) Error() string {
	return fmt.Sprintf("cannot delete %s%s%s\n  %s", e.Path, keptBy, e.Root, strings.Join(e.Chain, "\n  -> "))
}

const keptBy = ": it is kept by "

// ParseAliveError reads what [AliveError.Error] has written, of an object of the store
// called dir.
func ParseAliveError(dir, text string) (*AliveError, bool) {
	text, ok := strings.CutPrefix(text, "cannot delete ")
	object, said, found := strings.Cut(text, keptBy)
	by, chain, more := strings.Cut(said, "\n  ")
	if !ok || !found || !more {
		return nil, false
	}
	e := &AliveError{Path: object, Root: by, Chain: strings.Split(chain, "\n  -> ")}
	for _, p := range append(e.Chain, object) {
		if _, err := path.Parse(dir, p); err != nil {
			return nil, false
		}
	}
	return e, true
}

// Collect deletes objects that no root reaches. Roots are the links of
// [Store.Roots], objects that running programs have open or mapped, and what is
// protected by open stores. Others may use the store meanwhile; they wait only
// while it is found out what is garbage.
//
// What is to go becomes invalid in one transaction, and its trees are removed
// after that: a crash leaves trees that the next collection removes.
func (s *Store) Collect(ctx context.Context, o CollectOptions) (*Collected, error) {
	return s.collect(ctx, func(l *liveness, freed int64) ([]int32, error) {
		if o.MaxFreed > 0 && freed >= o.MaxFreed {
			return nil, nil
		}
		return l.chooseDead(max(0, o.MaxFreed-freed)), nil
	}, o)
}

// Delete deletes objects and, if need be, dead objects that refer to them. An
// object that a root reaches is an *AliveError, and nothing is deleted. MaxFreed does
// not count.
func (s *Store) Delete(ctx context.Context, paths []string, o CollectOptions) (*Collected, error) {
	bases, err := s.bases(paths)
	if err != nil {
		return nil, err
	}
	o.MaxFreed = 0
	return s.collect(ctx, func(l *liveness, _ int64) ([]int32, error) { return l.chooseNamed(s, bases) }, o)
}

// collect deletes what choose says, which is told how much room has been freed. On a disk that is full to the last block it
// does so with the room that was kept for this.
func (s *Store) collect(ctx context.Context, choose func(*liveness, int64) ([]int32, error), o CollectOptions) (*Collected, error) {
	if s.foreign != nil {
		return nil, s.foreign
	}
	if o.DryRun {
		return s.foresee(ctx, choose, o)
	}
	c := &Collected{}
	var err error
	for {
		before := len(c.Paths)
		err = s.collectInto(ctx, c, choose, o)
		var full *NoSpaceError
		if errors.As(err, &full) && s.giveReserve() {
			err = s.collectInto(ctx, c, choose, o)
		}
		// What was shared may have freed less than its size.
		if err != nil || c.Freed >= o.MaxFreed || len(c.Paths) == before {
			break
		}
	}
	s.makeReserve()
	if err != nil && len(c.Paths)+c.Stray == 0 {
		c = nil
	}
	return c, err
}

// foresee finds out what collect would delete.
func (s *Store) foresee(ctx context.Context, choose func(*liveness, int64) ([]int32, error), o CollectOptions) (*Collected, error) {
	l, err := s.liveness(ctx, o)
	if err != nil {
		return nil, err
	}
	dead, err := choose(l, 0)
	if err != nil {
		return nil, err
	}
	c := &Collected{}
	c.add(s, l, dead)
	return c, nil
}

// add notes that objects of l are gone.
func (c *Collected) add(s *Store, l *liveness, gone []int32) {
	for _, d := range gone {
		c.Paths = append(c.Paths, s.c.StoreDir+"/"+l.graph.Paths[d])
		c.Bytes += l.graph.Sizes[d]
	}
}

// collectInto collects once, and adds what it has done to c.
func (s *Store) collectInto(ctx context.Context, c *Collected, choose func(*liveness, int64) ([]int32, error), o CollectOptions) error {
	// Before anything goes it must be clear that database and objects belong
	// together.
	d, err := s.database(ctx)
	if err != nil {
		return err
	}
	lock, err := s.lockCollector(ctx, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	s.sweepRoots(s.autoRoots())
	l, err := s.liveness(ctx, o)
	if err != nil {
		return err
	}
	dead, err := choose(l, c.Freed)
	if err != nil {
		return err
	}
	gone, freed, err := s.unregister(ctx, d, l, dead)
	c.Freed += freed
	c.add(s, l, dead[:gone])
	if err != nil {
		return s.explain("collect garbage", err)
	}
	lock.Close() // from now on what is dead can be made again
	stray, freed, err := s.removeInvalid(ctx, gone, o.Progress)
	c.Stray, c.Freed = c.Stray+stray, c.Freed+freed
	if err != nil {
		return s.explain("remove garbage", err)
	}
	s.sweepLocks()
	s.sweepIDs()
	freed, err = s.sweepLinks(ctx)
	c.Freed += freed
	return s.explain("remove garbage", err)
}

// unregister makes dead objects, each before those that it refers to, invalid, and
// says how many of them are: all, unless there is an error. That is one
// transaction; but when there is no room for it, there are many small ones, and
// the trees are removed after each.
func (s *Store) unregister(ctx context.Context, d *db.DB, l *liveness, dead []int32) (gone int, freed int64, err error) {
	bases := make([]string, len(dead))
	for i, d := range dead {
		bases[i] = l.graph.Paths[d]
	}
	err = d.Unregister(ctx, bases)
	var full *db.FullError
	if !errors.As(err, &full) {
		if err != nil {
			return 0, 0, err
		}
		return len(bases), 0, nil
	}
	const few = 32
	for some := range slices.Chunk(bases, few) {
		if err := d.Unregister(ctx, some); err != nil {
			return gone, freed, err
		}
		gone += len(some)
		_, bytes, err := s.removeTrees(ctx, some, nil)
		if freed += bytes; err != nil {
			return gone, freed, err
		}
	}
	return gone, freed, nil
}

// Liveness is which objects live.
type Liveness struct {
	Live, Dead []string // in order
	DeadBytes  int64    // of the archives of what is dead
}

// Liveness finds out what a collection would keep and delete.
func (s *Store) Liveness(ctx context.Context, o CollectOptions) (*Liveness, error) {
	l, err := s.liveness(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &Liveness{Live: []string{}, Dead: []string{}}
	for i, p := range l.graph.Paths {
		if full := s.c.StoreDir + "/" + p; l.live(int32(i)) {
			out.Live = append(out.Live, full)
		} else {
			out.Dead = append(out.Dead, full)
			out.DeadBytes += l.graph.Sizes[i]
		}
	}
	slices.Sort(out.Live)
	slices.Sort(out.Dead)
	return out, nil
}

// liveness is a graph whose living objects are marked.
type liveness struct {
	graph *db.Graph
	// from is the object by which a living one was reached, itself for what a
	// root names, and -1 for a dead one.
	from []int32
	root map[int32]string // what names an object
	o    CollectOptions
	// outputs are those of derivations; only with KeepOutputs.
	outputs map[int32][]int32
}

func (l *liveness) live(i int32) bool { return l.from[i] >= 0 }

// liveness marks what roots reach.
func (s *Store) liveness(ctx context.Context, o CollectOptions) (*liveness, error) {
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	// The roots are looked up before the graph, so that an object that is in
	// use and registered in between is not in the graph rather than dead.
	roots, err := s.allRoots(ctx, o.Without)
	if err != nil {
		return nil, err
	}
	g, err := d.Graph(ctx)
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	l := &liveness{graph: g, from: make([]int32, len(g.Paths)), root: map[int32]string{}, o: o}
	for i := range l.from {
		l.from[i] = -1
	}
	if o.KeepOutputs {
		l.outputs = map[int32][]int32{}
		for i := range g.Paths {
			for _, drv := range g.Derivers.Of(int32(i)) {
				l.outputs[drv] = append(l.outputs[drv], int32(i))
			}
		}
	}
	var queue []int32
	for _, r := range roots {
		if i, ok := g.Index(r.base); ok && !l.live(i) {
			l.from[i], l.root[i] = i, r.what
			queue = append(queue, i)
		}
	}
	l.mark(queue)
	return l, nil
}

// mark makes everything live that the objects in queue, which live, keep.
func (l *liveness) mark(queue []int32) {
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		reach := func(list []int32) {
			for _, j := range list {
				if !l.live(j) {
					l.from[j] = i
					queue = append(queue, j)
				}
			}
		}
		reach(l.graph.References.Of(i))
		if !l.o.DropDerivations {
			reach(l.graph.Derivers.Of(i))
		}
		reach(l.outputs[i])
	}
}

// chooseDead lists dead objects, each before those that it refers to, until
// they make up so many bytes.
func (l *liveness) chooseDead(bytes int64) []int32 {
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	var order []int32
	for _, i := range l.deadOrder(nil) {
		if bytes <= 0 {
			break
		}
		bytes -= l.graph.Sizes[i]
		order = append(order, i)
	}
	return order
}

// chooseNamed lists objects with all that refers to them.
func (l *liveness) chooseNamed(s *Store, bases []string) ([]int32, error) {
	wanted := make([]bool, len(l.graph.Paths))
	var queue []int32
	for _, b := range bases {
		i, ok := l.graph.Index(b)
		if !ok {
			return nil, &NotValidError{s.c.StoreDir + "/" + b}
		}
		if l.live(i) {
			return nil, l.alive(s, i)
		}
		wanted[i] = true
		queue = append(queue, i)
	}
	referrers := l.referrers()
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, j := range referrers[i] {
			if !wanted[j] {
				wanted[j] = true // dead, or what it refers to would live
				queue = append(queue, j)
			}
		}
	}
	return l.deadOrder(wanted), nil
}

// alive explains why object i lives.
func (l *liveness) alive(s *Store, i int32) *AliveError {
	e := &AliveError{Path: s.c.StoreDir + "/" + l.graph.Paths[i]}
	for {
		e.Chain = append(e.Chain, s.c.StoreDir+"/"+l.graph.Paths[i])
		if l.from[i] == i {
			break
		}
		i = l.from[i]
	}
	slices.Reverse(e.Chain)
	e.Root = l.root[i]
	return e
}

// referrers lists for each dead object the dead objects that refer to it.
func (l *liveness) referrers() map[int32][]int32 {
	out := map[int32][]int32{}
	for i := range l.graph.Paths {
		if l.live(int32(i)) {
			continue
		}
		for _, j := range l.graph.References.Of(int32(i)) {
			if j != int32(i) {
				out[j] = append(out[j], int32(i))
			}
		}
	}
	return out
}

// deadOrder lists dead objects, those of wanted unless it is nil, each before
// those that it refers to.
func (l *liveness) deadOrder(wanted []bool) []int32 {
	const open, done = 1, 2
	state := make([]uint8, len(l.graph.Paths))
	var order []int32
	type step struct{ object, next int32 }
	var stack []step
	push := func(i int32) {
		if !l.live(i) && state[i] == 0 && (wanted == nil || wanted[i]) {
			state[i] = open
			stack = append(stack, step{i, 0})
		}
	}
	for i := range l.graph.Paths {
		push(int32(i))
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if refs := l.graph.References.Of(top.object); int(top.next) < len(refs) {
				top.next++
				push(refs[top.next-1])
				continue
			}
			state[top.object] = done
			order = append(order, top.object)
			stack = stack[:len(stack)-1]
		}
	}
	slices.Reverse(order)
	return order
}

// root is an object that must stay, and why.
type root struct {
	base, what string
	process    int // for one that runs
}

// Used returns what keeps objects of this store besides the links of [Store.Roots]:
// programs that run, by names such as "{process:123}", and what processes have
// protected, "{temp:123}" or, when it is not known which process that is, "{temp}". No
// link has such a name; they are Nix's. An ordinary user's process does not see those
// of others.
func (s *Store) Used(ctx context.Context) ([]Root, error) { return s.UsedBy(ctx, -1) }

// UsedBy is Used for the user with the id uid, who sees processes of this user only; less
// than 0 sees all.
func (s *Store) UsedBy(ctx context.Context, uid int) ([]Root, error) {
	var out []Root
	add := func(name, base string) {
		// A program may run from another store whose name is the same.
		if _, err := os.Lstat(s.final(base)); err == nil {
			out = append(out, Root{Name: name, Target: s.c.StoreDir + "/" + base})
		}
	}
	err := s.eachUser(func(f *os.File, bases []string) {
		if owner, ok := ownerID(f); uid >= 0 && (!ok || owner != uid) {
			return
		}
		name := "{temp}"
		if pids := sharers(f); len(pids) == 1 {
			name = fmt.Sprintf("{temp:%d}", pids[0])
		}
		for _, b := range bases {
			add(name, b)
		}
	})
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	running, err := runningRoots()
	if err != nil {
		return nil, fmt.Errorf("find out what running programs use: %w", err)
	}
	for _, r := range running {
		if uid < 0 || processOwner(r.process) == uid {
			add(fmt.Sprintf("{process:%d}", r.process), r.base)
		}
	}
	slices.SortFunc(out, func(a, b Root) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Target, b.Target))
	})
	return slices.Compact(out), ctx.Err()
}

// ownerID is the id of the user whose file f is.
func ownerID(f *os.File) (int, bool) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	return int(st.Uid), err == nil
}

// allRoots lists what keeps objects: what is protected, links, and programs that run.
// They are looked up in the order in which one takes over from another: who protects
// an object makes a link to it and ends, and the link goes when a program of the
// object has been started. In another order an object could be missed that was kept
// all the time. Links come first in the result: of what keeps an object, a person
// wants to know what lasts.
func (s *Store) allRoots(ctx context.Context, without []string) ([]root, error) {
	used, err := s.inUse()
	if err != nil {
		return nil, s.explain("find out what is in use", err)
	}
	var out []root
	links, unsure, err := s.findRoots(ctx)
	if err == nil {
		err = unsure
	}
	if err != nil {
		return nil, err
	}
	leave := make(map[string]bool, len(without))
	for _, name := range without {
		leave[name] = true
	}
	for _, r := range links {
		if leave[r.Name] {
			continue
		}
		if p, err := s.parse(r.Target); err == nil {
			out = append(out, root{base: p.Base(), what: "the root " + r.Name})
		}
	}
	for _, b := range used {
		out = append(out, root{base: b, what: "an evaluation or a build that is going on"})
	}
	running, err := runningRoots()
	if err != nil {
		return nil, fmt.Errorf("cannot find out what running programs use, so nobody can tell what is garbage; nothing was deleted: %w", err)
	}
	return append(out, running...), nil
}

// sweepRoots removes indirect roots whose links are gone, and links that were to
// become roots when their processes were killed, from a folder of indirect roots and
// those in it.
func (s *Store) sweepRoots(dir string) { s.sweepRootsBy(s.ways(), dir) }

func (s *Store) sweepRootsBy(ways *ways, dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		link := filepath.Join(dir, e.Name())
		if e.IsDir() {
			s.sweepRootsBy(ways, link)
			continue
		}
		to, err := os.Readlink(link)
		if err != nil {
			continue
		}
		if !filepath.IsAbs(to) {
			to = dir + "/" + to
		}
		gone := true
		for _, inside := range ways.machines() {
			at, err := ways.follow(to, inside, false)
			if err == nil && at.object == "" {
				// Users name these places, and can change what the names lead to.
				_ = tree.RemoveLink(at.file+newSuffix, func(half string) bool { return s.makesRoot(ways, at.file, half) })
				_, err = os.Lstat(at.file)
			}
			gone = gone && errors.Is(err, fs.ErrNotExist)
		}
		if gone || strings.HasSuffix(link, newSuffix) {
			_ = os.Remove(link) // a courtesy: it keeps nothing
		}
	}
}

// makesRoot says whether a link at place to half was to become a root of this store. On
// this machine, but outside of the root directory, links to logical paths belong to
// another store.
func (s *Store) makesRoot(ways *ways, place, half string) bool {
	if _, _, ours := s.object(half); !ours {
		return false
	}
	inside := ways.below(place) != place
	_, physical := s.Logical(half)
	return s.c.Root == "/" || inside || physical
}

// removeInvalid removes trees in the store that are not valid objects and that
// nobody is making: expected ones have just become invalid, and the others are
// what crashes left. It returns how many others there were.
func (s *Store) removeInvalid(ctx context.Context, expected int, progress func(done, all int)) (stray int, freed int64, err error) {
	names, valid, err := s.invalidTrees(ctx)
	if err != nil {
		return 0, 0, err
	}
	s.compactJournal(ctx, valid)
	removed, freed, err := s.removeTrees(ctx, names, progress)
	return max(0, removed-expected), freed, err
}

// removeTrees removes trees in the store that are not valid and that nobody is
// making, and says how many it has removed, and how much room they took. progress
// may be nil.
func (s *Store) removeTrees(ctx context.Context, names []string, progress func(done, all int)) (removed int, freed int64, err error) {
	if len(names) == 0 {
		return 0, 0, nil
	}
	trash, err := s.temp("garbage") // its parent takes all of them
	if err != nil {
		return 0, 0, err
	}
	defer s.Discard(trash)
	dir := filepath.Dir(trash)
	settled, err := s.settle(ctx, names)
	if err != nil {
		return 0, 0, err
	}
	const workers = 4
	var wg sync.WaitGroup
	var mu sync.Mutex // guards the results, and keeps calls of progress apart
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(names) && ctx.Err() == nil; i += workers {
				gone, bytes, err := s.removeTree(ctx, names[i], filepath.Join(dir, names[i]), settled[names[i]])
				// One that cannot be removed does not keep the others from going.
				if errs[w] == nil {
					errs[w] = err
				}
				mu.Lock()
				freed += bytes
				if gone {
					if removed++; progress != nil {
						progress(removed, len(names))
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return removed, freed, errors.Join(append(errs, ctx.Err())...)
}

// invalidTrees lists what lies in the store directory, looks like an object,
// and is not valid; and all that is valid.
func (s *Store) invalidTrees(ctx context.Context) (invalid []string, valid map[string]bool, err error) {
	names, err := readNames(s.Physical(s.c.StoreDir))
	if err != nil {
		return nil, nil, err
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := d.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	valid = make(map[string]bool, len(all))
	for _, p := range all {
		valid[p] = true
	}
	return slices.DeleteFunc(names, func(n string) bool {
		_, err := path.ParseBase(n)
		return err != nil || valid[n]
	}), valid, nil
}

// removeTree removes a tree that is not valid, by way of the temporary place
// trash, unless somebody is making it, or it is not the node of the given number: then
// it is left to the next collection.
func (s *Store) removeTree(ctx context.Context, base, trash string, number uint64) (removed bool, freed int64, err error) {
	lock, err := s.tryLockOutput(base)
	if err != nil || lock == nil {
		return false, 0, err
	}
	defer lock.Release()
	d, err := s.database(ctx)
	if err != nil {
		return false, 0, err
	}
	if valid, err := d.Valid(ctx, base); err != nil || valid {
		return false, 0, err
	}
	if _, now, err := tree.Changed(s.final(base)); err != nil || now != number {
		return false, 0, ignoreMissing(err)
	}
	switch _, err := tree.Move(s.final(base), trash); {
	case errors.Is(err, fs.ErrNotExist):
		return false, 0, nil
	case immovable(err):
		freed, err = tree.RemoveCounting(s.final(base))
		return err == nil, freed, err
	case err != nil:
		return false, 0, err
	}
	if err := lock.Release(); err != nil {
		return false, 0, err
	}
	freed, err = tree.RemoveCounting(trash)
	return true, freed, err
}

// settle sees to it that what is not valid now stays so (see [db.DB.Settle]), as far
// as trees that were at their places before. It returns the numbers of those among
// names. Their times are compared with themselves only: a clock may be set back, and what
// was made before would be from the future.
func (s *Store) settle(ctx context.Context, names []string) (map[string]uint64, error) {
	type sight struct {
		changed time.Time
		number  uint64
	}
	before := make(map[string]sight, len(names))
	for _, n := range names {
		if changed, number, err := tree.Changed(s.final(n)); err == nil {
			before[n] = sight{changed, number}
		}
	}
	d, err := s.database(ctx)
	if err != nil {
		return nil, err
	}
	err = d.Settle(ctx)
	var full *db.FullError
	if err != nil && !errors.As(err, &full) { // a collection is what makes room
		return nil, err
	}
	out := make(map[string]uint64, len(before))
	for n, seen := range before {
		if changed, number, err := tree.Changed(s.final(n)); err == nil && (sight{changed, number}) == seen {
			out[n] = number
		}
	}
	return out, nil
}

// ignoreMissing returns err unless it says that a file is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
