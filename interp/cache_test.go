package interp_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/interp"
)

// cached makes an engine that loads modules of dir and keeps them below cache.
func cached(t testing.TB, dir, cache string) (*interp.Engine, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	e, err := interp.New(interp.Options{
		Stdlib: os.DirFS("../stdlib"), LoadPath: []string{dir, "testdata"}, Stdout: &out, MaxSteps: 500_000_000,
		Cache: interp.Cache{Dir: cache, Build: "test"},
		Warn:  func(text string) { out.WriteString(text + "\n") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, &out
}

// TestConformanceFromCache runs every suite as a module, from its source and
// from the cache, and compares what it prints.
func TestConformanceFromCache(t *testing.T) {
	kept, all := 0, 0
	for _, path := range suites(t) {
		all++
		t.Run(strings.TrimPrefix(strings.TrimSuffix(path, ".scm"), "testdata/"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, cache := t.TempDir(), t.TempDir()
			module := "(define-module (suite)) " + string(text)
			if err := os.WriteFile(filepath.Join(dir, "suite.scm"), []byte(module), 0o644); err != nil {
				t.Fatal(err)
			}
			run := func() (string, bool) {
				e, out := cached(t, dir, cache)
				ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
				defer cancel()
				_, err := e.Eval(ctx, "(use-modules (suite))"+summary+"(force-output)", "run")
				if err != nil {
					out.WriteString(err.Error())
				}
				e.Close()
				return out.String(), interp.FromCache(e, "(suite)")
			}
			source, from := run()
			if from {
				t.Fatal("the first run found the suite in an empty cache")
			}
			again, from := run()
			if from {
				kept++
			}
			if source != again {
				t.Errorf("from source:\n%s\nfrom the cache:\n%s", source, again)
			}
		})
	}
	t.Logf("%d of %d suites can be kept", kept, all)
	if kept < all*3/4 {
		t.Errorf("only %d of %d suites can be kept", kept, all)
	}
}

// tree writes files below a new folder.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// loads evaluates text in a fresh engine and tells what it printed, with its
// error, and which of the named modules came from the cache.
func loads(t testing.TB, dir, cache, text string, modules ...string) (printed, fromCache string) {
	t.Helper()
	e, out := cached(t, dir, cache)
	v, err := e.Eval(context.Background(), text, "main.scm")
	if err != nil {
		out.WriteString("error: " + describeError(err))
	} else {
		out.WriteString(e.Write(v))
	}
	e.Close()
	var from []string
	for _, m := range modules {
		if interp.FromCache(e, m) {
			from = append(from, m)
		}
	}
	return out.String(), strings.Join(from, " ")
}

// describeError shows all that a person would see of an error.
func describeError(err error) string {
	var e *interp.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(e.Error() + "\n" + e.Pos.Excerpt() + "\n" + e.Hint + "\n")
	for _, f := range e.Stack {
		b.WriteString(f.Name + " at " + f.Pos.String() + "\n" + f.Pos.Excerpt() + "\n")
	}
	for _, n := range e.Related {
		b.WriteString(n.Text + " at " + n.Pos.String() + "\n" + n.Pos.Excerpt() + "\n")
	}
	return b.String()
}

const (
	macros = `(define-module (m macros) #:export (swap! twice this with-that counter))
(define-syntax-rule (swap! a b) (let ((tmp a)) (set! a b) (set! b tmp)))
(define-syntax twice (lambda (s) (syntax-case s () ((_ e) #'(list e e)))))
(define-syntax-parameter this (lambda (s) (syntax-violation 'this "not here" s)))
(define-syntax-rule (with-that e) (syntax-parameterize ((this (identifier-syntax 'that))) e))
(define-syntax-rule (counter name) (begin (define n 0) (define (name) (set! n (+ n 1)) n)))
`
	user = `(define-module (m user) #:use-module (m macros) #:use-module ((srfi srfi-1) #:select (fold) #:prefix s:) #:export (go tick text fail))
(define shared '(#1=(a "b" #\c 1.5 2/3 100000000000000000000 #:key #(1 2) #u8(1 2)) #1#))
(counter tick)
(define (go) (let ((a 1) (b 2)) (swap! a b) (tick)
  (list a b (twice 'x) (with-that this) (s:fold + 0 '(1 2 3)) shared (eq? (car shared) (cadr shared)) (tick))))
(define* (text #:optional (a 1) #:key (b 2) #:rest r) "Documented." (list a b r))
(define (fail x) (+ 1
   (car x)))
`
	program = `(use-modules (m user)) (list (go) (text) (text 5 #:b 6) (procedure-documentation text) (procedure-name go))`
)

// TestCache checks what a program can see of modules from the cache, and what
// makes them be compiled again.
func TestCache(t *testing.T) {
	dir := tree(t, map[string]string{"m/macros.scm": macros, "m/user.scm": user})
	cache := t.TempDir()
	both := []string{"(m macros)", "(m user)"}
	first, from := loads(t, dir, cache, program, both...)
	if from != "" {
		t.Fatalf("from an empty cache came %s", from)
	}
	check := func(what, want, wantFrom string) {
		t.Helper()
		got, from := loads(t, dir, cache, program, both...)
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
		}
		if from != wantFrom {
			t.Errorf("%s: from the cache came %q, want %q", what, from, wantFrom)
		}
	}
	all := strings.Join(both, " ")
	check("the second time", first, all)

	for _, bad := range []string{"(use-modules (m user)) (fail 5)", "(use-modules (m user)) (text 1 #:c 2)",
		"(use-modules (m user)) (go 1 2)", "(use-modules (m macros)) (swap! 1)", "(use-modules (m macros)) (list this)"} {
		fresh, _ := loads(t, dir, t.TempDir(), bad)
		again, from := loads(t, dir, cache, bad, "(m macros)")
		if again != fresh || from == "" {
			t.Errorf("%s: from the cache %q came\n%s\nfrom source\n%s", bad, from, again, fresh)
		}
	}

	write(t, dir, map[string]string{"m/macros.scm": strings.Replace(macros, "(list e e)", "(list e e e)", 1)})
	changed := strings.Replace(first, "(x x)", "(x x x)", 1)
	check("another macro", changed, "")
	check("another macro, again", changed, all)
	write(t, dir, map[string]string{"m/user.scm": user + "\n"})
	check("another user", changed, "(m macros)")

	// Whatever happens to the files, programs go on.
	entries := func() (names []string) {
		_ = filepath.WalkDir(cache, func(name string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() != "pruned" {
				names = append(names, name)
			}
			return nil
		})
		return names
	}
	for _, damage := range []func(name string, data []byte) error{
		func(name string, data []byte) error { return os.WriteFile(name, data[:len(data)/2], 0o600) },
		func(name string, data []byte) error { data[len(data)/2] ^= 1; return os.WriteFile(name, data, 0o600) },
		func(name string, _ []byte) error { return os.WriteFile(name, nil, 0o600) },
		func(name string, _ []byte) error { return os.Remove(name) },
	} {
		for _, name := range entries() {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(name, data); err != nil {
				t.Fatal(err)
			}
		}
		check("damaged", changed, "")
		check("made good", changed, all)
	}
	if err := os.RemoveAll(cache); err != nil {
		t.Fatal(err)
	}
	check("deleted", changed, "")
	check("made again", changed, all)
}

// TestCacheElsewhere checks that files that are included, and modules that a
// program looks for, count, and that what cannot be kept is not.
func TestCacheElsewhere(t *testing.T) {
	files := map[string]string{
		"inc.scm":      "(define included 1)\n",
		"a.scm":        "(define-module (a) #:export (v))\n(include \"inc.scm\")\n(define v (list included (cond-expand ((library (b)) 'b) (else 'no-b))))\n",
		"runtime.scm":  "(define-module (runtime) #:export (v))\n(define-syntax m (lambda (s) (datum->syntax s (eval '(+ 1 2) (current-module)))))\n(define v (m))\n",
		"twofold.scm":  "(define-module (twofold))\n(define-public v 1)\n(define-module (twofold inner))\n(define-public v 2)\n",
		"redefine.scm": "(define-module (redefine) #:export (list v))\n(define v (list 1))\n(define (list . x) (cons 'mine x))\n(define w (list 1))\n(export w)\n",
	}
	dir, cache := tree(t, files), t.TempDir()
	see := func(text, module, want string, kept bool) {
		t.Helper()
		got, from := loads(t, dir, cache, text, module)
		if got != want || (from != "") != kept {
			t.Errorf("%s: got %s, from the cache %v; want %s, %v", text, got, from != "", want, kept)
		}
	}
	for _, again := range []bool{false, true} {
		see("(@ (a) v)", "(a)", "(1 no-b)", again)
		see("(@ (runtime) v)", "(runtime)", "3", false)
		see("(list (@ (twofold) v) (@ (twofold inner) v))", "(twofold)", "(1 2)", again)
		see("(@ (redefine) w)", "(redefine)", "(mine 1)", again)
	}
	write(t, dir, map[string]string{"inc.scm": "(define included 2)\n"})
	see("(@ (a) v)", "(a)", "(2 no-b)", false)
	see("(@ (a) v)", "(a)", "(2 no-b)", true)
	write(t, dir, map[string]string{"b.scm": "(define-module (b))\n"})
	see("(@ (a) v)", "(a)", "(2 b)", false)
	see("(@ (a) v)", "(a)", "(2 b)", true)
}

// TestCacheLibrary checks that the library comes from the cache, definition by
// definition, and that a module put before one of it is used.
func TestCacheLibrary(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	const text = `(use-modules (srfi srfi-1) (srfi srfi-9) (ice-9 match))
(define-record-type point (make-point x y) point? (x px))
(list (px (make-point 1 2)) (fold + 0 (iota 5)) (match '(1 (2 3)) ((a (b c)) (list c b a))) (call-with-output-string (lambda (p) (display 'x p)))
  (catch #t (lambda () (fold 1 2)) (lambda (k . r) k)))`
	first, from := loads(t, dir, cache, text, "(srfi srfi-1)")
	if from != "" {
		t.Fatal("the library came from an empty cache")
	}
	for range 3 {
		again, from := loads(t, dir, cache, text, "(srfi srfi-1)")
		if again != first || from == "" {
			t.Errorf("from the cache %q came %s, before that %s", from, again, first)
		}
	}
	write(t, dir, map[string]string{"srfi/srfi-1.scm": "(define-module (srfi srfi-1) #:export (fold))\n(define (fold . x) 'mine)\n"})
	for i := range 2 {
		got, from := loads(t, dir, cache, "(use-modules (srfi srfi-1)) (fold 1 2)", "(srfi srfi-1)")
		if got != "mine" || (from != "") != (i > 0) {
			t.Errorf("run %d: got %s, from the cache %q", i, got, from)
		}
	}
}

// TestCacheForbidden checks that an engine that may not touch files keeps
// nothing.
func TestCacheForbidden(t *testing.T) {
	for _, o := range []interp.Options{{NoFiles: true}, {Sandbox: true}} {
		dir, cache := tree(t, map[string]string{"a.scm": "(define-module (a) #:export (v))\n(define v 1)\n"}), filepath.Join(t.TempDir(), "none")
		o.Stdlib, o.LoadPath, o.Cache = os.DirFS("../stdlib"), []string{dir}, interp.Cache{Dir: cache, Build: "test"}
		e, err := interp.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := e.Eval(context.Background(), "(use-modules (a)) v", "main"); err != nil || e.Write(v) != "1" {
			t.Errorf("%v, %v", v, err)
		}
		e.Close()
		if _, err := os.Stat(cache); err == nil {
			t.Error("a cache was written")
		}
	}
}

// TestCacheOfReplacedNative sets a variable of a native between the load of a
// module from the cache and the first call of what uses it.
func TestCacheOfReplacedNative(t *testing.T) {
	dir := tree(t, map[string]string{"a.scm": `(define-module (a) #:export (f)) (define (f x) (string-length (dirname x)))`})
	cache := t.TempDir()
	for range 2 {
		e, _ := cached(t, dir, cache)
		v, err := e.Eval(context.Background(), `(use-modules (a)) (set! dirname (lambda (x) (string-append "/" x))) (f "ab/c")`, "run")
		if err != nil || v.Fix() != 2 && v.Fix() != 5 {
			t.Errorf("%v, %v: want 2 or 5", e.Write(v), err)
		}
		e.Close()
	}
}
