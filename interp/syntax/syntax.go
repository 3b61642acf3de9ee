// Package syntax has the objects that macros work with: data that know their
// place in a file and the scopes that surround them.
//
// Hygiene follows Matthew Flatt, "Binding as Sets of Scopes" (POPL 2016). A
// scope is made for each binding form and each macro expansion; an identifier
// refers to the binding with the largest set of scopes that is a subset of its
// own. Scopes are put on a whole form at once and reach the parts when they are
// looked at. An identifier that no local binding matches is a top-level name of
// its module.
package syntax

import (
	"maps"

	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/source"
)

// Syntax is a datum with its lexical context. For a symbol Scopes is its scope
// set; for a pair or vector it is what the parts still have to be combined
// with (Xor). The parts of a pair or vector may be Syntax or plain data; plain
// data have no scopes of their own. Syntax is never changed once made. It begins
// as datum.Annotated does.
type Syntax struct {
	Datum  datum.Value
	Scopes *Set
	// Module is where the free names in Datum are looked up; nil, as the
	// reader leaves it, is the module that is current during the expansion.
	Module *module.Module
	Pos    source.Pos
}

// These fail to compile when the beginnings differ.
var (
	_ [unsafe.Offsetof(Syntax{}.Scopes)]byte = [unsafe.Offsetof(datum.Annotated{}.Scopes)]byte{}
	_ [unsafe.Offsetof(Syntax{}.Module)]byte = [unsafe.Offsetof(datum.Annotated{}.Module)]byte{}
)

// New makes syntax as the reader does: a datum at a place, without scopes.
// Parts of d that deserve a position are Syntax themselves; the spine of a list
// is plain pairs.
func New(d datum.Value, pos source.Pos) datum.Value {
	return (&Syntax{Datum: d, Pos: pos}).Value()
}

// Value returns s as a value.
func (s *Syntax) Value() datum.Value { return datum.Obj(datum.KSyntax, unsafe.Pointer(s)) }

// Is reports whether v is a syntax object.
func Is(v datum.Value) bool { return v.Is(datum.KSyntax) }

// Of returns the syntax object of v, which must be one.
func Of(v datum.Value) *Syntax { return (*Syntax)(v.Ptr()) }

// PosOf tells where v was read, when it is syntax that knows.
func PosOf(v datum.Value) source.Pos {
	if Is(v) {
		return Of(v).Pos
	}
	if v.IsPair() {
		if p := PosOf(v.Pair().Car); p.Known() {
			return p
		}
	}
	return source.Pos{}
}

// IsIdentifier reports whether v is a syntax object for a symbol.
func IsIdentifier(v datum.Value) bool { return Is(v) && Of(v).Datum.IsSymbol() }

// Push gives v as a part of syntax whose pending scopes are set and whose
// module is mod: the context moves one step inwards.
func Push(v datum.Value, set *Set, mod *module.Module, pos source.Pos) datum.Value {
	if Is(v) {
		s := Of(v)
		if set == nil && (mod == nil || s.Module != nil) {
			return v
		}
		m := s.Module
		if m == nil {
			m = mod
		}
		return (&Syntax{s.Datum, Xor(s.Scopes, set), m, s.Pos}).Value()
	}
	switch {
	case v.IsSymbol(), v.IsPair(), v.Is(datum.KVector):
		return (&Syntax{v, set, mod, pos}).Value()
	}
	return v
}

// Expr unwraps one layer, as psyntax's syntax-expression of a normalised
// object: a pair's or vector's parts get the context of v.
func Expr(v datum.Value) datum.Value {
	if !Is(v) {
		return v
	}
	s := Of(v)
	switch {
	case s.Datum.IsPair():
		p := s.Datum.Pair()
		if s.Scopes == nil && s.Module == nil {
			return s.Datum
		}
		return datum.Cons(Push(p.Car, s.Scopes, s.Module, s.Pos), Push(p.Cdr, s.Scopes, s.Module, s.Pos))
	case s.Datum.Is(datum.KVector):
		items := s.Datum.Vector().Items
		out := make([]datum.Value, len(items))
		for i, x := range items {
			out[i] = Push(x, s.Scopes, s.Module, s.Pos)
		}
		return datum.NewVector(out)
	case Is(s.Datum):
		return Expr(Push(s.Datum, s.Scopes, s.Module, s.Pos))
	}
	return s.Datum
}

// Flip combines scope s with the scopes of all of v.
func Flip(v datum.Value, s *Scope) datum.Value {
	return Push(v, s.Only(), nil, source.Pos{})
}

// Strip removes all context: syntax->datum. Data without syntax inside are
// returned as they are, others are copied. What a datum label stands for holds
// no syntax, so circular data stay what they are.
func Strip(v datum.Value) datum.Value {
	var s stripper
	out, _ := s.strip(v, source.Pos{})
	return out
}

// StripPlaced is Strip, and lets the lists that it makes keep the places of the
// syntax; nil places are none.
func StripPlaced(v datum.Value, places *Places) datum.Value {
	s := stripper{places: places}
	out, _ := s.strip(v, source.Pos{})
	return out
}

// stripper is one walk over data.
type stripper struct {
	places *Places // nil when nobody asks for them
	steps  int
	plain  map[datum.Value]bool // pairs and vectors known to hold no syntax
}

// isPlain reports whether nothing below v, a pair or vector, needs to be looked
// at. It looks for itself only when the walk has become long, as it does for
// ever in circular data.
func (s *stripper) isPlain(v datum.Value) bool {
	if s.plain[v] {
		return true
	}
	if s.steps++; s.steps < 1<<16 || s.steps&(s.steps-1) != 0 {
		return false
	}
	below := withoutSyntax(v)
	if below == nil {
		return false
	}
	if s.plain == nil {
		s.plain = below
	} else {
		maps.Copy(s.plain, below)
	}
	return true
}

// withoutSyntax gives the pairs and vectors that v consists of, nil when there
// is syntax among them.
func withoutSyntax(v datum.Value) map[datum.Value]bool {
	seen := map[datum.Value]bool{}
	work := []datum.Value{v}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		switch {
		case Is(v):
			return nil
		case seen[v]:
		case v.IsPair():
			seen[v] = true
			work = append(work, v.Pair().Cdr, v.Pair().Car)
		case v.Is(datum.KVector):
			seen[v] = true
			work = append(work, v.Vector().Items...)
		}
	}
	return seen
}

// strip gives v without context, and whether there was any; at is where v lies
// when that is known.
func (s *stripper) strip(v datum.Value, at source.Pos) (datum.Value, bool) {
	switch {
	case Is(v):
		out, _ := s.strip(Of(v).Datum, Of(v).Pos)
		return out, true
	case v.IsPair():
		return s.list(v, at)
	case v.Is(datum.KVector):
		if s.isPlain(v) {
			return v, false
		}
		items := v.Vector().Items
		var out []datum.Value
		for i, x := range items {
			y, changed := s.strip(x, source.Pos{})
			if changed && out == nil {
				out = append(make([]datum.Value, 0, len(items)), items[:i]...)
			}
			if out != nil {
				out = append(out, y)
			}
		}
		if out == nil {
			return v, false
		}
		return datum.NewVector(out), true
	}
	return v, false
}

// list walks a list's spine in a loop, so that long lists need no stack.
func (s *stripper) list(v datum.Value, at source.Pos) (datum.Value, bool) {
	changed := false
	var items []datum.Value
	rest := v
	since, from := 0, v // what follows the last syntax met
	for {
		if Is(rest) {
			changed = true
			rest = Of(rest).Datum
			since, from = len(items), rest
			continue
		}
		if !rest.IsPair() {
			break
		}
		if s.isPlain(rest) {
			// The walk may have been in there for long.
			for rest = from; !s.plain[rest]; rest = rest.Pair().Cdr {
				since++
			}
			items = items[:since]
			break
		}
		p := rest.Pair()
		car, c := s.strip(p.Car, source.Pos{})
		changed = changed || c
		items = append(items, car)
		rest = p.Cdr
	}
	tail, c := rest, false
	if !rest.IsPair() {
		tail, c = s.strip(rest, source.Pos{})
	}
	if !changed && !c {
		if s.places != nil {
			s.places.Put(v, at)
		}
		return v, false
	}
	if len(items) == 0 {
		return tail, true
	}
	for i := len(items) - 1; i > 0; i-- {
		tail = datum.Cons(items[i], tail)
	}
	if s.places != nil && at.Known() {
		return s.places.Cons(items[0], tail, at), true
	}
	return datum.Cons(items[0], tail), true
}

// FromDatum gives d the lexical context of ctx: datum->syntax. Parts that are
// syntax already keep their own context.
func FromDatum(ctx *Syntax, d datum.Value, pos source.Pos) datum.Value {
	if Is(d) {
		return d
	}
	if ctx.Scopes != nil {
		d, _ = shield(d, ctx.Scopes)
	}
	return (&Syntax{d, ctx.Scopes, ctx.Module, pos}).Value()
}

// shield prepares the parts of d that are syntax already for being combined
// with set later, so that in the end they are as they were. The spine of a
// list is walked in a loop.
func shield(d datum.Value, set *Set) (datum.Value, bool) {
	switch {
	case Is(d):
		s := Of(d)
		return (&Syntax{s.Datum, Xor(s.Scopes, set), s.Module, s.Pos}).Value(), true
	case d.IsPair():
		var items []datum.Value
		changed := false
		rest := d
		for rest.IsPair() {
			x, c := shield(rest.Pair().Car, set)
			items = append(items, x)
			changed = changed || c
			rest = rest.Pair().Cdr
		}
		tail, c := shield(rest, set)
		if !changed && !c {
			return d, false
		}
		for i := len(items) - 1; i >= 0; i-- {
			tail = datum.Cons(items[i], tail)
		}
		return tail, true
	case d.Is(datum.KVector):
		items := d.Vector().Items
		out := make([]datum.Value, len(items))
		changed := false
		for i, x := range items {
			y, c := shield(x, set)
			out[i] = y
			changed = changed || c
		}
		if changed {
			return datum.NewVector(out), true
		}
	}
	return d, false
}

// BoundEqual is bound-identifier=?: same name, same scopes.
func BoundEqual(a, b *Syntax) bool {
	return a.Datum == b.Datum && a.Scopes == b.Scopes
}
