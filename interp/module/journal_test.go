package module

import (
	"reflect"
	"testing"

	"fruix/interp/datum"
)

// TestJournalFields fails when modules get fields that journal.go may not know
// of: what is kept in a cache would lack them. Who adds one that expansion
// changes notes the change, then corrects the number here.
func TestJournalFields(t *testing.T) {
	for _, tc := range []struct {
		of     any
		fields int
	}{{Module{}, 23}, {view{}, 7}, {autoload{}, 3}, {Import{}, 7}} {
		if typ := reflect.TypeOf(tc.of); typ.NumField() != tc.fields {
			t.Errorf("%s has %d fields, journal.go knows %d", typ, typ.NumField(), tc.fields)
		}
	}
}

// TestRedo checks that the changes of one registry, carried out in another,
// make the same interfaces.
func TestRedo(t *testing.T) {
	sym := datum.Intern
	name := func(s string) datum.Value { return datum.List(datum.Sym(s)) }
	var changes []Change
	play := func(r *Registry) {
		a, b := r.Make(name("a")), r.Make(name("b"))
		for _, s := range []string{"x", "y", "z"} {
			a.Set(sym(s), datum.Fix(int64(len(s))))
			a.Export(sym(s), sym(s))
		}
		only, err := Only(a.Public(), []Select{{sym("x"), sym("ex")}})
		if err != nil {
			t.Fatal(err)
		}
		hidden, err := Except(a.Public(), []*datum.Symbol{sym("x")})
		if err != nil {
			t.Fatal(err)
		}
		renamed, err := RenamedNames(hidden, []Select{{sym("y"), sym("why")}})
		if err != nil {
			t.Fatal(err)
		}
		b.Use(Prefixed(only, "p:"))
		b.Use(renamed)
		b.Use(r.Guile.Public())
		if err := b.ReExport(sym("why"), sym("why"), true); err != nil {
			t.Fatal(err)
		}
		b.FreshCount(sym("t"))
		b.SetDuplicates([]string{"last"})
	}
	r1 := NewRegistry()
	r1.Journal = func(c Change) { changes = append(changes, c) }
	play(r1)
	shapes := map[*Module]*Shape{}
	for _, c := range changes {
		for _, i := range c.Ifaces {
			s, ok := r1.ShapeOf(i)
			if !ok {
				t.Fatal("an interface has no shape")
			}
			shapes[i] = s
		}
	}
	r2 := NewRegistry()
	var move func(s *Shape) *Shape
	move = func(s *Shape) *Shape {
		c := *s
		if s.Module != nil {
			c.Module = r2.Make(s.Module.Name)
		}
		if s.Of != nil {
			c.Of = move(s.Of)
		}
		return &c
	}
	for _, c := range changes {
		if c.Module != nil && c.Kind != Made {
			c.Module = r2.Find(c.Module.Name)
		}
		if c.Var != nil {
			c.Var = r2.FindKey(c.Var.Home).Own(c.Var.Name)
		}
		for i, x := range c.Ifaces {
			made, err := r2.Build(move(shapes[x]))
			if err != nil {
				t.Fatal(err)
			}
			c.Ifaces[i] = made
		}
		r2.Redo(c)
	}
	b := r2.FindKey("(b)")
	for s, want := range map[string]bool{"p:ex": true, "why": true, "z": true, "x": false, "y": false, "ex": false} {
		if v, err := b.Lookup(sym(s)); err != nil || (v != nil) != want {
			t.Errorf("%s: found %v, want %v (%v)", s, v != nil, want, err)
		}
	}
	if v, _ := b.Public().Local(sym("why")); v == nil || !b.Public().isReplacement(sym("why")) {
		t.Error("why is not re-exported, replacing")
	}
	if n := b.FreshCount(sym("t")); n != 2 {
		t.Errorf("the next fresh name is number %d, want 2", n)
	}
}

// TestLateExports checks that what a module has found in one interface gives
// way to what another one offers later, under the same or a changed name.
func TestLateExports(t *testing.T) {
	sym := datum.Intern
	r := NewRegistry()
	make := func(name string) *Module { return r.Make(datum.List(datum.Sym(name))) }
	a, b, c, m := make("a"), make("b"), make("c"), make("m")
	set := func(m *Module, name string) *datum.Variable {
		v := m.Set(sym(name), datum.True)
		m.Export(sym(name), sym(name))
		return v
	}
	for _, i := range []*Module{a.Public(), Prefixed(c.Public(), "p:"), b.Public()} {
		m.Use(i)
	}
	find := func(name string, want *datum.Variable) {
		t.Helper()
		if v, err := m.Lookup(sym(name)); v != want || err != nil {
			t.Errorf("%s: found %v, want %v (%v)", name, v, want, err)
		}
	}
	find("x", nil)
	find("x", nil)
	first, prefixed := set(a, "x"), set(a, "p:y")
	find("x", first)
	find("p:y", prefixed)
	find("x", set(b, "x"))
	find("p:y", set(c, "y"))
	d := make("d")
	later := set(d, "x")
	if err := b.ReExport(sym("x"), sym("z"), false); err != nil {
		t.Fatal(err)
	}
	m.Use(d.Public())
	find("x", later)
}
