package interp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestLocals looks at the variables of the frames of errors.
func TestLocals(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"parameters and let", `(define* (f x #:optional (y 5)) (let ((z (* x 2))) (+ 1 (car z) y x)))
(list (f 4))`, "f: x=4 y=5 z=8"},
		{"not yet bound", `(define (f x) (let* ((a (car x)) (b 2)) (+ (list a b))))
(list (f 4))`, "f: x=4"},
		{"a loop", `(define (f n) (let loop ((i 0) (acc '())) (if (= i n) (list (car i)) (loop (+ i 1) (cons i acc)))))
(list (f 2))`, "f: n=2 i=2 acc=(1 0)"},
		{"rest and keywords", `(define* (f #:key (k 1) #:rest r) (list (car k) r))
(list (f #:k 7))`, "f: r=(#:k 7) k=7"},
		{"assigned and captured", `(define (f x) (let ((n 0)) (set! n (+ n x)) (map (lambda (y) (set! n (car y))) '(1)) n))
(list (f 3))`, "anonymous: y=1 n=3|map1: l=(1)"},
		{"free variables of a closure", `(define (f x) (lambda (y) (+ 1 (car x) y)))
(list ((f 3) 4))`, "anonymous: y=4 x=3"},
		{"one name twice", `(define (f x) (let ((x (list x))) (let ((x (list x))) (+ 1 (cadr x)))))
(list (f 3))`, "f: x=((3))"},
		{"values", `(define (f x) (call-with-values (lambda () (values x 2)) (lambda (a . b) (+ 1 (car a) (car b)))))
(list (f 3))`, "f: x=3 a=3 b=(2)"},
		{"callers", `(define (f x) (+ 1 (car x)))
(define (g a b) (let ((r (f (+ a b)))) (list r a)))
(define (h c) (let ((v (vector c))) (list (g 1 c) v)))
(list (h 2))`, "f: x=3|g: a=1 b=2|h: c=2 v=#(2)"},
		{"behind a captured continuation", `(define (f x) (call/cc (lambda (k) (+ 1 (car x)))))
(define (g a) (list (f a) (+ a 1)))
(list (g 5))`, "anonymous: k=#<continuation> x=5|g: a=5"},
	} {
		e, err := New(Options{Stdlib: os.DirFS("../stdlib")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Eval(context.Background(), c.text, "test")
		var failed *Error
		if !errors.As(err, &failed) {
			t.Errorf("%s: no error: %v", c.name, err)
			continue
		}
		var frames []string
		for _, f := range failed.Stack {
			name := f.Name
			if name == "" {
				name = "anonymous"
			}
			var vars []string
			for _, v := range f.Locals() {
				vars = append(vars, fmt.Sprintf("%s=%s", v.Name, e.Write(v.Value)))
			}
			frames = append(frames, strings.TrimSuffix(name+": "+strings.Join(vars, " "), ": "))
		}
		got := strings.Join(frames, "|")
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
