package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/interp/datum"
)

func newEngine(t testing.TB, opts Options) *Engine {
	t.Helper()
	e, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func evalText(t testing.TB, e *Engine, text string) (string, error) {
	t.Helper()
	v, err := e.Eval(context.Background(), text, "test.scm")
	if err != nil {
		return "", err
	}
	return e.Write(v), nil
}

// checkAll evaluates each text in an engine of its own.
func checkAll(t *testing.T, cases []struct{ in, want string }) {
	t.Helper()
	for _, c := range cases {
		got, err := evalText(t, newEngine(t, Options{}), c.in)
		if err != nil {
			var out *Error
			errors.As(err, &out)
			var b bytes.Buffer
			_ = out.Report(&b)
			t.Errorf("%s:\n%s", c.in, b.String())
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestForms(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"1", "1"},
		{"(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 20)", "6765"},
		{"(let loop ((i 0) (acc '())) (if (= i 5) acc (loop (+ i 1) (cons i acc))))", "(4 3 2 1 0)"},
		{"(define (map1 f l) (if (null? l) '() (cons (f (car l)) (map1 f (cdr l))))) (let loop ((i 0) (fs '())) (if (= i 3) (map1 (lambda (f) (f)) fs) (loop (+ i 1) (cons (lambda () i) fs))))", "(2 1 0)"},
		{"(define (count) (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (define c (count)) (c) (c) (list (c))", "(3)"},
		{"(let loop ((a 1) (b 2) (n 0)) (if (= n 5) (list a b) (loop b a (+ n 1))))", "(2 1)"},
		{"(let loop ((a 1) (b 2) (c 3) (n 0)) (if (= n 4) (list a b c) (loop b c a (+ n 1))))", "(2 3 1)"},
		{"(letrec ((even? (lambda (n) (if (= n 0) #t (odd? (- n 1))))) (odd? (lambda (n) (if (= n 0) #f (even? (- n 1)))))) (list (even? 1001) (odd? 1001)))", "(#f #t)"},
		{"(define (f) (define a 1) (define (g) (* a b)) (define b 5) (set! a 3) (g)) (f)", "15"},
		{"(define (f x) (or (and (pair? x) (car x)) 'no)) (list (f '(1)) (f 2))", "(1 no)"},
		{"(list (if (or (null? 1) (not #f)) 'a 'b) (if (not (and 1 #f)) 'c 'd))", "(a c)"},
		{"((lambda* (a #:optional (b (+ a 1)) #:key (c b) d) (list a b c d)) 1)", "(1 2 2 #f)"},
		{"((lambda* (a #:optional (b 2) #:key (c 3)) (list a b c)) 1 #:c 5)", "(1 2 5)"},
		{"((lambda* (a #:key b #:rest r) (list a b r)) 1 #:b 2)", "(1 2 (#:b 2))"},
		{"((lambda* (#:key a #:allow-other-keys) a) #:z 1 #:a 2)", "2"},
		{"(define f (case-lambda ((a) (list 'one a)) ((a b) (list 'two a b)) ((a . r) (list 'many a r)))) (list (f 1) (f 1 2) (f 1 2 3))", "((one 1) (two 1 2) (many 1 (2 3)))"},
		{"(call-with-values (lambda () (values 1 2 3)) list)", "(1 2 3)"},
		{"(call-with-values (lambda () 5) list)", "(5)"},
		{"(define (two) (values 1 2)) (list (two) (+ (two) 10))", "(1 11)"},
		{"(define (two) (values 1 2)) (define (pass) (two)) (let-values (((a b) (pass))) (+ a b))", "3"},
		{"(let-values (((a . r) (if #t (values 1 2 3) 0))) (list a r))", "(1 (2 3))"},
		{"(let-values ((() (values))) 'none)", "none"},
		{"(apply + 1 2 '(3 4))", "10"},
		{"(apply (lambda (a . r) (list a r)) '(1 2 3))", "(1 (2 3))"},
		{"(let ((x 1)) (set! x (+ x 1)) (let ((f (lambda () x))) (set! x 5) (f)))", "5"},
		{"(let* ((x 1) (y x) (x 2)) (list x y))", "(2 1)"},
		{"(do ((i 0 (+ i 1)) (s 0 (+ s i))) ((= i 10) s))", "45"},
		{"(begin (define-values (a b . c) (values 1 2 3 4)) (list a b c))", "(1 2 (3 4))"},
		{"(- 5)", "-5"}, {"(- 1 2 3)", "-4"}, {"(+)", "0"}, {"(*)", "1"}, {"(+ 1 2 3.5)", "6.5"},
		{"(- 0.0)", "-0.0"},
		{"(list (< 1 2 3) (< 1 3 2) (= 1 1.0) (> 2 1) (>= 1 1))", "(#t #f #t #t #t)"},
		{"(let ((x 10)) (list (< x 5) (> x 5) (<= 10 x) (> 5 x) (= 10 x) (< 5.0 x)))", "(#f #t #t #f #t #t)"},
		{"(list (* 4611686018427387904 2) (+ 2305843009213693951 1) (* 3037000500 3037000500))", "(9223372036854775808 2305843009213693952 9223372037000250000)"},
		{"(list (quotient -7 2) (remainder -7 2) (modulo -7 2) (/ 6 4) (/ 6 3))", "(-3 -1 1 3/2 2)"},
		{"(let ((v (vector 1 2 3))) (vector-set! v 0 'a) (list (vector-ref v 0) (vector-length v)))", "(a 3)"},
		{"(list (eq? 'a 'a) (eqv? 1.5 1.5) (equal? '(1 2) '(1 2)) (eq? '() '()))", "(#t #t #t #t)"},
	})
}

func TestContinuations(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(call/cc (lambda (k) (+ 1 (k 42))))", "42"},
		{"(call-with-values (lambda () (call/cc (lambda (k) (k 1 2)))) list)", "(1 2)"},
		// Re-entry: a generator that walks a tree.
		{`(define (tree-walk tree)
		    (define return #f)
		    (define (walk t) (if (pair? t) (begin (walk (car t)) (walk (cdr t))) (if (not (null? t)) (call/cc (lambda (next) (set! resume (lambda () (next #f))) (return t))))))
		    (define resume (lambda () (walk tree) (return 'done)))
		    (lambda () (call/cc (lambda (k) (set! return k) (resume)))))
		  (define g (tree-walk '((1 2) (3 (4)))))
		  (let* ((a (g)) (b (g)) (c (g)) (d (g)) (e (g))) (list a b c d e))`, "(1 2 3 4 done)"},
		// An assigned variable is shared by all entries of a continuation.
		{"(let ((x 0) (k #f)) (call/cc (lambda (c) (set! k c))) (set! x (+ x 1)) (if (< x 3) (k #f)) x)", "3"},
		{"(let ((k #f) (n 0)) (let ((r (list (call/cc (lambda (c) (set! k c) 1)) n))) (set! n (+ n 1)) (if (< n 3) (k n) (list r n))))", "((2 2) 3)"},
		// Across top-level forms.
		{"(define k #f) (define n 0) (define r (call/cc (lambda (c) (set! k c) 0))) (set! n (+ n 1)) (if (< r 3) (k (+ r 1))) (list r n)", "(1 1)"},
		{`(define trace '()) (define (note x) (set! trace (cons x trace)))
		  (let ((k #f) (n 0))
		    (dynamic-wind (lambda () (note 'in)) (lambda () (call/cc (lambda (c) (set! k c))) (note 'body)) (lambda () (note 'out)))
		    (set! n (+ n 1)) (if (< n 3) (k #f)))
		  trace`, "(out body in out body in out body in)"},
		{`(define trace '()) (define (note x) (set! trace (cons x trace)))
		  (call/cc (lambda (k) (dynamic-wind (lambda () (note 1)) (lambda () (dynamic-wind (lambda () (note 2)) (lambda () (k #f)) (lambda () (note 3)))) (lambda () (note 4)))))
		  trace`, "(4 3 2 1)"},
		{"(call-with-values (lambda () (dynamic-wind (lambda () 0) (lambda () (values 1 2)) (lambda () 0))) list)", "(1 2)"},
		{"(call/ec (lambda (k) (+ 1 (k 5))))", "5"},
		// Capturing at depth must not be quadratic.
		{"(define (deep n) (if (= n 0) 0 (+ 1 (call/cc (lambda (k) (deep (- n 1))))))) (deep 100000)", "100000"},
		{"(define (loop n) (if (= n 0) 'ok (begin (call/cc (lambda (k) k)) (loop (- n 1))))) (define (at d) (if (= d 0) (loop 100000) (let ((r (at (- d 1)))) r))) (at 10000)", "ok"},
	})
}

func TestPrompts(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(define t (make-prompt-tag)) (call-with-prompt t (lambda () (+ 1 (abort-to-prompt t 5))) (lambda (k x) (list x (k 10))))", "(5 11)"},
		{"(define t (make-prompt-tag)) (call-with-prompt t (lambda () 7) (lambda (k) 8))", "7"},
		{"(define t (make-prompt-tag)) (call-with-values (lambda () (call-with-prompt t (lambda () (values 1 2)) list)) list)", "(1 2)"},
		// The continuation may be used more than once and composes.
		{"(define t (make-prompt-tag)) (call-with-prompt t (lambda () (* 2 (abort-to-prompt t))) (lambda (k) (list (k 1) (k (k 5)) (+ 1 (k 10)))))", "(2 20 21)"},
		// A generator on prompts.
		{`(define t (make-prompt-tag 'gen))
		  (define (make-gen f)
		    (define (start) (f (lambda (x) (abort-to-prompt t x))) 'end)
		    (define next start)
		    (lambda () (call-with-prompt t next (lambda (k x) (set! next (lambda () (k #f))) x))))
		  (define g (make-gen (lambda (yield) (let loop ((i 0)) (if (< i 3) (begin (yield i) (loop (+ i 1))))))))
		  (let* ((a (g)) (b (g)) (c (g)) (d (g))) (list a b c d))`, "(0 1 2 end)"},
		// Prompts inside of a captured continuation keep working.
		{`(define o (make-prompt-tag)) (define i (make-prompt-tag))
		  (define k1 (call-with-prompt o (lambda () (list 'r (call-with-prompt i (lambda () (let ((x (abort-to-prompt o 'first))) (+ 100 (abort-to-prompt i x)))) (lambda (k x) (list 'inner x (k 1)))))) (lambda (k x) k)))
		  (list (k1 5) (k1 6))`, "((r (inner 5 101)) (r (inner 6 101)))"},
		// Winds run when a continuation leaves, and when it comes back.
		{`(define t (make-prompt-tag)) (define trace '()) (define (note x) (set! trace (cons x trace)))
		  (define k (call-with-prompt t (lambda () (dynamic-wind (lambda () (note 'in)) (lambda () (abort-to-prompt t) (note 'body) 1) (lambda () (note 'out)))) (lambda (k) k)))
		  (note 'between) (k #f) (reverse trace)`, "(in out between in body out)"},
		{`(define t (make-prompt-tag)) (define f (make-fluid 0))
		  (define k (call-with-prompt t (lambda () (with-fluid* f 1 (lambda () (abort-to-prompt t) (fluid-ref f)))) (lambda (k) k)))
		  (list (fluid-ref f) (with-fluid* f 2 (lambda () (k #f))) (fluid-ref f))`, "(0 1 0)"},
		{"(catch #t (lambda () (abort-to-prompt 'nowhere)) (lambda (key . args) key))", "misc-error"},
		{`(define t (make-prompt-tag))
		  (define (count n) (if (= n 0) 0 (+ 1 (call-with-prompt t (lambda () (count (- n 1))) (lambda (k) 0)))))
		  (count 50000)`, "50000"},
		// A loop of yields at depth.
		{`(define t (make-prompt-tag))
		  (define (deep d f) (if (= d 0) (f) (let ((r (deep (- d 1) f))) r)))
		  (define (run n) (deep 1000 (lambda () (let loop ((i 0)) (if (< i n) (begin (call-with-prompt t (lambda () (abort-to-prompt t i)) (lambda (k x) x)) (loop (+ i 1))) 'ok)))))
		  (run 20000)`, "ok"},
	})
}

func TestExceptions(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(catch 'foo (lambda () (throw 'foo 1 2)) (lambda (k . a) (list k a)))", "(foo (1 2))"},
		{"(catch #t (lambda () (car 1)) (lambda (k . a) (list k a)))", `(wrong-type-arg ("car" "Wrong type argument in position ~A (expecting ~A): ~S" (1 "pair" 1) (1)))`},
		{"(catch 'a (lambda () (catch 'b (lambda () (throw 'a 1)) (lambda x 'inner))) (lambda x 'outer))", "outer"},
		{"(catch #t (lambda () (error \"bad thing:\" 1 \"x\")) (lambda (k who msg args rest) (list k who msg args)))", `(misc-error #f "~A ~S ~S" ("bad thing:" 1 "x"))`},
		{"(with-exception-handler (lambda (e) (* e 2)) (lambda () (+ 1 (raise-continuable 5))))", "11"},
		{"(with-exception-handler (lambda (e) (list 'caught e)) (lambda () (+ 1 (raise 5))) #:unwind? #t)", "(caught 5)"},
		{"(call/cc (lambda (k) (with-exception-handler (lambda (e) (k (list 'k e))) (lambda () (raise 'x)))))", "(k x)"},
		// A handler runs in the dynamic environment of raise, without itself.
		{"(with-exception-handler (lambda (e) (list 'outer e)) (lambda () (with-exception-handler (lambda (e) (raise-continuable (list 'inner e))) (lambda () (raise-continuable 1)))))", "(outer (inner 1))"},
		{"(define p (make-parameter 0)) (with-exception-handler (lambda (e) (p)) (lambda () (parameterize ((p 7)) (raise-continuable 1))))", "7"},
		{"(catch #t (lambda () (with-exception-handler (lambda (e) 'back) (lambda () (raise 'x)))) (lambda (k . a) k))", "%exception"},
		{"(define trace '()) (catch 'x (lambda () (with-throw-handler 'x (lambda () (throw 'x 1)) (lambda a (set! trace (cons a trace))))) (lambda a (set! trace (cons 'caught trace)))) trace", "(caught (x 1))"},
		{"(define trace '()) (catch 'x (lambda () (throw 'x 1)) (lambda a (set! trace (cons 'post trace))) (lambda a (set! trace (cons 'pre trace)))) trace", "(post pre)"},
		{"(with-exception-handler exception-message (lambda () (error \"m\" 1)) #:unwind? #t)", `"~A ~S"`},
		{"(with-exception-handler (lambda (e) (list (error? e) (undefined-variable-error? e))) (lambda () nope) #:unwind? #t)", "(#t #t)"},
		{"(with-exception-handler (lambda (e) 'typed) (lambda () (vector-ref (vector 1) 1)) #:unwind? #t #:unwind-for-type 'out-of-range)", "typed"},
		{"(define (f) (catch #t (lambda () (f2)) (lambda (k . r) k))) (define (f2) (+ 1 (f3))) (define (f3) (car '())) (f)", "wrong-type-arg"},
	})
}

func TestDynamicState(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(define p (make-parameter 1)) (list (p) (parameterize ((p 2)) (p)) (p))", "(1 2 1)"},
		{"(define p (make-parameter 10 (lambda (x) (* x 2)))) (list (p) (parameterize ((p 3)) (p)))", "(20 6)"},
		{"(define p (make-parameter 1)) (define k #f) (define n 0) (define r (parameterize ((p 2)) (call/cc (lambda (c) (set! k c))) (p))) (set! n (+ n 1)) (if (< n 3) (k #f)) (list r (p))", "(2 1)"},
		{"(define f (make-fluid 1)) (define (nest n) (if (= n 0) (fluid-ref f) (with-fluid* (make-fluid) n (lambda () (nest (- n 1)))))) (list (nest 10) (with-fluid* f 2 (lambda () (nest 1000))))", "(1 2)"},
		{"(define s (make-procedure-with-setter (lambda (x) (car x)) (lambda (x v) (set-car! x v)))) (define l (list 1 2)) (set! (s l) 5) (list (s l) (procedure-with-setter? s))", "(5 #t)"},
	})
}

func TestDepth(t *testing.T) {
	checkAll(t, []struct{ in, want string }{
		{"(define (f n) (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 1000000)", "1000000"},
		{"(define (f n) (if (= n 0) 'done (f (- n 1)))) (f 10000000)", "done"},
		{"(define (e n) (if (= n 0) 'done (o (- n 1)))) (define (o n) (if (= n 0) 'odd (e (- n 1)))) (e 3000000)", "done"},
		{"(define (f n) (if (= n 0) 'done (apply f (list (- n 1))))) (f 300000)", "done"},
	})
	e := newEngine(t, Options{MaxDepthBytes: 1 << 20})
	_, err := evalText(t, e, "(define (f n) (+ 1 (f n))) (f 0)")
	var out *Error
	if !errors.As(err, &out) || out.Key != "stack-overflow" {
		t.Errorf("unbounded recursion: %v", err)
	}
	if got, err := evalText(t, e, "(catch 'stack-overflow (lambda () (f 0)) (lambda (k . r) k))"); got != "stack-overflow" {
		t.Errorf("catching an overflow: %s, %v", got, err)
	}
}

func TestBudgets(t *testing.T) {
	var out *Error
	e := newEngine(t, Options{MaxSteps: 1_000_000})
	if _, err := evalText(t, e, "(let loop () (loop))"); !errors.As(err, &out) || out.Key != "step-limit" {
		t.Errorf("endless loop: %v", err)
	}
	if _, err := evalText(t, e, "(define (f) (catch #t f (lambda x (f)))) (f)"); !errors.As(err, &out) || out.Key != "step-limit" {
		t.Errorf("a limit that the program tries to catch: %v", err)
	}
	if _, err := evalText(t, e, strings.Repeat("(let loop ((i 0)) (if (< i 10000) (loop (+ i 1))))", 1000)); !errors.As(err, &out) || out.Key != "step-limit" {
		t.Errorf("many forms: %v", err)
	}
	if got, err := evalText(t, e, "(+ 1 2)"); got != "3" {
		t.Errorf("after a limit: %s %v", got, err)
	}
	e = newEngine(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := e.Eval(ctx, "(let loop ((i 0)) (loop (+ i 1)))", "t"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	e = newEngine(t, Options{MaxMemory: 64 << 20})
	if _, err := evalText(t, e, "(let loop ((l '())) (loop (cons 1 l)))"); !errors.As(err, &out) || out.Key != "memory-limit" {
		t.Errorf("memory: %v", err)
	}
}

func TestErrorPlaces(t *testing.T) {
	for _, c := range []struct{ in, want, hint string }{
		{"(define (f x)\n  (car x))\n(f 5)", "test.scm:2:3: In procedure car: Wrong type argument in position 1 (expecting pair): 5", ""},
		{"(define (f x)\n  (g x))\n(f 5)", "test.scm:2:3: Unbound variable: g", ""},
		{"(define (area w h) (* w h))\n(aera 1 2)", "test.scm:2:1: Unbound variable: aera", "did you mean area?"},
		{"(define (f x y) x)\n(list\n  (f 1))", "test.scm:3:3: Wrong number of arguments to", "f takes (x y), defined at test.scm:1:1"},
		{"(vector-ref (vector 1 2)\n 7)", "test.scm:1:1: In procedure vector-ref: Argument 2 out of range: 7", ""},
		{"(error \"no good:\" 'a \"b\")", "test.scm:1:1: no good: a \"b\"", ""},
		{"(+ 1\n   (* 2 'x))", "test.scm:2:4: In procedure *: Wrong type argument in position 2", ""},
		{"(display 1", "test.scm:1:", ""},
		{"(if)", "test.scm:1:1: if: ", ""},
		{"(raise 'oops)", "uncaught exception: oops", ""},
	} {
		_, err := evalText(t, newEngine(t, Options{}), c.in)
		var out *Error
		if !errors.As(err, &out) {
			t.Errorf("%s: no error", c.in)
			continue
		}
		if !strings.Contains(out.Error(), c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.in, out.Error(), c.want)
		}
		if c.hint != "" && out.Hint != c.hint {
			t.Errorf("%s: hint %q, want %q", c.in, out.Hint, c.hint)
		}
	}
	_, err := evalText(t, newEngine(t, Options{}), "(define (inner x) (+ 1 (car x)))\n(define (outer x)\n  (* 2 (inner x)))\n(outer 1)")
	var out *Error
	errors.As(err, &out)
	var b bytes.Buffer
	_ = out.Report(&b)
	for _, want := range []string{"  inner at test.scm:1:24\n  outer at test.scm:3:8\n", "   1 | (define (inner x) (+ 1 (car x)))", "                        ^"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestInternalErrorIsContained(t *testing.T) {
	e := newEngine(t, Options{})
	e.Register("(guile)", &datum.Primitive{Name: "boom", FN: func(datum.Caller, []datum.Value) (datum.Value, error) { panic("boom") }})
	_, err := evalText(t, e, "(boom)")
	var out *Error
	if !errors.As(err, &out) || out.Key != "internal-error" {
		t.Errorf("panic: %v", err)
	}
	if got, err := evalText(t, e, "(+ 1 1)"); got != "2" {
		t.Errorf("after a panic: %s %v", got, err)
	}
}

func TestNestedApply(t *testing.T) {
	e := newEngine(t, Options{})
	e.Register("(test)", &datum.Primitive{Name: "call-twice", Min: 1, Max: 1, F1: func(c datum.Caller, f datum.Value) (datum.Value, error) {
		a, err := c.Apply(f, datum.Fix(1))
		if err != nil {
			return a, err
		}
		b, err := c.Apply(f, datum.Fix(2))
		return datum.List(a, b), err
	}})
	for _, c := range []struct{ in, want string }{
		{"(use-modules (test)) (call-twice (lambda (x) (* x 10)))", "(10 20)"},
		{"(call/cc (lambda (k) (call-twice (lambda (x) (k (list 'out x))))))", "(out 1)"},
		{"(catch 'a (lambda () (call-twice (lambda (x) (throw 'a x)))) list)", "(a 1)"},
		{"(define t (make-prompt-tag)) (call-with-prompt t (lambda () (call-twice (lambda (x) (abort-to-prompt t x)))) (lambda (k x) (list x (catch #t (lambda () (k 1)) (lambda (key . r) key)))))", "(1 misc-error)"},
		{"(define trace '()) (call/cc (lambda (k) (call-twice (lambda (x) (dynamic-wind (lambda () (set! trace (cons 'in trace))) (lambda () (k 1)) (lambda () (set! trace (cons 'out trace)))))))) trace", "(out in)"},
		{"(with-exception-handler (lambda (e) 5) (lambda () (call-twice (lambda (x) (+ x (raise-continuable 'c))))))", "(6 7)"},
		{"(define (f n) (if (= n 0) 0 (+ 1 (car (call-twice (lambda (x) (if (= x 1) (f (- n 1)) 0))))))) (f 500)", "500"},
	} {
		got, err := evalText(t, e, c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

// TestEnginesAreIndependent runs engines at the same time that define the same
// names, write, count, change their environment and directory, and use threads
// and modules. It is worth most under the race detector.
func TestEnginesAreIndependent(t *testing.T) {
	const program = `
(use-modules (srfi srfi-1) (ice-9 match) (ice-9 threads) (oop goops) (srfi srfi-9))
(define-record-type point (make-point x y) point? (x px) (y py))
(define-class <thing> () (n #:init-keyword #:n #:getter n-of))
(define-method (+ (a <thing>) (b <thing>)) (make <thing> #:n (+ (n-of a) (n-of b))))
(define first-gensym (gensym "g"))
(define p (make-parameter 0))
(setenv "WHO" me)
(chdir dir)
(define lines
  (let loop ((i 0) (acc '()))
    (if (= i 300)
        (reverse acc)
        (loop (+ i 1)
              (cons (call-with-output-string
                     (lambda (port)
                       (parameterize ((p i) (current-output-port port))
                         (display me) (write (make-point i me)) (display (p)))))
                    acc)))))
(define sum (n-of (+ (make <thing> #:n 40) (make <thing> #:n 2))))
(define threads (map (lambda (i) (call-with-new-thread (lambda () (* i i)))) (iota 4)))
(define squares (map join-thread threads))
(define random-first (random 1000000 (seed->random-state 5)))
(set! %load-path (cons me %load-path))
(read-hash-extend #\! (lambda (c port) (read port) me))
(display me)
(list (symbol->string first-gensym) (getenv "WHO") (basename (getcwd)) (length lines)
      (string-prefix? me (car lines)) sum squares random-first (car %load-path)
      (call-with-input-string "#!x" read)
      (match (list 1 2) ((a b) (+ a b))) (catch #t (lambda () (error "oops" me)) (lambda (k . args) k)))`
	var wg sync.WaitGroup
	results := make([]string, 4)
	outputs := make([]strings.Builder, len(results))
	for i := range results {
		wg.Add(1)
		go func() {
			defer wg.Done()
			me := fmt.Sprintf("engine%d", i)
			dir := filepath.Join(t.TempDir(), me)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Error(err)
				return
			}
			e, err := New(Options{Stdlib: os.DirFS("../stdlib"), Stdout: &outputs[i], Environ: []string{"WHO=nobody"}})
			if err != nil {
				t.Error(err)
				return
			}
			defer e.Close()
			text := fmt.Sprintf("(define me %q) (define dir %q)", me, dir) + program
			v, err := e.Eval(context.Background(), text, me)
			if err != nil {
				t.Errorf("%s: %v", me, err)
				return
			}
			results[i] = strings.ReplaceAll(e.Write(v), me, "ME")
		}()
	}
	wg.Wait()
	for i, got := range results {
		if got != results[0] || !strings.Contains(got, `"ME" "ME" 300 #t 42 (0 1 4 9)`) {
			t.Errorf("engine %d: %s, engine 0: %s", i, got, results[0])
		}
		if want := fmt.Sprintf("engine%d", i); outputs[i].String() != want {
			t.Errorf("engine %d prints %q", i, outputs[i].String())
		}
	}
	if os.Getenv("WHO") != "" {
		t.Error("the environment of the process has changed")
	}
}

// TestAllocations checks that calls and sums allocate nothing: a hundred times
// the work takes as many bytes.
func TestAllocations(t *testing.T) {
	e := newEngine(t, Options{})
	ctx := context.Background()
	for _, c := range []struct{ name, text string }{
		{"calls", "(define (f n) (if (= n 0) 0 (g (- n 1)))) (define (g n) (f n)) f"},
		{"integers", "(lambda (n) (let loop ((i 0) (s 0)) (if (< i n) (loop (+ i 1) (+ s i)) s)))"},
		{"floats", "(lambda (n) (let loop ((i 0) (s 0.5)) (if (< i n) (loop (+ i 1) (* (+ s 1.25) 0.5)) s)))"},
	} {
		proc, err := e.Eval(ctx, c.text, "t")
		if err != nil {
			t.Fatal(err)
		}
		count := func(n int64) float64 {
			return testing.AllocsPerRun(20, func() { _, _ = e.Apply(ctx, proc, datum.Fix(n)) })
		}
		if few, many := count(1000), count(100_000); many > few {
			t.Errorf("%s: %v allocations for 1000, %v for 100000", c.name, few, many)
		}
	}
}
