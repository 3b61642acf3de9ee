package compiled_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"fruix/interp"
	"fruix/interp/code"
	"fruix/interp/compiled"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

const program = `(define-module (m) #:use-module ((srfi srfi-1) #:prefix s:) #:export (f m))
(define-syntax m (syntax-rules (else) ((_ (a b ...) ...) '((b ... a) ...)) ((_ else #(x ...)) (list x ...))))
(define-syntax-parameter p (identifier-syntax 1))
(define-syntax n (lambda (s) (syntax-case s () ((_ x) #'(let ((t x)) (list t t))))))
(define* (f a #:optional (b '(1 "x" #\c 2.5 1/2 1/2-3i +i 1.5+2i 123456789012345678901234567890 #t sym #:k #(1) #u8(1))) #:key (c 3) . r)
  (let loop ((i 0)) (if (< i 10) (loop (+ i 1)) (vector a b c r (s:iota 3) (m (1 2 3)) (n i)))))
(define (g x) (call-with-values (lambda () (values x x)) (lambda (y . z) (set! x y) (lambda () x))))
(f 1)
`

// nothing is an expander's runtime that runs nothing.
type nothing struct{ expand.Runtime }

func (nothing) Context() context.Context { return context.Background() }

// host makes what a unit can be brought into without an engine.
func host() *compiled.Host {
	r := module.NewRegistry()
	budget := 1000
	eval := func(f *code.Closure) (datum.Value, error) { return datum.Unspecified, fetch(f.Code, &budget) }
	return &compiled.Host{Modules: r, Expander: expand.New(r, nothing{}), Known: map[string]datum.Value{}, Eval: eval}
}

// fetch brings in a procedure with all that is in it. Procedures may hold
// themselves: the budget ends that.
func fetch(p *code.Proc, budget *int) error {
	if *budget--; *budget < 0 {
		return nil
	}
	if err := p.Fetch(); err != nil {
		return err
	}
	for pc := range p.Code {
		p.PosAt(pc)
	}
	for _, q := range p.Procs {
		if err := fetch(q, budget); err != nil {
			return err
		}
	}
	for _, v := range p.Consts {
		if v.Is(datum.KClosure) {
			if err := fetch(code.ClosureOf(v).Code, budget); err != nil {
				return err
			}
		}
	}
	return nil
}

// units gives the units that an engine makes of the program and of what it
// uses.
func units(t testing.TB) [][]byte {
	t.Helper()
	dir, cache := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.scm"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../stdlib"), LoadPath: []string{dir}, Cache: interp.Cache{Dir: cache, Build: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(context.Background(), "(use-modules (m))", "main"); err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	_ = filepath.WalkDir(cache, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if data, err := os.ReadFile(name); err == nil && len(data) > 0 {
				out = append(out, data)
			}
		}
		return nil
	})
	return out
}

// FuzzUnit brings in damaged entries: whatever they hold, that ends, and with
// an error at worst.
func FuzzUnit(f *testing.F) {
	for _, data := range units(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		defer time.AfterFunc(10*time.Second, func() { panic("it does not end") }).Stop()
		e, err := compiled.ParseEntry(bytes.Clone(data), false)
		if err != nil || len(e.Unit) == 0 {
			return
		}
		for _, part := range e.Parts {
			e.Unit = part
		}
		u, err := compiled.Open(host(), &source.File{Name: "m.scm"}, func(string) *source.File { return nil }, e.Unit)
		if err != nil {
			return
		}
		for budget := 1000; budget > 0; {
			form, err := u.Next()
			if form == nil || err != nil || fetch(form.Code, &budget) != nil {
				return
			}
		}
	})
}

// TestFields fails when what is written has fields that this package may not know
// of. Who adds one extends writer and reader, and Format, then the number here.
func TestFields(t *testing.T) {
	for _, tc := range []struct {
		of     any
		fields int
	}{
		{code.Proc{}, 19}, {code.Clause{}, 8}, {code.Capture{}, 4}, {code.Local{}, 5}, {code.Closure{}, 3},
		{syntax.Macro{}, 12}, {syntax.Binding{}, 10}, {syntax.Syntax{}, 4}, {syntax.Scope{}, 8},
		{module.Change{}, 12}, {module.Lazy{}, 7}, {module.Shape{}, 10}, {datum.Bytevector{}, 3}, {datum.Vector{}, 2}, {datum.String{}, 4},
		{datum.Variable{}, 4}, {datum.Symbol{}, 2},
	} {
		if typ := reflect.TypeOf(tc.of); typ.NumField() != tc.fields {
			t.Errorf("%s has %d fields, this package knows %d", typ, typ.NumField(), tc.fields)
		}
	}
}

// TestChecksum checks that an entry is refused when a byte differs.
func TestChecksum(t *testing.T) {
	for _, data := range units(t) {
		if _, err := compiled.ParseEntry(data, true); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 10, 15, 17, 24, len(data) / 2, len(data) - 1} {
			data[i] ^= 0x10
			if _, err := compiled.ParseEntry(data, true); err == nil {
				t.Errorf("byte %d of %d was changed and nobody noticed", i, len(data))
			}
			data[i] ^= 0x10
		}
	}
}
