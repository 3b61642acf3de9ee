package compile_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/interp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestCode holds the code of small programs against testdata/NAME.golden; each
// shows one thing that the compiler does.
func TestCode(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"arithmetic", "(lambda (x y) (+ (* x 2) (- y 1) (- 7 x) (+ 1 2)))"},
		{"branches", "(lambda (x y) (cond ((and (pair? x) (not (null? y))) (car x)) ((or (eq? x 'a) (< y 10)) 1) (else (> x y))))"},
		{"loop", "(lambda (n) (let loop ((i 0) (acc '())) (if (= i n) acc (loop (+ i 1) (cons i acc)))))"},
		{"loop-in-loop", "(lambda (n m) (let outer ((i 0) (s 0)) (if (< i n) (outer (+ i 1) (+ s (let inner ((j 0)) (if (< j m) (inner (+ j 1)) j)))) s)))"},
		{"swap", "(lambda (n) (let loop ((a 1) (b 2) (i 0)) (if (= i n) (list a b) (loop b a (+ i 1)))))"},
		{"known-calls", "(lambda (n) (define (even? n) (if (= n 0) #t (not (odd? (- n 1))))) (define (odd? n) (if (= n 0) #f (not (even? (- n 1))))) (even? n))"},
		{"closure", "(lambda (x) (lambda (y) (set! x (+ x y)) x))"},
		{"register-variable", "(lambda (x) (set! x (+ x 1)) (* x x))"},
		{"join", "(lambda (a b) (let ((k (lambda (v) (vector v v)))) (if a (k a) (if b (k b) (k 0)))))"},
		{"once", "(lambda (x) (let ((f (lambda (y) (* y y)))) (+ 1 (f x))))"},
		{"copies", "(lambda (x) (let* ((y x) (z 5) (w y)) (list w z y)))"},
		{"receive", "(lambda (f) (call-with-values (lambda () (f 1)) (lambda (a . r) (cons r a))))"},
		{"let-values", "(lambda (f) (let-values (((a b) (f)) ((c d) (values 1 2))) (+ a b c d)))"},
		{"optional", "(lambda* (a #:optional (b (car a)) #:key (c b) #:rest r) (list a b c r))"},
		{"letrec", "(lambda (f) (define a (f 1)) (define (g) (+ a b)) (define b (f 2)) (define c (g)) (list c g))"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := interp.New(interp.Options{})
			if err != nil {
				t.Fatal(err)
			}
			v, err := e.Eval(context.Background(), c.text, c.name+".scm")
			if err != nil {
				t.Fatal(err)
			}
			b := bytes.NewBufferString(c.text + "\n\n")
			if err := e.Disassemble(b, v); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", c.name+".golden")
			if *update {
				if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("code differs from %s (rewrite with -update):\n%s", path, b)
			}
		})
	}
}

// TestLoopArguments checks the order in which a loop's variables are replaced,
// on random loops against a simulation.
func TestLoopArguments(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	e, err := interp.New(interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		n := 1 + rng.Intn(6)
		vars := make([]int64, n)
		var inits, names, exprs []string
		step := make([]func([]int64) int64, n)
		for i := range n {
			vars[i] = int64(rng.Intn(10))
			inits = append(inits, fmt.Sprintf("(v%d %d)", i, vars[i]))
			names = append(names, fmt.Sprintf("v%d", i))
			a, b, k := rng.Intn(n), rng.Intn(n), int64(rng.Intn(5))
			switch rng.Intn(5) {
			case 0:
				exprs = append(exprs, fmt.Sprintf("v%d", a))
				step[i] = func(v []int64) int64 { return v[a] }
			case 1:
				exprs = append(exprs, fmt.Sprintf("(+ v%d %d)", a, k))
				step[i] = func(v []int64) int64 { return v[a] + k }
			case 2:
				exprs = append(exprs, fmt.Sprintf("(- v%d v%d)", a, b))
				step[i] = func(v []int64) int64 { return v[a] - v[b] }
			case 3:
				exprs = append(exprs, fmt.Sprintf("(id v%d)", a))
				step[i] = func(v []int64) int64 { return v[a] }
			default:
				exprs = append(exprs, fmt.Sprintf("(if (< v%d v%d) v%d (let ((x v%d)) (+ x %d)))", a, b, b, a, k))
				step[i] = func(v []int64) int64 {
					if v[a] < v[b] {
						return v[b]
					}
					return v[a] + k
				}
			}
		}
		for range 5 {
			next := make([]int64, n)
			for i := range next {
				next[i] = step[i](vars)
			}
			vars = next
		}
		text := fmt.Sprintf("(define (id x) x) (let loop ((count 0) %s) (if (= count 5) (list %s) (loop (+ count 1) %s)))",
			strings.Join(inits, " "), strings.Join(names, " "), strings.Join(exprs, " "))
		want := "(" + strings.Trim(fmt.Sprint(vars), "[]") + ")"
		v, err := e.Eval(context.Background(), text, "loop.scm")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := e.Write(v); got != want {
			t.Fatalf("%s: got %s, want %s", text, got, want)
		}
	}
}

// TestLarge compiles what passes the reach of short operands.
func TestLarge(t *testing.T) {
	e, err := interp.New(interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var b strings.Builder
	b.WriteString("(define (f x) (if x (begin ")
	for i := range 40000 {
		fmt.Fprintf(&b, "(g %d)", i)
	}
	b.WriteString(" 'yes) 'no)) (define n 0) (define (g i) (set! n (+ n 1))) (list (f #f) (f #t) n)")
	v, err := e.Eval(ctx, b.String(), "large.scm")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Write(v); got != "(no yes 40000)" {
		t.Errorf("far jumps: %s", got)
	}
	b.Reset()
	for range 5000 {
		b.WriteString("(+ 1 ")
	}
	b.WriteString("(car '(1))" + strings.Repeat(")", 5000))
	if v, err = e.Eval(ctx, b.String(), "deep.scm"); err != nil || e.Write(v) != "5001" {
		t.Errorf("deep nesting: %s %v", e.Write(v), err)
	}
	b.Reset()
	b.WriteString("(define (h . l) (length l)) (h")
	for i := range 5000 {
		fmt.Fprintf(&b, " (- %d 1)", i)
	}
	b.WriteString(")")
	if v, err = e.Eval(ctx, b.String(), "wide.scm"); err != nil || e.Write(v) != "5000" {
		t.Errorf("many arguments: %s %v", e.Write(v), err)
	}
}
