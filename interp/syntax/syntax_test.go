package syntax

import (
	"math/rand"
	"testing"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// TestXorLaws checks sets of scopes against sorted slices.
func TestXorLaws(t *testing.T) {
	var c Scopes
	all := make([]*Scope, 12)
	for i := range all {
		all[i] = c.New()
	}
	rng := rand.New(rand.NewSource(1))
	type pair struct {
		set  *Set
		bits uint
	}
	pool := []pair{{nil, 0}}
	for range 2000 {
		a := pool[rng.Intn(len(pool))]
		i := rng.Intn(len(all))
		pool = append(pool, pair{Xor(a.set, all[i].Only()), a.bits ^ 1<<i})
		b := pool[rng.Intn(len(pool))]
		pool = append(pool, pair{Xor(a.set, b.set), a.bits ^ b.bits})
	}
	byBits := map[uint]*Set{}
	for _, p := range pool {
		if old, ok := byBits[p.bits]; ok && old != p.set {
			t.Fatalf("two sets for %b", p.bits)
		}
		byBits[p.bits] = p.set
		for i, s := range all {
			if p.set.Has(s) != (p.bits>>i&1 == 1) {
				t.Fatalf("Has(%d) of %b", i, p.bits)
			}
		}
		q := pool[rng.Intn(len(pool))]
		if p.set.subset(q.set) != (p.bits&^q.bits == 0) {
			t.Fatalf("subset of %b in %b", p.bits, q.bits)
		}
		if w := p.set.Without(all[3]); w != byBits[p.bits&^8] && byBits[p.bits&^8] != nil {
			t.Fatalf("Without in %b", p.bits)
		}
	}
}

// TestLookup checks that the largest subset wins.
func TestLookup(t *testing.T) {
	var c Scopes
	a, b, d := c.New(), c.New(), c.New()
	x := datum.Intern("x")
	mk := func() *Binding { return &Binding{Local: &core.Local{Name: x}} }
	b1, b2 := mk(), mk()
	sa := a.Only()
	sab := Xor(sa, b.Only())
	Bind(x, sa, b1)
	Bind(x, sab, b2)
	for _, tc := range []struct {
		set  *Set
		want *Binding
	}{
		{nil, nil}, {sa, b1}, {sab, b2}, {b.Only(), nil},
		{Xor(sa, d.Only()), b1}, {Xor(sab, d.Only()), b2}, {d.Only(), nil},
	} {
		if got := Lookup(x, tc.set); got != tc.want {
			t.Errorf("Lookup in set of %d: %p, want %p", tc.set.len(), got, tc.want)
		}
	}
	if Lookup(datum.Intern("y"), sab) != nil {
		t.Error("found a binding of another name")
	}
	if BoundExactly(x, Xor(sab, d.Only())) != nil || BoundExactly(x, sab) != b2 {
		t.Error("BoundExactly")
	}
}

// TestContext checks that scopes reach the parts when they are looked at, and
// that syntax inside datum->syntax keeps its own.
func TestContext(t *testing.T) {
	var c Scopes
	a, b := c.New(), c.New()
	inner := (&Syntax{Datum: datum.Sym("in"), Scopes: b.Only()}).Value()
	ctx := &Syntax{Datum: datum.Sym("ctx"), Scopes: a.Only()}
	v := FromDatum(ctx, datum.List(datum.Sym("out"), inner, datum.List(inner)), source.Pos{})
	parts := Expr(v).Pair()
	if got := Of(parts.Car).Scopes; got != a.Only() {
		t.Error("a plain symbol did not get the context")
	}
	second := Expr(parts.Cdr).Pair()
	if got := Of(second.Car).Scopes; got != b.Only() {
		t.Error("syntax inside lost its own context")
	}
	if got := Strip(v); got.Pair().Car != datum.Sym("out") || Is(got.Pair().Cdr.Pair().Car) {
		t.Error("Strip left syntax inside")
	}
	plain := datum.List(datum.Fix(1), datum.Sym("x"))
	if Strip(plain) != plain {
		t.Error("Strip copied plain data")
	}
}

func TestFlipTwice(t *testing.T) {
	var c Scopes
	s := c.New()
	id := (&Syntax{Datum: datum.Sym("x")}).Value()
	once := Flip(id, s)
	if !Of(once).Scopes.Has(s) || Of(Flip(once, s)).Scopes != nil {
		t.Error("a scope that is put on twice must vanish")
	}
}

func TestStripLongAndCircular(t *testing.T) {
	var items []datum.Value
	for i := range 200000 {
		items = append(items, datum.Fix(int64(i)))
	}
	items = append(items, (&Syntax{Datum: datum.Sym("x")}).Value())
	out := Strip(datum.List(items...))
	n := 0
	for ; out.IsPair(); out = out.Pair().Cdr {
		n++
	}
	if n != len(items) {
		t.Errorf("%d elements, want %d", n, len(items))
	}
	loop := datum.List(datum.Fix(1), datum.Fix(2))
	loop.Pair().Cdr.Pair().Cdr = loop
	if Strip(loop) != loop {
		t.Error("a circular list changed")
	}
}

func BenchmarkLookupDeep(b *testing.B) {
	var c Scopes
	var set *Set
	for range 50 {
		set = Xor(set, c.New().Only())
	}
	x := datum.Intern("x")
	for b.Loop() {
		if Lookup(x, set) != nil {
			b.Fatal("found")
		}
	}
}
