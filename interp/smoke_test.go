package interp

import (
	"bytes"
	"context"
	"testing"
)

func run(t *testing.T, text string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	e, err := New(Options{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.Eval(context.Background(), text, "test.scm")
	if err != nil {
		return "", err
	}
	return e.Write(v), nil
}

func TestSmoke(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"1", "1"},
		{"(+ 1 2)", "3"},
		{"(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 20)", "6765"},
		{"(let loop ((i 0) (acc '())) (if (= i 5) acc (loop (+ i 1) (cons i acc))))", "(4 3 2 1 0)"},
		{"(call/cc (lambda (k) (+ 1 (k 42))))", "42"},
		{"(call-with-values (lambda () (values 1 2)) list)", "(1 2)"},
		{"(catch 'foo (lambda () (throw 'foo 1 2)) (lambda (k . a) (list k a)))", "(foo (1 2))"},
		{"(catch #t (lambda () (car 1)) (lambda (k . a) k))", "wrong-type-arg"},
		{"(define (f n) (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 1000000)", "1000000"},
		{"(define p (make-parameter 1)) (list (p) (parameterize ((p 2)) (p)) (p))", "(1 2 1)"},
		{"(let-values (((a b) (values 1 2)) ((c) (values 3))) (list a b c))", "(1 2 3)"},
	} {
		got, err := run(t, c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
	}
}
