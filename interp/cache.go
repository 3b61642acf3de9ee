package interp

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"

	"fruix/interp/code"
	"fruix/interp/compile"
	"fruix/interp/compiled"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/vm"
)

// Cache says where an engine keeps what files of modules were compiled to, so
// that they need not be read, expanded and compiled each time. The zero value
// keeps nothing, as does an engine with NoFiles.
type Cache struct {
	// Dir is the folder, which is made when it is first written to.
	Dir string
	// Build identifies the program that the engine is part of: what another
	// build wrote is not used.
	Build string
}

// cache is the cache of one engine.
//
// The key of a file's entry is a hash of the file's text and name, the build
// and the natives. The entry lists what the file needed directly; it is used
// when all that is, through the entries of what it needed, still the same.
type cache struct {
	e     *Engine
	dir   *compiled.Dir
	host  *compiled.Host
	base  []byte           // what all keys have in common
	nodes map[string]*node // by module
	files map[string]*source.File
	stack []*recording
	hits  map[string]bool // the modules that came from the cache
	parts map[string]*parts
	// loaded are the modules that were loaded.
	loaded map[string]bool
}

// node is what is known of a module's entry.
type node struct {
	entry *compiled.Entry
	state nodeState
	users []*node
}

type nodeState uint8

const (
	unknown nodeState = iota
	asked
	good
	stale
)

func (e *Engine) newCache() *cache {
	if e.opts.Cache.Dir == "" || e.opts.NoFiles {
		return nil
	}
	c := &cache{
		e: e, dir: compiled.NewDir(e.opts.Cache.Dir), nodes: map[string]*node{}, files: map[string]*source.File{}, hits: map[string]bool{}, parts: map[string]*parts{}, loaded: map[string]bool{},
		host: &compiled.Host{
			Modules: e.modules, Expander: e.expander, Eval: e.runForm,
			Known: map[string]datum.Value{"apply-list": compile.ApplyList().Value()},
		},
	}
	for _, p := range e.expander.Primitives() {
		c.host.Known[p.Name] = p.Value()
	}
	e.modules.Needs = c.need
	return c
}

// common is what the keys of all files have in common: the build, the features
// and the natives.
func (c *cache) common() []byte {
	if c.base == nil {
		h := sha256.New()
		fmt.Fprintf(h, "%d\x00%s\x00%q\x00", compiled.Format, c.e.opts.Cache.Build, c.e.expander.Features)
		for _, key := range slices.Sorted(maps.Keys(c.e.natives)) {
			fmt.Fprintf(h, "%s\x00%q\x00", key, c.e.natives[key])
		}
		c.base = h.Sum(nil)
	}
	return c.base
}

// forget is called when there are more natives than before.
func (c *cache) forget() {
	c.base = nil
	clear(c.nodes)
}

func (c *cache) key(f *source.File, digest compiled.Digest) (k compiled.Key) {
	h := sha256.New()
	h.Write(c.common())
	h.Write(digest[:])
	io.WriteString(h, f.Name)
	h.Sum(k[:0])
	return k
}

// recording is one file being loaded from source.
type recording struct {
	w       *compiled.Writer
	f       *source.File
	key     compiled.Key
	start   *module.Module // what was current
	current *module.Module
	needs   map[string]compiled.Need
	failed  error
}

// load brings a module's file in: from the cache when that can be, else from
// its source, which is then written down.
func (c *cache) load(key string, f *source.File, deferring bool) error {
	c.files[f.Name] = f
	journal := c.e.modules.Journal
	c.e.modules.Journal = nil
	since := c.e.expander.Age()
	defer func() {
		c.e.modules.Journal = journal
		// What was made meanwhile is not the outer file's.
		if n := len(c.stack); n > 0 {
			c.stack[n-1].w.Skip(since)
		}
	}()
	if c.loaded[key] {
		// It is loaded again, perhaps because its file was changed: what was
		// found out about those that need it may no longer be true.
		clear(c.nodes)
	}
	c.loaded[key] = true
	entry := c.check(key)
	_, _, digest := c.e.modules.Locate(key)
	rec := &recording{f: f, key: c.key(f, digest), start: c.e.modules.Current, needs: map[string]compiled.Need{}}
	rec.w = compiled.NewWriter(c.host, f)
	if deferring {
		c.parts[f.Name] = &parts{key: rec.key, entry: entry}
	}
	c.stack = append(c.stack, rec)
	defer func() { c.stack = c.stack[:len(c.stack)-1] }()
	if entry != nil && len(entry.Unit) > 0 {
		if done, err := c.bringIn(f, entry.Unit); done {
			c.hits[key] = err == nil
			return err
		}
		// What is wrong shows better from the source.
		c.e.modules.Current = rec.start
	}
	forms := c.e.formsOf(f, deferring)
	forms.rec = rec
	if _, err := forms.run(); err != nil {
		return err
	}
	c.keep(rec)
	return nil
}

// bringIn carries out a unit. It is not done when the unit is of no use.
func (c *cache) bringIn(f *source.File, unit []byte) (done bool, err error) {
	u, err := compiled.Open(c.host, f, func(name string) *source.File { return c.files[name] }, unit)
	if err != nil {
		return false, err
	}
	done = true
	var at *code.Proc // of the form under way
	v := vm.Sequence(func() (datum.Value, error) {
		form, err := u.Next()
		switch {
		case err != nil && !u.Started():
			done = false
			return datum.Unset, nil
		case err != nil:
			return datum.Unset, asDatum(err)
		case form == nil:
			return datum.Unset, nil
		}
		at = form.Code
		return form.Value(), nil
	})
	if _, err = c.e.machine.Run(c.e.ctx, v); err != nil && at != nil {
		err = atTop(err, at.Full().Where)
	}
	return done, err
}

// listen makes changes of modules go to the recording, until the result is
// called. The recording may be nil.
func (r *recording) listen(e *Engine) (stop func()) {
	if r == nil {
		return func() {}
	}
	journal := e.modules.Journal
	e.modules.Journal = func(ch module.Change) {
		if ch.Module == r.start && r.current == nil {
			r.fail("it changes the module that was current before it")
		}
		r.where(e)
		r.w.Change(ch)
	}
	return func() { e.modules.Journal = journal }
}

func (r *recording) fail(format string, args ...any) {
	if r.failed == nil {
		r.failed = fmt.Errorf(format, args...)
	}
}

// where notes which module is current.
func (r *recording) where(e *Engine) {
	if m := e.modules.Current; m != r.current && (m != r.start || r.current != nil) {
		r.current = m
		r.w.Current(m)
	}
}

// form notes the code of a form that is run next. What running it does to
// modules is not noted: running it again does it again.
func (r *recording) form(e *Engine, f *code.Closure) {
	if r == nil {
		return
	}
	r.where(e)
	if r.current == nil {
		r.fail("it has forms outside of its module")
	}
	r.w.Run(f)
}

// need notes that the file being loaded needs a module; what that is is found
// out when the file is done.
func (c *cache) need(key string, load bool) {
	if n := len(c.stack); n > 0 {
		needs := c.stack[n-1].needs
		needs[key] = compiled.Need{Module: key, Loaded: load || needs[key].Loaded}
	}
}

// included notes that the file being loaded contains another, f; nil when there
// was none of that name.
func (c *cache) included(name string, f *source.File) {
	if n := len(c.stack); n > 0 && c.e.modules.Journal != nil {
		need := compiled.Need{File: name}
		if f != nil {
			need.Place, need.Digest = compiled.InFile, sha256.Sum256(f.Text)
			c.files[f.Name] = f
		}
		c.stack[n-1].needs["file "+name] = need
	}
}

// refuse says that the file being expanded cannot be kept.
func (c *cache) refuse(why string) {
	if c != nil && len(c.stack) > 0 && c.e.modules.Journal != nil {
		c.stack[len(c.stack)-1].fail("%s", why)
	}
}

// keep writes the entry of a file that was loaded from source. A file that
// cannot be kept gets one without a unit, for those that need the file.
func (c *cache) keep(r *recording) {
	r.where(c.e)
	entry := &compiled.Entry{}
	var ok bool
	if entry.Needs, ok = c.found(r.needs); !ok {
		return // a program made a module: another may not have it
	}
	if r.failed == nil {
		entry.Unit, r.failed = r.w.Bytes()
	}
	if r.failed != nil {
		entry.Unit = nil
	}
	c.dir.Put(r.key, entry)
	if p := c.parts[r.f.Name]; p != nil {
		p.entry = entry
	}
}

// found completes needs with what is there now.
func (c *cache) found(needs map[string]compiled.Need) (out []compiled.Need, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(needs)) {
		n := needs[key]
		if n.Module != "" {
			if n.Place, n.Digest, ok = c.place(n.Module); !ok {
				return nil, false
			}
		}
		out = append(out, n)
	}
	return out, true
}

// place tells where a module comes from; ok is false for one that is neither
// from a file nor from natives.
func (c *cache) place(key string) (compiled.Place, compiled.Digest, bool) {
	f, embedded, digest := c.e.modules.Locate(key)
	switch {
	case f == "" && c.e.isNative(key):
		return compiled.Nowhere, digest, true
	case f == "":
		return compiled.Nowhere, digest, c.e.modules.FindKey(key) == nil
	case embedded:
		return compiled.InLibrary, compiled.Digest{}, true
	}
	return compiled.InFile, digest, true
}

// check finds the entry of a module whose needs are what they were, nil when
// there is none.
func (c *cache) check(key string) *compiled.Entry {
	n := c.nodes[key]
	if n == nil || n.state == unknown {
		var walk []*node
		n = c.visit(key, &walk)
		// Who needs something stale is stale.
		for i := 0; i < len(walk); i++ {
			if walk[i].state == stale {
				c.spoil(walk[i])
			}
		}
		for _, x := range walk {
			if x.state == asked {
				x.state = good
			}
			x.users = nil
		}
	}
	if n.state != good {
		return nil
	}
	entry := n.entry
	n.entry = nil // needed once
	return entry
}

func (c *cache) spoil(n *node) {
	for _, u := range n.users {
		if u.state != stale {
			u.state = stale
			c.spoil(u)
		}
	}
}

// visit looks at a module and, through its entry, at all that it needs.
func (c *cache) visit(key string, walk *[]*node) *node {
	n := c.nodes[key]
	if n != nil {
		return n
	}
	n = &node{state: asked}
	c.nodes[key] = n
	*walk = append(*walk, n)
	name, embedded, digest := c.e.modules.Locate(key)
	if name == "" {
		if c.e.isNative(key) || c.e.modules.FindKey(key) == nil {
			n.state = good
		} else {
			n.state = stale
		}
		return n
	}
	if embedded && !c.e.modules.Searches() {
		// The library as a whole is part of the build.
		n.state = good
	}
	n.entry = c.dir.Get(c.key(&source.File{Name: name}, digest))
	if n.entry == nil {
		n.state = stale
		return n
	}
	if n.state == good {
		return n
	}
	for _, need := range n.entry.Needs {
		if !c.same(need) {
			n.state = stale
			return n
		}
	}
	for _, need := range n.entry.Needs {
		if !need.Loaded {
			continue
		}
		other := c.visit(need.Module, walk)
		if other.state == stale {
			n.state = stale
			return n
		}
		other.users = append(other.users, n)
	}
	return n
}

// same reports whether what was needed is what it was.
func (c *cache) same(n compiled.Need) bool {
	if n.Module != "" {
		place, digest, ok := c.place(n.Module)
		if !n.Loaded {
			return (place == compiled.Nowhere) == (n.Place == compiled.Nowhere)
		}
		return ok && place == n.Place && digest == n.Digest
	}
	text, err := runtime{c.e}.readFile(n.File)
	if err != nil {
		return n.Place == compiled.Nowhere
	}
	if n.Place != compiled.InFile || sha256.Sum256(text) != n.Digest {
		return false
	}
	c.files[n.File] = &source.File{Name: n.File, Text: text}
	return true
}

// isNative reports whether a module was made by natives.
func (e *Engine) isNative(key string) bool { return e.natives[key] != nil || key == "(guile)" }
