package expand

import (
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// stx is a syntax object taken apart: a datum and the context that applies to
// it. Forms are walked with these, which costs no allocation, and made into
// syntax objects only where a macro wants to see them.
type stx struct {
	v   datum.Value
	set *syntax.Set
	mod *module.Module
	pos source.Pos
}

// look takes v apart under the context of its parent.
func look(v datum.Value, parent *stx) stx {
	s := stx{v, parent.set, parent.mod, parent.pos}
	s.norm()
	return s
}

// norm removes syntax wrappers around the datum.
func (s *stx) norm() {
	for syntax.Is(s.v) {
		w := syntax.Of(s.v)
		s.v = w.Datum
		s.set = syntax.Xor(w.Scopes, s.set)
		if w.Module != nil {
			s.mod = w.Module
		}
		if w.Pos.Known() {
			s.pos = w.Pos
		}
	}
}

// view takes apart a free-standing value.
func view(v datum.Value) stx {
	s := stx{v: v}
	s.norm()
	return s
}

func (s stx) isPair() bool   { return s.v.IsPair() }
func (s stx) isNull() bool   { return s.v.IsNull() }
func (s stx) isID() bool     { return s.v.IsSymbol() }
func (s stx) isVector() bool { return s.v.Is(datum.KVector) }

func (s *stx) sym() *datum.Symbol { return s.v.Symbol() }

// car and cdr give the parts of a pair.
func (s *stx) car() stx { return look(s.v.Pair().Car, s) }
func (s *stx) cdr() stx { return look(s.v.Pair().Cdr, s) }

// with gives s with one more scope on all of it.
func (s stx) with(sc *syntax.Scope) stx {
	s.set = syntax.Xor(s.set, sc.Only())
	return s
}

// syntax makes the value that programs see.
func (s *stx) syntax() datum.Value {
	switch {
	case s.v.IsSymbol(), s.v.IsPair(), s.v.Is(datum.KVector):
		return (&syntax.Syntax{Datum: s.v, Scopes: s.set, Module: s.mod, Pos: s.pos}).Value()
	case (s.v.IsString() || s.v.Is(datum.KKeyword)) && s.pos.Known():
		return (&syntax.Syntax{Datum: s.v, Pos: s.pos}).Value()
	}
	return s.v
}

// strip is the plain datum.
func (s *stx) strip() datum.Value { return syntax.Strip(s.v) }

// list gives the elements of a proper list; ok is false for other data.
func (s stx) list() (items []stx, ok bool) {
	n := 0
	for v := s.v; v.IsPair(); v = v.Pair().Cdr {
		if n++; endless(n, v) {
			return nil, false
		}
	}
	items = make([]stx, 0, n)
	for s.isPair() {
		if endless(len(items), s.v) {
			return nil, false
		}
		items = append(items, s.car())
		s = s.cdr()
	}
	return items, s.isNull()
}

// vector gives the elements of a vector.
func (s *stx) vector() []stx {
	items := s.v.Vector().Items
	out := make([]stx, len(items))
	for i, x := range items {
		out[i] = look(x, s)
	}
	return out
}

// maxForm bounds the length of one form.
const maxForm = 1 << 26

// endless reports whether a walk along a list, after n pairs at v, will not
// come to an end. It looks for a circle now and then.
func endless(n int, v datum.Value) bool {
	if n < 1<<12 || n&(n-1) != 0 {
		return n > maxForm
	}
	slow := v
	for move := false; v.IsPair(); move = !move {
		v = v.Pair().Cdr
		if move {
			slow = slow.Pair().Cdr
		}
		if v == slow {
			return true
		}
	}
	return false
}

// values makes syntax of many views.
func values(items []stx) []datum.Value {
	out := make([]datum.Value, len(items))
	for i := range items {
		out[i] = items[i].syntax()
	}
	return out
}
