package interp

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// operands are arguments that natives may not expect. The first ones name the
// canary's folder.
var operands = []string{
	`"CANARY/file"`, `"CANARY"`, `"CANARY/new"`, `(string-copy "CANARY/XXXXXX")`, `"/etc/passwd"`, `"echo x > CANARY/shell"`,
	"0", "1", "-1", "2", "3", "10", "1.5", "-0.0", "+inf.0", "+nan.0", "1/3", "(expt 2 70)", "(expt 10 12)", "(- (expt 2 61))", "1+2i", "1.5-2.0i", "(make-rectangular (expt 3 99) 1/7)",
	"'()", "'(1 2 3)", "'(1 . 2)", "'(\"a\" \"b\")", "'(#\\a #\\b)", "'((a . 1) (b . 2))", "ring", "nested", "(list ring ring)", "big-list",
	`""`, `"abc"`, `(make-string 3 #\x)`, `"λ"`, "'sym", "#:key", "#\\a", "#\\nul", "#t", "#f", "*unspecified*", "(if #f #f)",
	"(vector 1 2 3)", "#()", "#vu8(1 2 3)", "(make-bytevector 9 1)", "(make-bitvector 9 #t)", "#2((1 2) (3 4))", "#u32(1 2)",
	"car", "list", "(lambda x x)", "(lambda () 1)", "(lambda (x) #t)", "(lambda (a b) (< 1 2))", "string<?", "(lambda args (apply values args))",
	"(current-output-port)", "(current-input-port)", "(open-input-string \"a b (c)\")", "(open-output-string)", "(open-input-bytevector #vu8(1 2))",
	"(current-module)", "(resolve-module '(guile))", "(make-hash-table)", "(make-fluid 1)", "(make-parameter 1)", "(make-variable 1)",
	"(delay 1)", "(make-prompt-tag)", "(string->char-set \"ab\")", "(make-regexp \"a*\")", "(make-record-type 'r '(a b))",
	"((record-constructor (make-record-type 'r '(a b))) 1 2)", "(make-exception-with-message \"m\")", "#'x", "(gensym)", "(make-mutex)",
	"(current-time)", "(gmtime 0)", "(call/cc (lambda (k) k))", "(string->symbol \"CANARY/sym\")", "'(open-file \"CANARY/evaluated\" \"w\")",
	"'(ice-9 match)", "'(guile)", "(lambda (x y z) x)", "(seed->random-state 1)", "char-set:letter",
}

const fuzzPrelude = `
(define ring (list 1 2 3)) (set-cdr! (cddr ring) ring)
(define nested (let loop ((i 0) (x '())) (if (< i 100000) (loop (+ i 1) (list x)) x)))
(define big-list (iota 1000))
`

// names lists what programs of a sandbox can call.
func names(t testing.TB, e *Engine) []string {
	var out []string
	for _, m := range e.modules.Modules() {
		if m.Key == "(guile-user)" {
			continue
		}
		for _, sym := range m.Names() {
			if strings.ContainsAny(sym.Name, " ()#|;'\",`") {
				continue
			}
			if m.Key == "(guile)" {
				out = append(out, sym.Name)
			} else {
				out = append(out, fmt.Sprintf("(@@ %s %s)", m.Key, sym.Name))
			}
		}
	}
	slices.Sort(out)
	return out
}

// program makes one of a source of choices.
func program(choose func(n int) int, names []string, canary string) string {
	var expr func(depth int) string
	expr = func(depth int) string {
		if depth == 0 || choose(3) > 0 && depth < 3 {
			return operands[choose(len(operands))]
		}
		words := []string{names[choose(len(names))]}
		for range choose(5) {
			words = append(words, expr(depth-1))
		}
		return "(" + strings.Join(words, " ") + ")"
	}
	var b strings.Builder
	for range 1 + choose(2) {
		b.WriteString(expr(3) + "\n")
	}
	return strings.ReplaceAll(b.String(), "CANARY", canary)
}

// descriptors is how many files the process has open, -1 where that cannot be
// told.
func descriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

// cage runs programs in one sandbox after the other and looks that nothing
// leaves them.
type cage struct {
	canary string
	names  []string
}

func newCage(t testing.TB) *cage {
	c := &cage{canary: t.TempDir()}
	if err := os.WriteFile(c.canary+"/file", []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := sandbox(t)
	// Natives that come with modules can be called, too.
	for _, m := range []string{"(ice-9 threads)", "(system foreign)", "(oop goops)", "(srfi srfi-1)", "(ice-9 popen)", "(ice-9 ftw)", "(system vm program)"} {
		e.Eval(context.Background(), "(use-modules "+m+")", "modules")
	}
	c.names = names(t, e)
	return c
}

func (c *cage) run(t testing.TB, text string) {
	t.Helper()
	e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib"), Sandbox: true, MaxSteps: 3_000_000, MaxMemory: 400 << 20, MaxDepthBytes: 16 << 20})
	if _, err := e.Eval(context.Background(), fuzzPrelude, "prelude"); err != nil {
		t.Fatal(err)
	}
	before := descriptors()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := e.Eval(ctx, text, "fuzz")
		done <- err
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(15 * time.Second):
		stacks := make([]byte, 1<<20)
		stacks = stacks[:goruntime.Stack(stacks, true)]
		t.Fatalf("it does not stop:\n%s\n%s", text, stacks)
	}
	e.Close()
	var failed *Error
	if errors.As(err, &failed) && failed.Key == "internal-error" {
		t.Errorf("%v\n%s\n%v", err, text, failed.Cause)
	}
	if now := descriptors(); now > before {
		t.Errorf("%d files are open, %d were before:\n%s", now, before, text)
	}
	entries, err := os.ReadDir(c.canary)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder holds %v, %v:\n%s", entries, err, text)
	}
	if data, err := os.ReadFile(c.canary + "/file"); err != nil || string(data) != "untouched" {
		t.Fatalf("the file holds %q, %v:\n%s", data, err, text)
	}
}

// TestSandboxRandom runs random programs of all bindings, the same ones every
// time.
func TestSandboxRandom(t *testing.T) {
	c := newCage(t)
	count := 120
	if testing.Short() {
		count = 30
	}
	for seed := range count {
		rng := rand.New(rand.NewSource(int64(seed)))
		c.run(t, program(rng.Intn, c.names, c.canary))
	}
}

// FuzzSandbox makes programs of the fuzzer's bytes.
func FuzzSandbox(f *testing.F) {
	c := newCage(f)
	for seed := range 20 {
		b := make([]byte, 60)
		rand.New(rand.NewSource(int64(1000 + seed))).Read(b)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := 0
		choose := func(n int) int {
			if at+1 >= len(data) {
				return 0
			}
			at += 2
			return (int(data[at-2])<<8 | int(data[at-1])) % n
		}
		c.run(t, program(choose, c.names, c.canary))
	})
}
