package syntax

import "fruix/interp/datum"

// Age orders scopes: one made later has a larger age.
func (s *Scope) Age() uint64 { return s.id }

// Age is that of the newest scope, 0 when there is none.
func (c *Scopes) Age() uint64 { return c.n.Load() }

// Level is the level of the expressions whose binding form made the scope, -1
// for the scope of a macro use.
func (s *Scope) Level() int { return s.local - 1 }

// Bindings calls f for each binding whose identifier has s as its newest scope.
func (s *Scope) Bindings(f func(sym *datum.Symbol, set *Set, b *Binding)) {
	for _, e := range s.bindings {
		f(e.sym, e.set, e.b)
	}
}

// Members lists the scopes of a set, the newest first.
func (t *Set) Members() []*Scope {
	var out []*Scope
	for ; t != nil; t = t.rest {
		out = append(out, t.top)
	}
	return out
}
