package module

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"fruix/interp/datum"
	"fruix/interp/source"
)

func name(parts ...string) datum.Value {
	var out []datum.Value
	for _, p := range parts {
		out = append(out, datum.Sym(p))
	}
	return datum.List(out...)
}

func sym(s string) *datum.Symbol { return datum.Intern(s) }

func exporting(r *Registry, mod string, names ...string) *Module {
	m := r.Make(name(mod))
	for _, n := range names {
		m.Export(sym(n), sym(n))
		m.Set(sym(n), datum.Sym(mod+":"+n))
	}
	return m
}

func look(t *testing.T, m *Module, n string) string {
	t.Helper()
	v, err := m.Lookup(sym(n))
	if err != nil {
		return err.Error()
	}
	if v == nil {
		return ""
	}
	return v.Value.Symbol().Name
}

func TestViews(t *testing.T) {
	r := NewRegistry()
	exporting(r, "a", "x", "y", "z")
	for _, c := range []struct {
		imp  Import
		want map[string]string
	}{
		{Import{}, map[string]string{"x": "a:x", "y": "a:y", "w": ""}},
		{Import{HasSelect: true, Select: []Select{{sym("x"), sym("q")}}}, map[string]string{"q": "a:x", "x": "", "y": ""}},
		{Import{Hide: []*datum.Symbol{sym("x")}}, map[string]string{"x": "", "y": "a:y"}},
		{Import{Prefix: "p-"}, map[string]string{"p-x": "a:x", "x": ""}},
		{Import{Autoload: []*datum.Symbol{sym("x")}}, map[string]string{"x": "a:x", "y": ""}},
	} {
		c.imp.Name = name("a")
		iface, err := r.Resolve(c.imp)
		if err != nil {
			t.Fatal(err)
		}
		m := r.Fresh()
		m.Use(iface)
		for n, want := range c.want {
			if got := look(t, m, n); got != want {
				t.Errorf("%+v: %s is %q, want %q", c.imp, n, got, want)
			}
		}
	}
	iface, err := RenamedNames(r.Find(name("a")).Public(), []Select{{sym("x"), sym("y")}, {sym("y"), sym("x")}})
	if err != nil {
		t.Fatal(err)
	}
	if look(t, iface, "x") != "a:y" || look(t, iface, "y") != "a:x" || look(t, iface, "z") != "a:z" {
		t.Error("swapping names by renaming")
	}
}

func TestDuplicates(t *testing.T) {
	r := NewRegistry()
	var warnings []string
	r.Warn = func(s string) { warnings = append(warnings, s) }
	a, b := exporting(r, "a", "x"), exporting(r, "b", "x")
	m := r.Fresh()
	m.Use(a.Public())
	m.Use(b.Public())
	if got := look(t, m, "x"); got != "b:x" || len(warnings) != 1 {
		t.Errorf("last should win with a warning: %q %q", got, warnings)
	}
	a.ExportReplacing(sym("x"), sym("x"))
	if got := look(t, m, "x"); got != "a:x" || len(warnings) != 1 {
		t.Errorf("a replacement should win: %q %q", got, warnings)
	}
	n := r.Fresh()
	n.SetDuplicates([]string{"check"})
	n.Use(b.Public())
	n.Use(exporting(r, "c", "x").Public())
	if _, err := n.Lookup(sym("x")); err == nil {
		t.Error("check should refuse two imports")
	}
}

func TestForwardReference(t *testing.T) {
	r := NewRegistry()
	m := r.Make(name("m"))
	v, err := m.Ref(sym("later"))
	if err != nil || v.Value != datum.Unset {
		t.Fatal("a reference to an unknown name gives an unset variable")
	}
	if m.Set(sym("later"), datum.True) != v {
		t.Error("the definition must become the variable that was referred to")
	}
	w, _ := m.Ref(sym("imported"))
	m.Use(exporting(r, "a", "imported").Public())
	got, err := r.Settle(w)
	if err != nil || got == nil || got.Value != datum.Sym("a:imported") {
		t.Error("an import that comes later is found when the variable is read")
	}
	if u, _ := m.Ref(sym("never")); u != nil {
		if s, err := r.Settle(u); s != nil || err != nil {
			t.Error("an unbound name stays unbound")
		}
	}
}

func TestLoad(t *testing.T) {
	r := NewRegistry()
	r.Stdlib = fstest.MapFS{
		"lib/one.scm":       {Data: []byte("(lib one)")},
		"lib/none.scm":      {Data: []byte("(other)")},
		"srfi/srfi-1.scm":   {Data: []byte("(srfi srfi-1)")},
		"lib/cycle.scm":     {Data: []byte("(lib cycle)")},
		"lib/fails-now.scm": {Data: []byte("!")},
	}
	runs := 0
	r.Run = func(_ string, f *source.File, _ bool) error {
		runs++
		if string(f.Text) == "!" {
			return errors.New("fails")
		}
		n, _ := ParseName(string(f.Text))
		m := r.Make(n)
		if f.Name == "lib/cycle.scm" {
			if again, err := r.Load(n); again != m || err != nil {
				t.Error("a module that is being loaded is returned as far as it is")
			}
		}
		return nil
	}
	for range 2 {
		if _, err := r.Load(name("lib", "one")); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 1 {
		t.Errorf("loaded %d times", runs)
	}
	if _, err := r.Load(name("lib", "cycle")); err != nil {
		t.Fatal(err)
	}
	if m, err := r.Load(datum.List(datum.Sym("srfi"), datum.Fix(1))); err != nil || m.Key != "(srfi srfi-1)" {
		t.Error("(srfi 1) should be (srfi srfi-1): ", err)
	}
	for _, c := range []struct {
		name datum.Value
		want string
	}{
		{name("lib", "none"), "does not define the module (lib none)"},
		{name("lib", "oen"), "did you mean (lib one)"},
		{name("..", "etc"), "no code for module"},
		{name("lib", "fails-now"), "fails"},
	} {
		if _, err := r.Load(c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", Key(c.name), err, c.want)
		}
	}
	if got := r.Exporters(sym("nothing")); len(got) != 0 {
		t.Errorf("Exporters: %q", got)
	}
}

func TestIndex(t *testing.T) {
	r := NewRegistry()
	f := &source.File{Name: "boot", Text: []byte(";;; text\n(define (f x)\n  x)\n\n(define-syntax-rule (m a) a)\n(define* (g #:key x) x)\n(define v\n  5)\n")}
	if err := r.Index(r.Guile, f); err != nil {
		t.Fatal(err)
	}
	for n, line := range map[string]uint32{"f": 2, "m": 5, "g": 6, "v": 7} {
		v, _ := r.Guile.Lookup(sym(n))
		if v == nil || !r.IsLazy(v) || r.lazy[v].Line != line || r.lazy[v].Syntax != (n == "m") {
			t.Errorf("%s is not indexed as expected", n)
		}
	}
	forced := ""
	r.Force = func(l *Lazy) error {
		forced += "x"
		r.Guile.Set(sym("v"), datum.Fix(5))
		return nil
	}
	v, _ := r.Guile.Lookup(sym("v"))
	for range 2 {
		if got, err := r.Settle(v); err != nil || got != v || v.Value != datum.Fix(5) {
			t.Error("Settle should force the definition")
		}
	}
	if forced != "x" {
		t.Errorf("forced %d times", len(forced))
	}
	if err := r.Index(r.Guile, &source.File{Text: []byte("(display 1)\n")}); err == nil {
		t.Error("a boot file may hold definitions only")
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		name string
		from []string
		want string
	}{
		{"strng-append", []string{"string-append", "string-copy", "append"}, "string-append"},
		{"foo", []string{"bar", "baz"}, ""},
		{"lenght", []string{"length", "list"}, "length"},
		{"CAR", []string{"car", "cdr"}, "car"},
		{"x", []string{"y", "z"}, ""},
	} {
		if got := strings.Join(Nearest(c.name, c.from), " "); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}
