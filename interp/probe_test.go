package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// TestProbeCalls watches calls: nested ones, tail calls, escapes, several
// values, and calls that make the stack grow.
func TestProbeCalls(t *testing.T) {
	e := newEngine(t, Options{})
	const program = `
(define (leaf x) (* x 2))
(define (mid x) (+ 1 (leaf x)))
(define (tail x) (if (= x 0) (mid 1) (tail (- x 1))))
(define (two) (values 1 2))
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(define (out k) (k (leaf 4)))
(define (escape) (+ 1 (call/cc (lambda (k) (out k)))))`
	if _, err := e.Eval(context.Background(), program, "test"); err != nil {
		t.Fatal(err)
	}
	var lines []string
	e.SetProbe(&Probe{
		Call: func(c *Call) (bool, error) {
			if !c.Proc.Is(datum.KClosure) || code.ProcName(c.Proc) == "top level" {
				return false, nil
			}
			mark := ""
			if c.Tail {
				mark = "="
			}
			lines = append(lines, fmt.Sprintf("%d%s%s", c.Depth, mark, code.ProcName(c.Proc)))
			return true, nil
		},
		Return: func(depth int, values []datum.Value) {
			var words []string
			for _, v := range values {
				words = append(words, e.Write(v))
			}
			lines = append(lines, fmt.Sprintf("%d→%s", depth, strings.Join(words, ",")))
		},
	})
	for _, c := range []struct{ text, want string }{
		{"(list (mid 3))", "0mid 1leaf 1→6 0→7"},
		{"(list (tail 1))", "0tail 0=tail 0=mid 1leaf 1→2 0→3"},
		{"(call-with-values two list)", "0two 0→1,2"},
		{"(list (escape))", "0escape 1 1=out 2leaf 2→8 0→9"},
		{"(list (mid 1) (mid 2))", "0mid 1leaf 1→2 0→3 0mid 1leaf 1→4 0→5"},
	} {
		lines = nil
		if _, err := e.Eval(context.Background(), c.text, "test"); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if got := strings.Join(lines, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
	lines = nil
	if v, err := e.Eval(context.Background(), "(deep 3000)", "test"); err != nil || e.Write(v) != "3000" {
		t.Errorf("deep: %v, %v", e.Write(v), err)
	}
	if len(lines) != 6002 {
		t.Errorf("deep: %d lines", len(lines))
	}
	e.SetProbe(nil)
	lines = nil
	if _, err := e.Eval(context.Background(), "(mid 1)", "test"); err != nil || len(lines) > 0 {
		t.Errorf("without a probe: %v %v", lines, err)
	}
}

// TestProbeStops looks at the stack of a call, evaluates in the middle of it,
// and ends the evaluation.
func TestProbeStops(t *testing.T) {
	e := newEngine(t, Options{})
	if _, err := e.Eval(context.Background(), "(define (f x) (+ 1 (g (* 2 x))))\n(define (g y) (list y))", "test"); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	seen := ""
	e.SetProbe(&Probe{Call: func(c *Call) (bool, error) {
		if code.ProcName(c.Proc) != "g" {
			return false, nil
		}
		for _, f := range c.Stack() {
			seen += f.Name
			for _, v := range f.Locals() {
				seen += fmt.Sprintf(" %s=%s", v.Name, e.Write(v.Value))
			}
			seen += ";"
		}
		v, err := e.Eval(context.Background(), "(g 7)", "inner")
		seen += e.Write(v)
		if err != nil {
			return false, err
		}
		return false, stop
	}})
	_, err := e.Eval(context.Background(), "(list (f 5))", "test")
	if !errors.Is(err, stop) {
		t.Errorf("the error is %v", err)
	}
	if want := "g y=10;f x=5;top level;(7)"; seen != want {
		t.Errorf("seen: %s, want %s", seen, want)
	}
}

// TestProbeSamples finds the procedure that works.
func TestProbeSamples(t *testing.T) {
	e := newEngine(t, Options{})
	time1, samples := map[string]time.Duration{}, 0
	e.SetProbe(&Probe{Interval: 100 * time.Microsecond, Sample: func(procs []datum.Value, since time.Duration) {
		samples++
		time1[code.ProcName(procs[0])] += since
	}})
	_, err := e.Eval(context.Background(), `
(define (work n) (let loop ((i 0) (l '())) (if (= i n) l (loop (+ i 1) (cons i l)))))
(define (rest) 1)
(let loop ((i 0)) (if (< i 200) (begin (rest) (work 5000) (loop (+ i 1)))))`, "test")
	if err != nil || samples < 10 || time1["work"] < 9*time1["rest"] {
		t.Errorf("%d samples: %v, error %v", samples, time1, err)
	}
}
