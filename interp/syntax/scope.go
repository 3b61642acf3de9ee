package syntax

import (
	"sync/atomic"
	"unsafe"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
)

// Scope marks the identifiers that one binding form, or one expansion of a
// macro, can see. Bindings hang on the newest scope of their set, so that they
// are collected together with the syntax that can reach them.
type Scope struct {
	id       uint64
	filter   uint64 // Bloom filter over the symbols in bindings
	bindings []entry
	// sets holds the interned sets whose newest scope this is: a few in a list,
	// more than that by the rest in byRest.
	sets   []*Set
	byRest map[*Set]*Set
	only   *Set // the set {this}
	// local is one more than the level of the expressions that a binding form
	// put this scope on; 0 for the scopes of macro uses.
	local int
	last  *Set // the most recently made set, the usual hit
}

type entry struct {
	sym *datum.Symbol
	set *Set
	b   *Binding
}

// Scopes makes scopes; each engine has one. Its scopes must not be mixed with
// those of another.
type Scopes struct{ n atomic.Uint64 }

// New makes a fresh scope, newer than all others.
func (c *Scopes) New() *Scope { return &Scope{id: c.n.Add(1)} }

// NewLocal makes a fresh scope of a binding form in expressions of a level: how
// many transformers surround them.
func (c *Scopes) NewLocal(level int) *Scope {
	s := c.New()
	s.local = level + 1
	return s
}

// Beyond gives the set less the scopes of binding forms at the given level.
// That is what the context of a quoted template is: the variables around it
// exist while the transformer runs, and mean nothing to what it makes; two
// templates of one transformer must agree about the same name, wherever in
// the transformer they stand.
func (t *Set) Beyond(level int) *Set {
	out := t
	for u := t; u != nil; u = u.rest {
		if u.top.local > level {
			out = out.Without(u.top)
		}
	}
	return out
}

// Set is an interned, immutable set of scopes, held as a list from the newest
// to the oldest; nil is the empty set. Equal sets are identical pointers.
type Set struct {
	top  *Scope
	rest *Set
	// uses counts the scopes of macro uses.
	uses int
}

// newSet makes the set {s} ∪ rest.
func newSet(s *Scope, rest *Set) *Set {
	t := &Set{top: s, rest: rest}
	if rest != nil {
		t.uses = rest.uses
	}
	if s.local == 0 {
		t.uses++
	}
	return t
}

// Only gives the set {s}.
func (s *Scope) Only() *Set { return s.on(nil) }

// on gives the set {s} ∪ rest, every member of rest being older than s.
func (s *Scope) on(rest *Set) *Set {
	if rest == nil {
		if s.only == nil {
			s.only = newSet(s, nil)
		}
		return s.only
	}
	if s.last != nil && s.last.rest == rest {
		return s.last
	}
	t := s.byRest[rest]
	for i := 0; t == nil && i < len(s.sets); i++ {
		if s.sets[i].rest == rest {
			t = s.sets[i]
		}
	}
	if t == nil {
		t = newSet(s, rest)
		s.keep(t)
	}
	s.last = t
	return t
}

// fewSets is how many sets are looked through one by one.
const fewSets = 8

// keep adds a set whose newest scope is s.
func (s *Scope) keep(t *Set) {
	switch {
	case s.byRest != nil:
		s.byRest[t.rest] = t
	case len(s.sets) < fewSets:
		s.sets = append(s.sets, t)
	default:
		s.byRest = make(map[*Set]*Set, 2*fewSets)
		for _, u := range append(s.sets, t) {
			s.byRest[u.rest] = u
		}
		s.sets = nil
	}
}

// Xor gives the symmetric difference of two sets. It is the one operation by
// which scopes travel: a fresh scope is added by it, and a second application
// takes it away again, so pending operations of a subtree combine in any order.
func Xor(a, b *Set) *Set {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a == b:
		return nil
	}
	// Take the differing newest scopes off, then put them back on the
	// difference of what remains.
	var small [16]*Scope
	kept := small[:0]
	for a != nil && b != nil && a != b {
		switch {
		case a.top == b.top:
			a, b = a.rest, b.rest
		case a.top.id > b.top.id:
			kept = append(kept, a.top)
			a = a.rest
		default:
			kept = append(kept, b.top)
			b = b.rest
		}
	}
	var out *Set
	switch {
	case a == b:
	case a == nil:
		out = b
	default:
		out = a
	}
	for i := len(kept) - 1; i >= 0; i-- {
		out = kept[i].on(out)
	}
	return out
}

// Has reports whether s is a member.
func (t *Set) Has(s *Scope) bool {
	for ; t != nil && t.top.id >= s.id; t = t.rest {
		if t.top == s {
			return true
		}
	}
	return false
}

// Without gives the set less s.
func (t *Set) Without(s *Scope) *Set {
	if t.Has(s) {
		return Xor(t, s.Only())
	}
	return t
}

// subset reports whether every scope of t is in u.
func (t *Set) subset(u *Set) bool {
	for t != nil {
		for u != nil && u.top.id > t.top.id {
			u = u.rest
		}
		if t == u {
			return true
		}
		if u == nil || u.top != t.top {
			return false
		}
		t, u = t.rest, u.rest
	}
	return true
}

func (t *Set) len() (n int) {
	for ; t != nil; t = t.rest {
		n++
	}
	return n
}

// BindingKind tells what an identifier is bound to.
type BindingKind uint8

// The kinds of bindings.
const (
	Variable BindingKind = iota // Local
	Keyword                     // Macro
	Pattern                     // a pattern variable: Local and Depth
	Toplevel                    // Global in Module: a renamed top-level definition
)

// Binding is what a binding form recorded for an identifier.
type Binding struct {
	Kind   BindingKind
	Local  *core.Local
	Macro  *Macro
	Depth  int // of ellipses, for pattern variables
	Level  int // how many transformer expressions surround the binding
	Module *module.Module
	Global *datum.Symbol
	// Dead is set when the expansion of the binding form is finished: its
	// variable no longer exists for whoever kept the identifier.
	Dead bool
	// Context is the body that the binding was defined in, for use-site
	// scopes; nil for others.
	Context any

	token *datum.Opaque
}

// Token returns an object that stands for b, the same one each time.
func (b *Binding) Token() datum.Value {
	if b.token == nil {
		b.token = &datum.Opaque{Type: "binding", Go: b}
	}
	return datum.Obj(datum.KOpaque, unsafe.Pointer(b.token))
}

// symBit is a symbol's bit in a scope's filter. Objects do not move, so the
// address serves as the hash; no result depends on it.
func symBit(s *datum.Symbol) uint64 {
	return 1 << (uint64(uintptr(unsafe.Pointer(s))>>3) * 0x9E3779B97F4A7C15 >> 58)
}

// Bind records that the identifier (sym, set) means b. set must not be empty.
// A second binding of the very same identifier replaces the first.
func Bind(sym *datum.Symbol, set *Set, b *Binding) {
	s := set.top
	if s.filter&symBit(sym) != 0 {
		for i := range s.bindings {
			if s.bindings[i].sym == sym && s.bindings[i].set == set {
				s.bindings[i].b = b
				return
			}
		}
	}
	s.filter |= symBit(sym)
	s.bindings = append(s.bindings, entry{sym, set, b})
}

// Lookup finds the binding of the identifier (sym, set): of those whose set is
// a subset of set, the one that shares most macro uses with it, and of these
// the innermost, whose newest scope is the newest. It returns nil for a
// top-level name.
//
// Macro uses come first because a name that a macro brings in is never caught
// by a name that its use was given, even where the macro puts the binding of
// the latter closer to it: in (let ((x 1)) (let ((arg 2)) x)), made by a macro
// whose arg is x, too.
func Lookup(sym *datum.Symbol, set *Set) *Binding {
	bit := symBit(sym)
	var best *entry
	for t := set; t != nil; t = t.rest {
		s := t.top
		if s.filter&bit == 0 {
			continue
		}
		for i := range s.bindings {
			e := &s.bindings[i]
			if e.sym != sym || !e.set.rest.subset(t.rest) {
				continue
			}
			if best == nil || e.set.uses > best.set.uses ||
				e.set.uses == best.set.uses && e.set.top == best.set.top && e.set.len() > best.set.len() {
				best = e
			}
		}
		if best != nil && best.set.uses == set.uses {
			break
		}
	}
	if best == nil {
		return nil
	}
	return best.b
}

// BoundExactly finds the binding recorded for exactly (sym, set), or nil.
func BoundExactly(sym *datum.Symbol, set *Set) *Binding {
	if set == nil {
		return nil
	}
	for i := range set.top.bindings {
		if e := &set.top.bindings[i]; e.sym == sym && e.set == set {
			return e.b
		}
	}
	return nil
}

// VisibleFrom lists as identifiers the local bindings that an identifier at the
// place of id could mean, the innermost first.
func VisibleFrom(id *Syntax) []datum.Value {
	var out []datum.Value
	for t := id.Scopes; t != nil; t = t.rest {
		for i := range t.top.bindings {
			e := &t.top.bindings[i]
			if e.b.Kind != Toplevel && !e.b.Dead && e.set.rest.subset(t.rest) {
				out = append(out, (&Syntax{Datum: e.sym.Value(), Scopes: e.set, Module: id.Module}).Value())
			}
		}
	}
	return out
}
