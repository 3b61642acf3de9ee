package vm_test

import (
	"bytes"
	"context"
	"testing"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/stdlib"
)

// TestDetour has natives ask for calls of procedures: inlined ones and those
// called as values, once with a continuation that is entered again.
func TestDetour(t *testing.T) {
	var out bytes.Buffer
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS, Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	ready := 0
	e.Register("(guile)",
		&datum.Primitive{Name: "%make-ready", Min: 0, Max: 0, F0: func(datum.Caller) (datum.Value, error) {
			ready++
			return datum.Unspecified, nil
		}},
		// (%when-ready wait x) is x once wait has made it ready.
		&datum.Primitive{Name: "%when-ready", Min: 2, Max: 2, F2: func(_ datum.Caller, wait, x datum.Value) (datum.Value, error) {
			if ready == 0 {
				return datum.Unset, &datum.Detour{Proc: wait, Again: true}
			}
			ready--
			return x, nil
		}},
		// (%then proc x) calls proc with x and is x.
		&datum.Primitive{Name: "%then", Min: 2, Max: 2, F2: func(_ datum.Caller, proc, x datum.Value) (datum.Value, error) {
			return datum.Unset, &datum.Detour{Proc: proc, Args: []datum.Value{x}, Result: x}
		}})
	for _, c := range []struct{ text, want string }{
		{`(list 1 (%when-ready (lambda () (%make-ready)) 2) 3)`, "(1 2 3)"},
		{`(map %when-ready (list (lambda () (%make-ready) (values)) (lambda () (%make-ready))) '(a b))`, "(a b)"},
		{`(let* ((l '()) (x (%then (lambda (y) (set! l (cons y l)) (values 1 2)) 'q))) (cons x l))`, "(q q)"},
		{`(let ((l '())) (for-each (lambda (f) (f (lambda (y) (set! l (cons y l))) 7)) (list %then %then)) l)`, "(7 7)"},
		// The wait is left and entered again.
		{`(let* ((tag (make-prompt-tag)) (k #f)
		         (v (call-with-prompt tag
		              (lambda () (list 'got (%when-ready (lambda () (abort-to-prompt tag)) 5)))
		              (lambda (again) (set! k again) 'parked))))
		    (%make-ready)
		    (list v (k #f)))`, "(parked (got 5))"},
		{`(catch 'oops (lambda () (%when-ready (lambda () (throw 'oops 1)) 2)) list)`, "(oops 1)"},
	} {
		v, err := e.Eval(context.Background(), c.text, "test")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := e.Write(v); got != c.want {
			t.Errorf("%s gives %s, want %s", c.text, got, c.want)
		}
	}
}
