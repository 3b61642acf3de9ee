package interp

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"fruix/interp/datum"
)

type inner struct {
	X int `scheme:"x"`
}

type outer struct {
	Name   string           `scheme:"name"`
	List   []inner          `scheme:"list"`
	Vector [2]float64       `scheme:"vector"`
	Table  map[string]int   `scheme:"table"`
	Big    *big.Int         `scheme:"big"`
	Bytes  []byte           `scheme:"bytes"`
	Maybe  *string          `scheme:"maybe"`
	Any    any              `scheme:"any"`
	Ratio  *big.Rat         `scheme:"ratio"`
	Flag   bool             `scheme:"flag"`
	Small  uint8            `scheme:"small"`
	Nested map[string][]int `scheme:"nested"`
	Left   func()           `scheme:"-"`
}

// TestValuesRoundTrip takes a value to Scheme and back.
func TestValuesRoundTrip(t *testing.T) {
	text := "there"
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	in := outer{
		Name: "λ", List: []inner{{1}, {2}}, Vector: [2]float64{1.5, -2}, Table: map[string]int{"b": 2, "a": 1}, Big: huge,
		Bytes: []byte{1, 2, 255}, Maybe: &text, Any: []any{int64(1), "two", true, 2.5}, Ratio: big.NewRat(1, 3), Flag: true, Small: 200,
		Nested: map[string][]int{"k": {1, 2}},
	}
	v, err := ToScheme(in)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, Options{})
	const want = `((name . "λ") (list ((x . 1)) ((x . 2))) (vector . #(1.5 -2.0)) (table ("a" . 1) ("b" . 2)) (big . 123456789012345678901234567890)` +
		` (bytes . #vu8(1 2 255)) (maybe . "there") (any 1 "two" #t 2.5) (ratio . 1/3) (flag . #t) (small . 200) (nested ("k" 1 2)))`
	if got := e.Write(v); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var out outer
	if err := FromScheme(v, &out); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) {
		t.Errorf("got %+v, want %+v", out, in)
	}
}

// TestFromScheme converts values to types that fit and that do not.
func TestFromScheme(t *testing.T) {
	e := newEngine(t, Options{})
	for _, c := range []struct {
		text   string
		target any
		want   string
	}{
		{"'(1 2 3)", new([]int), "[1 2 3]"},
		{"#(1 2 3)", new([]int64), "[1 2 3]"},
		{"'sym", new(string), "sym"},
		{"#:key", new(string), "key"},
		{"#\\a", new(rune), "97"},
		{"1/2", new(float64), "0.5"},
		{"7", new(float32), "7"},
		{"#f", new(*int), "<nil>"},
		{"'((a . 1) (b . 2) (a . 3))", new(map[string]int), "map[a:1 b:2]"},
		{"(let ((t (make-hash-table))) (hashq-set! t 'k 5) t)", new(map[string]int), "map[k:5]"},
		{"(list 1 'a \"b\" #t 1.5 #vu8(1) '(2 (3)) (expt 2 70))", new(any), "[1 a b true 1.5 [1] [2 [3]] 1180591620717411303424]"},
		{"car", new(any), "procedure"},
		{"300", new(uint8), "error: 300 does not fit a Go value of type uint8"},
		{"-1", new(uint), "error: -1 does not fit"},
		{"\"x\"", new(int), "error: \"x\" does not fit a Go value of type int"},
		{"'(1 x)", new([]int), "error: element 1: x does not fit"},
		{"'(1 2)", new([3]int), "error: (1 2) does not fit"},
		{"'(1 . 2)", new([]int), "error: (1 . 2) does not fit"},
		{"0", new(bool), "error: 0 does not fit"},
		{"1.5", new(int), "error: 1.5 does not fit"},
		{"(let ((l (list 1 2 3))) (set-cdr! (cddr l) l) l)", new([]int), "error: #0=(1 2 3 . #0#) does not fit"},
		{"'((x . \"a\"))", new(inner), "error: x: \"a\" does not fit"},
		{"1", new(error), "error: 1 does not fit"},
	} {
		v, err := e.Eval(context.Background(), c.text, "test")
		if err != nil {
			t.Fatal(c.text, err)
		}
		got := ""
		if err := FromScheme(v, c.target); err != nil {
			got = "error: " + err.Error()
		} else if got = fmt.Sprint(reflect.ValueOf(c.target).Elem().Interface()); c.want == "procedure" {
			if x, ok := (*c.target.(*any)).(datum.Value); !ok || x != v {
				t.Errorf("%s: %v", c.text, got)
			}
			continue
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s as %T: got %s, want %s", c.text, c.target, got, c.want)
		}
	}
	if err := FromScheme(datum.True, true); err == nil {
		t.Error("a target that is no pointer is taken")
	}
	if _, err := ToScheme(func() {}); err == nil {
		t.Error("a function is converted")
	}
	type ring struct{ Next *ring }
	r := &ring{}
	r.Next = r
	if _, err := ToScheme(r); err == nil {
		t.Error("data that goes round is converted")
	}
}
