package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/drv"
	"fruix/store/path"
	"fruix/store/refscan"
	"fruix/store/tree"
)

// Left is something in the store directory that a rebuilt database does not have.
// The next collection removes it.
type Left struct {
	Path string // logical
	Why  string // in words
	Root string // what names it and should keep it, in words; "" when nothing does
}

func (l Left) String() string {
	if l.Root != "" {
		return l.Path + " " + l.Why + "; " + l.Root + " names it"
	}
	return l.Path + " " + l.Why
}

// Rebuilt is what [Store.Rebuild] has found.
type Rebuilt struct {
	Objects int // that are valid now
	Proven  int // of those, how many are known by nothing but their content
	// Bad are valid objects whose content is not what was registered, or gone: they
	// are to be repaired.
	Bad     []Problem
	Left    []Left // in order
	Damaged int    // lines of the journal that could not be read
	// Old is where the old database was put, "" when there was none.
	Old string
}

// RebuildOptions say how a database is made anew.
type RebuildOptions struct {
	// Trust registers what the journal says without reading objects. What was
	// damaged or exchanged then passes for valid until [Store.Verify] looks.
	Trust bool
	// Progress may be nil; it is called after each object.
	Progress func(done, all int)
}

// Rebuild makes the database anew from what lies in the store directory and from
// the journal, and puts it in the place of the old one, which may be damaged or
// gone and is kept beside it. An old one that is whole is believed as the journal is:
// an image that was unpacked over the store may have brought another journal. An
// object becomes valid when one of them speaks of it or when its path follows from its content, and when all that it refers to is
// valid. One that is damaged stays valid, since others may need it. So does one that is
// gone, if the old database has it, or if only the journal has it but a root needs it:
// without it the next collection would delete what roots keep.
//
// It waits until nobody has the database open. A crash leaves the old database, or
// none, which the next command refuses, or the new one.
func (s *Store) Rebuild(ctx context.Context, o RebuildOptions) (*Rebuilt, error) {
	if s.foreign != nil {
		return nil, s.foreign
	}
	s.mu.Lock()
	_ = s.closeDatabase() // a damaged one may not close well
	s.mu.Unlock()
	lock, err := s.lockDatabase(ctx, unix.LOCK_EX)
	if err != nil {
		return nil, s.explain("rebuild the database", err)
	}
	defer lock.Close()
	sign(lock)
	r := &rebuild{s: s, o: o, found: &Rebuilt{}}
	if err := r.run(ctx); err != nil {
		return nil, s.explain("rebuild the database", err)
	}
	return r.found, nil
}

// rebuild is one run of Rebuild.
type rebuild struct {
	s       *Store
	o       RebuildOptions
	records map[string][]noted
	names   []string // of what lies in the store directory
	found   *Rebuilt

	mu      sync.Mutex // guards found and what follows
	done    int
	objects map[string]*db.Object
	lines   map[string]int // of the journal, that objects were taken from

	missing map[string]bool // objects that are not there
}

func (r *rebuild) run(ctx context.Context) (err error) {
	if r.records, r.found.Damaged, err = r.s.readJournal(); err != nil {
		return err
	}
	if err := r.readOld(ctx); err != nil {
		return err
	}
	names, err := readNames(r.s.Physical(r.s.c.StoreDir))
	if err != nil {
		return err
	}
	r.names = slices.DeleteFunc(names, func(n string) bool { _, err := path.ParseBase(n); return err != nil })
	slices.Sort(r.names)
	r.objects, r.lines = make(map[string]*db.Object, len(r.names)), make(map[string]int, len(r.names))
	if err := r.identifyAll(ctx); err != nil {
		return err
	}
	if err := r.keepRooted(ctx); err != nil {
		return err
	}
	slices.SortFunc(r.found.Bad, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(r.found.Left, func(a, b Left) int { return strings.Compare(a.Path, b.Path) })
	objects := r.inOrder()
	r.found.Objects = len(objects)
	return r.replace(ctx, objects)
}

// readOld adds to the records what the old database knows, if it is whole and belongs
// to this store.
func (r *rebuild) readOld(ctx context.Context) error {
	if st, err := os.Lstat(r.s.databaseFile()); err != nil || st.Size() == 0 {
		return nil
	}
	d, err := db.Open(ctx, r.s.databaseOptions())
	if err != nil {
		return ctx.Err()
	}
	defer d.Close()
	if d.Check(ctx) != nil {
		return ctx.Err()
	}
	id, err := d.Meta(ctx, metaID)
	own, ownErr := readID(filepath.Join(r.s.Physical(r.s.c.StoreDir), idFile))
	if err != nil || ownErr != nil || id == "" || id != own {
		return errors.Join(ownErr, ctx.Err())
	}
	last := 0
	for _, list := range r.records {
		last = max(last, list[0].line)
	}
	var found []noted
	err = d.Objects(ctx, func(o *db.Object) error {
		last++
		found = append(found, noted{recordOf(o), last, true, o.Outputs})
		return nil
	})
	if err != nil {
		return ctx.Err() // it cannot be read after all
	}
	for _, n := range found {
		r.records[n.Path] = append(r.records[n.Path], n)
	}
	return nil
}

// leave notes that something does not become valid.
func (r *rebuild) leave(base, why string) {
	r.found.Left = append(r.found.Left, Left{Path: r.s.c.StoreDir + "/" + base, Why: why})
}

// identifyAll finds out what each tree is.
func (r *rebuild) identifyAll(ctx context.Context) error {
	next := make(chan string)
	var wg sync.WaitGroup
	var failed error
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for base := range next {
				o, why, err := r.identify(ctx, base)
				r.mu.Lock()
				switch {
				case err != nil:
					failed = errors.Join(failed, err)
				case o == nil:
					r.leave(base, why)
				default:
					r.objects[base] = o
				}
				r.done++
				if r.o.Progress != nil {
					r.o.Progress(r.done, len(r.names))
				}
				r.mu.Unlock()
			}
		})
	}
	for _, base := range r.names {
		if ctx.Err() != nil {
			break
		}
		next <- base
	}
	close(next)
	wg.Wait()
	return errors.Join(failed, ctx.Err())
}

// identify finds out what the tree called base is; nil, and why, when it cannot
// become valid. What cannot be read and is not in the journal is an error: it may be
// readable the next time.
func (r *rebuild) identify(ctx context.Context, base string) (o *db.Object, why string, err error) {
	records := r.records[base]
	if r.o.Trust && len(records) > 0 {
		return r.fromJournal(records[0], nil)
	}
	h, size := sha256.New(), &counter{}
	_, err = tree.Dump(ctx, io.MultiWriter(h, size), r.s.final(base), tree.Options{})
	if err != nil && len(records) == 0 {
		return nil, "", err
	}
	full := r.s.c.StoreDir + "/" + base
	if err != nil {
		return r.fromJournal(records[0], &Problem{Path: full, Kind: Unreadable, Err: err})
	}
	sum := h.Sum(nil)
	for _, rec := range records {
		if bytes.Equal(rec.NarHash, sum) && rec.NarSize == size.n {
			return r.fromJournal(rec, nil)
		}
	}
	if len(records) > 0 {
		return r.fromJournal(records[0], &Problem{Path: full, Kind: Modified})
	}
	o = &db.Object{Path: base, NarHash: sum, NarSize: size.n, Registered: r.s.c.Now()}
	known, err := r.prove(ctx, o)
	if err != nil {
		return nil, "", err
	}
	if !known {
		return nil, "is not in the journal, and its content does not prove what it is", nil
	}
	if o, why, err = r.withOutputs(o); errors.Is(err, errNotPlain) {
		return nil, "is called as derivations are, and is none", nil
	}
	if o != nil {
		r.mu.Lock()
		r.found.Proven++
		r.mu.Unlock()
	}
	return o, why, err
}

// fromJournal makes an object of what the journal says. Of a derivation that is damaged,
// whatever it is now, the outputs are those that the old database knows.
func (r *rebuild) fromJournal(n noted, bad *Problem) (o *db.Object, why string, err error) {
	x := objectOf(n.Record)
	if bad == nil {
		if o, why, err = r.withOutputs(&x); err != nil {
			bad = &Problem{Path: r.s.c.StoreDir + "/" + x.Path, Kind: Unreadable, Err: err}
		}
	}
	if bad != nil {
		o = &x
		for _, other := range r.records[x.Path] {
			if other.outputs != nil {
				x.Outputs = other.outputs
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[x.Path] = n.line
	if bad != nil {
		r.found.Bad = append(r.found.Bad, *bad)
	}
	return o, why, nil
}

// prove says whether the path of o follows from its content: with no references,
// or with those that are in it.
func (r *rebuild) prove(ctx context.Context, o *db.Object) (bool, error) {
	place := r.s.final(o.Path)
	known, err := r.s.proveContent(ctx, o, place)
	if known || err != nil {
		return known, err
	}
	if o.References, err = r.references(ctx, o.Path); err != nil || len(o.References) == 0 {
		return false, err
	}
	return r.s.proveContent(ctx, o, place)
}

// references finds out what a tree refers to: a derivation to its inputs, not to
// its outputs, whose names are in it as well.
func (r *rebuild) references(ctx context.Context, base string) ([]string, error) {
	if strings.HasSuffix(base, drvSuffix) {
		if text, err := derivationFile(r.s.final(base)); err == nil {
			if d, err := drv.Parse(text); err == nil {
				return r.s.bases(d.Inputs())
			}
		}
		return nil, nil
	}
	refs := refscan.New(r.hashParts())
	if _, err := tree.Dump(ctx, refs, r.s.final(base), tree.Options{}); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range r.names {
		if n != base && refs.Found(n[:path.HashLen]) {
			out = append(out, n)
		}
	}
	return out, nil
}

// withOutputs adds the outputs of a derivation.
func (r *rebuild) withOutputs(o *db.Object) (*db.Object, string, error) {
	bad, err := r.s.addOutputs(o)
	if bad != "" || err != nil {
		return nil, bad, err
	}
	return o, "", nil
}

// addOutputs adds the outputs of a derivation, or says what is wrong with them. One
// that is damaged has none: nobody can build it.
func (s *Store) addOutputs(o *db.Object) (bad string, err error) {
	if !strings.HasSuffix(o.Path, drvSuffix) {
		return "", nil
	}
	text, err := derivationFile(s.final(o.Path))
	if err != nil {
		return "", err
	}
	if d, err := drv.Parse(text); err == nil {
		if o.Outputs, err = outputBases(s.c.StoreDir, d); err != nil {
			return fmt.Sprintf("has outputs that cannot be: %v", err), nil
		}
	}
	return "", nil
}

func (r *rebuild) hashParts() []string {
	parts := make([]string, len(r.names))
	for i, n := range r.names {
		parts[i] = n[:path.HashLen]
	}
	return parts
}

// keepRooted completes the objects by those that are missing and have to stay, drops
// those that cannot be valid, and notes which of them roots name.
func (r *rebuild) keepRooted(ctx context.Context) error {
	roots, err := r.s.allRoots(ctx, nil)
	if err != nil {
		return err
	}
	r.keepMissing(roots)
	r.dropDangling()
	for base := range r.missing {
		if r.objects[base] != nil {
			r.found.Bad = append(r.found.Bad, Problem{Path: r.s.c.StoreDir + "/" + base, Kind: Disappeared})
		}
	}
	named := map[string]string{}
	for _, root := range roots {
		if full := r.s.c.StoreDir + "/" + root.base; named[full] == "" {
			named[full] = root.what
		}
	}
	for i := range r.found.Left {
		r.found.Left[i].Root = named[r.found.Left[i].Path]
	}
	return nil
}

// keepMissing adds objects that are not there. What an old database has has not been
// collected. What the journal has may have been; but not as long as something refers to
// it that a root reaches, the derivations of living outputs included.
func (r *rebuild) keepMissing(roots []root) {
	r.missing = map[string]bool{}
	add := func(n noted) {
		x := objectOf(n.Record)
		x.Outputs = n.outputs
		r.objects[x.Path], r.lines[x.Path], r.missing[x.Path] = &x, n.line, true
	}
	there := make(map[string]bool, len(r.names))
	for _, base := range r.names {
		there[base] = true
	}
	for base, records := range r.records {
		if i := slices.IndexFunc(records, func(n noted) bool { return n.old }); i >= 0 && !there[base] {
			add(records[i])
		}
	}
	seen := map[string]bool{}
	var queue []string
	reach := func(base string, needed bool) {
		if seen[base] {
			return
		}
		if r.objects[base] == nil {
			// What lies there and is no object cannot become one.
			if records := r.records[base]; needed && !there[base] && len(records) > 0 {
				add(records[0])
			} else {
				return
			}
		}
		seen[base] = true
		queue = append(queue, base)
	}
	for _, root := range roots {
		reach(root.base, true)
	}
	for len(queue) > 0 {
		o := r.objects[queue[len(queue)-1]]
		queue = queue[:len(queue)-1]
		for _, ref := range o.References {
			reach(ref, true)
		}
		if o.Deriver != "" {
			reach(o.Deriver, false)
		}
	}
}

// dropDangling leaves objects that refer to something which is not valid.
func (r *rebuild) dropDangling() {
	users := map[string][]string{}
	for _, base := range slices.Sorted(maps.Keys(r.objects)) { // so that the same is said each time
		for _, ref := range r.objects[base].References {
			users[ref] = append(users[ref], base)
		}
	}
	var queue []string
	for ref := range users {
		if r.objects[ref] == nil {
			queue = append(queue, ref)
		}
	}
	slices.Sort(queue)
	for ; len(queue) > 0; queue = queue[1:] {
		for _, base := range users[queue[0]] {
			if r.objects[base] == nil {
				continue
			}
			said := "refers to"
			if r.missing[base] {
				said = "has disappeared, and refers to"
			}
			r.leave(base, fmt.Sprintf("%s %s/%s, which is not valid", said, r.s.c.StoreDir, queue[0]))
			delete(r.objects, base)
			queue = append(queue, base)
		}
	}
}

// inOrder lists the objects as they were registered; those that are not in the
// journal come last.
func (r *rebuild) inOrder() []db.Object {
	list := make([]db.Object, 0, len(r.objects))
	for _, o := range r.objects {
		list = append(list, *o)
	}
	slices.SortFunc(list, func(a, b db.Object) int {
		if x, y := r.lines[a.Path], r.lines[b.Path]; x != y && x != 0 && y != 0 {
			return x - y
		} else if x != y {
			return y - x // 0 is behind all others
		}
		return strings.Compare(a.Path, b.Path)
	})
	return list
}

// replace puts a database of objects in the place of the old one.
func (r *rebuild) replace(ctx context.Context, objects []db.Object) error {
	s := r.s
	meta := map[string]string{}
	id, err := readID(filepath.Join(s.Physical(s.c.StoreDir), idFile))
	if err != nil {
		return err
	}
	if id != "" {
		meta[metaID], meta[metaPlaced] = id, "yes"
	}
	if mark, err := s.mark(); err == nil && mark != "" {
		meta[metaMark] = mark
	}
	made, err := s.createDatabase(ctx, objects, meta)
	if err != nil {
		return err
	}
	if r.found.Old, err = r.putAside(ctx, s.databaseFile()); err != nil {
		return err
	}
	if err := s.placeDatabase(made); err != nil {
		return err
	}
	if err := s.dropMark(); err != nil {
		return err
	}
	return s.writeJournal(func(put func(*db.Object) error) error {
		for i := range objects {
			if err := put(&objects[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// createDatabase makes a database of objects beside the one that is there, whose
// lock is held alone, and returns where.
func (s *Store) createDatabase(ctx context.Context, objects []db.Object, meta map[string]string) (file string, err error) {
	options := s.databaseOptions()
	options.File += ".new"
	if err := removeDatabase(options.File); err != nil { // what an earlier process left
		return "", err
	}
	return options.File, db.Create(ctx, options, objects, meta)
}

// placeDatabase gives a database that createDatabase has made its name.
func (s *Store) placeDatabase(made string) error {
	file := s.databaseFile()
	if err := os.Rename(made, file); err != nil || s.c.Relaxed {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// putAside gives the old database another name, which it returns. Its log must not
// meet the new one, and it must not be used without its log. One that is well
// takes its log in when it is closed, and then stays where it is until the new one
// replaces it; of another the parts change their names one by one, and until the
// new one comes there is none.
func (r *rebuild) putAside(ctx context.Context, file string) (old string, err error) {
	old = file + ".old"
	if err := removeDatabase(old); err != nil {
		return "", err
	}
	if st, err := os.Lstat(file); err == nil && st.Size() > 0 {
		if d, err := db.Open(ctx, r.s.databaseOptions()); err == nil {
			_ = d.Close()
		}
	}
	if _, err := os.Lstat(file + "-wal"); errors.Is(err, fs.ErrNotExist) && os.Link(file, old) == nil {
		return old, nil
	}
	old = ""
	for _, suffix := range databaseParts() {
		switch err := os.Rename(file+suffix, file+".old"+suffix); {
		case err == nil && suffix == "":
			old = file + ".old"
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	return old, nil
}

// databaseParts end the names of the files that a database may be made of.
func databaseParts() []string { return []string{"", "-wal", "-shm"} }

func removeDatabase(file string) error {
	for _, suffix := range databaseParts() {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}
