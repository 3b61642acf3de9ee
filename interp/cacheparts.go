package interp

import (
	"maps"
	"strconv"

	"fruix/interp/compiled"
	"fruix/interp/core"
	"fruix/interp/module"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// parts are the definitions of a file of the library that wait until they are
// needed. Which of them a program needs is known at its end: then those that
// were compiled are added to the file's entry, so that after a few programs it
// has all that are ever used.
type parts struct {
	key   compiled.Key
	entry *compiled.Entry // nil while there is none
	fresh map[string][]byte
	needs map[string]compiled.Need
}

// bootParts is the name under which the definitions of (guile) are kept, which
// are those of several files.
const bootParts = "(guile)"

// force evaluates one deferred definition.
func (e *Engine) force(l *module.Lazy) error {
	// Another thread that needs the definition now would take it for a cycle.
	e.forcing++
	defer func() { e.forcing-- }()
	saved, journal := e.modules.Current, e.modules.Journal
	e.modules.Current, e.modules.Journal = l.Module, nil
	defer func() { e.modules.Current, e.modules.Journal = saved, journal }()
	if e.cache == nil {
		return e.forceSource(l, nil)
	}
	return e.cache.force(l)
}

// forceSource evaluates a deferred definition from its source. rec takes it
// down; nil for nobody.
func (e *Engine) forceSource(l *module.Lazy, rec *recording) error {
	r := read.New(l.File, read.Options{Wrap: syntax.Wrap, Offset: l.Offset, Line: l.Line, Col: l.Col})
	form, err := r.Read()
	if err != nil {
		return err
	}
	s := &forms{e: e, f: l.File, rec: rec}
	defer rec.listen(e)()
	return e.expander.Top(form, func(n core.Node) error {
		_, err := s.runAhead(n)
		return err
	})
}

// force evaluates a deferred definition, from the cache when it is there.
func (c *cache) force(l *module.Lazy) error {
	since := c.e.expander.Age()
	defer func() {
		if n := len(c.stack); n > 0 {
			c.stack[n-1].w.Skip(since)
		}
	}()
	p := c.partsOf(l)
	name := l.File.Name + ":" + strconv.Itoa(l.Offset)
	if p.entry != nil {
		if unit := p.entry.Parts[name]; unit != nil {
			if done, err := c.bringIn(l.File, unit); done {
				return err
			}
			c.e.modules.Current = l.Module
		}
	}
	rec := &recording{f: l.File, start: l.Module, current: l.Module, needs: map[string]compiled.Need{}}
	rec.w = compiled.NewWriter(c.host, l.File)
	c.stack = append(c.stack, rec)
	err := c.e.forceSource(l, rec)
	c.stack = c.stack[:len(c.stack)-1]
	if n := len(c.stack); n > 0 {
		// Who is being loaded needs it, too.
		maps.Copy(c.stack[n-1].needs, rec.needs)
	}
	if err != nil || rec.failed != nil {
		return err
	}
	if unit, werr := rec.w.Bytes(); werr == nil {
		if p.fresh == nil {
			p.fresh, p.needs = map[string][]byte{}, map[string]compiled.Need{}
		}
		p.fresh[name] = unit
		maps.Copy(p.needs, rec.needs)
	}
	return nil
}

// partsOf finds where a definition is kept.
func (c *cache) partsOf(l *module.Lazy) *parts {
	name := l.File.Name
	if l.Module == c.e.modules.Guile {
		name = bootParts
	}
	p := c.parts[name]
	if p == nil {
		p = &parts{}
		c.parts[name] = p
		if name == bootParts {
			p.key = c.key(&source.File{Name: bootParts}, compiled.Digest{})
			p.entry = c.dir.Get(p.key)
		}
	}
	return p
}

// save writes the entries to which definitions were added.
func (c *cache) save() {
	for name, p := range c.parts {
		if len(p.fresh) == 0 || p.key == (compiled.Key{}) || p.entry == nil && name != bootParts {
			continue
		}
		entry := &compiled.Entry{Parts: map[string][]byte{}}
		if p.entry != nil {
			entry.Unit = p.entry.Unit
			for _, n := range p.entry.Needs {
				p.needs[n.Module+n.File] = n
			}
			maps.Copy(entry.Parts, p.entry.Parts)
		}
		maps.Copy(entry.Parts, p.fresh)
		var ok bool
		if entry.Needs, ok = c.found(p.needs); ok {
			c.dir.Put(p.key, entry)
			p.entry = entry
		}
		p.fresh = nil
	}
}

// suspend puts the recordings under way aside while another thread runs.
func (c *cache) suspend() (resume func()) {
	if c == nil {
		return func() {}
	}
	stack, journal := c.stack, c.e.modules.Journal
	c.stack, c.e.modules.Journal = nil, nil
	return func() { c.stack, c.e.modules.Journal = stack, journal }
}
