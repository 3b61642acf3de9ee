package module

import (
	"testing"

	"fruix/interp/datum"
	"fruix/interp/source"
)

func TestSkipList(t *testing.T) {
	for _, c := range []struct {
		text      string
		end       int // 0: not closed
		line, col uint32
	}{
		{"(a)b", 3, 1, 4},
		{"(a (b) [c])", 11, 1, 12},
		{"(a \")\" b) c", 9, 1, 10},
		{"(a \"\\\")\" b) c", 11, 1, 12},
		{"(a ; )\n b) c", 10, 2, 4},
		{"(a #| ) #| ( |# ) |# b) c", 23, 1, 24},
		{"(a #\\) b) c", 9, 1, 10},
		{"(a #\\( #\\\" #\\; b) c", 17, 1, 18},
		{"(a |x)y| b) c", 11, 1, 12},
		{"(a #{x)y}# b) c", 13, 1, 14},
		{"(a #;(b) #t #(1) #:k #'x #~(y #$z)) c", 35, 1, 36},
		{"(ä\n ö) c", 8, 2, 4},
		{"(a", 0, 0, 0},
		{"(a \"", 0, 0, 0},
		{"(a #|", 0, 0, 0},
		{"(a #", 0, 0, 0},
		{"(a #\\", 0, 0, 0},
		{"(a ;", 0, 0, 0},
		{"(a #{", 0, 0, 0},
	} {
		got, ok := skipList([]byte(c.text), Place{0, 1, 1})
		if ok != (c.end > 0) || ok && got != (Place{c.end, c.line, c.col}) {
			t.Errorf("%s: %v %v", c.text, got, ok)
		}
	}
}

func TestDefer(t *testing.T) {
	r := NewRegistry()
	for _, s := range []string{"define", "define*", "define-syntax", "define-syntax-rule"} {
		r.Guile.Set(sym(s), datum.True)
	}
	for _, c := range []struct {
		text     string
		deferred string
		syntax   bool
	}{
		{"(define (f x) x)", "f", false},
		{"(define ((curried x) y) x)", "curried", false},
		{"(define* (g #:key x) x)", "g", false},
		{"(define-syntax m (syntax-rules ()))", "m", true},
		{"(define-syntax-rule (n a) a)", "n", true},
		{"(define v (f 1))", "", false}, // may have effects
		{"(define\n  (f2) 1)", "", false},
		{"(define", "", false},
		{"(display 1)", "", false},
		{"(define (set) 1)", "", false}, // has a value
		{"(define (f x) 2)", "", false}, // is waiting already
		{"(define (|a b|) 2)", "", false},
		{"(define-public (p) 1)", "", false},
		{"", "", false},
	} {
		r.Current.Set(sym("set"), datum.True)
		f := &source.File{Text: []byte(c.text)}
		end, ok := r.Defer(f, 0, source.Pos{File: f, Line: 1, Col: 1})
		if ok != (c.deferred != "") {
			t.Errorf("%s: %v", c.text, ok)
			continue
		}
		if !ok {
			continue
		}
		v := r.Current.vars[sym(c.deferred)]
		if end.Offset != len(c.text) || !r.IsLazy(v) || r.lazy[v].Syntax != c.syntax {
			t.Errorf("%s: %v", c.text, end)
		}
	}
	// Where "define" is another word, it is not known what it does.
	r.Current.Set(sym("define"), datum.True)
	f := &source.File{Text: []byte("(define (h) 1)")}
	if _, ok := r.Defer(f, 0, source.Pos{File: f, Line: 1, Col: 1}); ok {
		t.Error("another meaning of define")
	}
}
