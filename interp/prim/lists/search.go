package lists

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// equality is a family of procedures that differ in how they compare.
type equality struct {
	member, assoc, ref, set, remove, del, del1 string
	same                                       func(a, b datum.Value) bool
}

var equalities = []equality{
	{"memq", "assq", "assq-ref", "assq-set!", "assq-remove!", "delq", "delq1!", func(a, b datum.Value) bool { return a == b }},
	{"memv", "assv", "assv-ref", "assv-set!", "assv-remove!", "delv", "delv1!", datum.Eqv},
	{"member", "assoc", "assoc-ref", "assoc-set!", "assoc-remove!", "delete", "delete1!", datum.Equal},
}

func searching() []*datum.Primitive {
	var t []*datum.Primitive
	for _, e := range equalities {
		t = append(t,
			arg.F2(e.member, func(_ datum.Caller, x, l datum.Value) (datum.Value, error) {
				for n, i := l, 1; ; n, i = n.Pair().Cdr, i+1 {
					if !n.IsPair() || endless(i, l) {
						if !n.IsNull() {
							return datum.Unset, datum.WrongTypeExpecting(e.member, 2, l, "list")
						}
						return datum.False, nil
					}
					if e.same(n.Pair().Car, x) {
						return n, nil
					}
				}
			}),
			arg.F2(e.assoc, func(_ datum.Caller, k, l datum.Value) (datum.Value, error) {
				return e.find(e.assoc, k, l)
			}),
			arg.F2(e.ref, func(_ datum.Caller, l, k datum.Value) (datum.Value, error) {
				for i := 1; l.IsPair() && !endless(i, l); l, i = l.Pair().Cdr, i+1 {
					if c := l.Pair().Car; c.IsPair() && e.same(c.Pair().Car, k) {
						return c.Pair().Cdr, nil
					}
				}
				return datum.False, nil
			}),
			arg.F3(e.set, func(_ datum.Caller, l, k, v datum.Value) (datum.Value, error) {
				for n, i := l, 1; n.IsPair() && !endless(i, l); n, i = n.Pair().Cdr, i+1 {
					if c := n.Pair().Car; c.IsPair() && e.same(c.Pair().Car, k) {
						c.Pair().Cdr = v
						return l, nil
					}
				}
				return datum.Cons(datum.Cons(k, v), l), nil
			}),
			arg.F2(e.remove, func(_ datum.Caller, l, k datum.Value) (datum.Value, error) {
				return removeIf(l, true, func(v datum.Value) bool {
					return v.IsPair() && e.same(v.Pair().Car, k)
				}), nil
			}),
		)
	}
	return t
}

func (e *equality) find(who string, k, l datum.Value) (datum.Value, error) {
	for n, i := l, 1; ; n, i = n.Pair().Cdr, i+1 {
		if !n.IsPair() || endless(i, l) {
			if !n.IsNull() {
				return datum.Unset, datum.WrongTypeExpecting(who, 2, l, "association list")
			}
			return datum.False, nil
		}
		c := n.Pair().Car
		if !c.IsPair() {
			return datum.Unset, datum.WrongTypeExpecting(who, 2, l, "association list")
		}
		if e.same(c.Pair().Car, k) {
			return c, nil
		}
	}
}

// endless reports, for a loop that has looked at i pairs of l, whether it would
// go on for ever. It looks into that rarely.
func endless(i int, l datum.Value) bool {
	return i&(i-1) == 0 && i >= 1<<16 && circular(l)
}

// removeIf unlinks in place the elements that fail; once says to stop after
// the first.
func removeIf(l datum.Value, once bool, drop func(datum.Value) bool) datum.Value {
	head, prev := l, datum.Unset
	for n, i := l, 1; n.IsPair() && !endless(i, l); n, i = n.Pair().Cdr, i+1 {
		if !drop(n.Pair().Car) {
			prev = n
			continue
		}
		if prev.IsPair() {
			prev.Pair().Cdr = n.Pair().Cdr
		} else {
			head = n.Pair().Cdr
		}
		if once {
			break
		}
	}
	return head
}

func removing() []*datum.Primitive {
	var t []*datum.Primitive
	for _, e := range equalities {
		t = append(t,
			arg.F2(e.del, func(_ datum.Caller, x, l datum.Value) (datum.Value, error) {
				if arg.Length(l) < 0 {
					return datum.Unset, datum.WrongTypeExpecting(e.del, 2, l, "list")
				}
				var b builder
				for ; l.IsPair(); l = l.Pair().Cdr {
					if !e.same(x, l.Pair().Car) {
						b.add(l.Pair().Car)
					}
				}
				return b.finish(datum.Null), nil
			}),
			arg.F2(e.del+"!", func(_ datum.Caller, x, l datum.Value) (datum.Value, error) {
				return removeIf(l, false, func(v datum.Value) bool { return e.same(x, v) }), nil
			}),
			arg.F2(e.del1, func(_ datum.Caller, x, l datum.Value) (datum.Value, error) {
				return removeIf(l, true, func(v datum.Value) bool { return e.same(x, v) }), nil
			}),
		)
	}
	return t
}
