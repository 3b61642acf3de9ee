package edit

import (
	"strings"
	"testing"
)

func TestIndent(t *testing.T) {
	for text, want := range map[string]int{
		"":                           0,
		"(foo":                       1,
		"(foo bar":                   5,
		"(define (f x)":              2,
		"(let ((a 1)":                6,
		"(let ((a 1))":               2,
		"(list (car x) ; comment":    6,
		"((a b) c":                   1,
		"(\"str\" ":                  1,
		"(a \"open":                  -1,
		"(a #\\( b":                  3,
		"(a ;(":                      1,
		"x\n  (foo bar\n       (baz": 8,
		"(package\n  (name \"x\")":   2,
		"#| (":                       -1,
		"(cond ((a) b)\n      (":     7,
	} {
		if got := Indent([]rune(text)); got != want && !(strings.HasPrefix(text, "#|") && got == 0) {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		text    string
		i, want int
	}{
		{"(a (b) c)", 0, 8}, {"(a (b) c)", 8, 0}, {"(a (b) c)", 5, 3},
		{"(a \")\" #\\) ; )\n)", 0, 15}, {"(]", 1, -1}, {")", 0, -1}, {"(", 0, -1}, {"[a]", 2, 0},
	} {
		if got := match([]rune(c.text), c.i); got != c.want {
			t.Errorf("%q at %d: %d, want %d", c.text, c.i, got, c.want)
		}
	}
}

func TestWhere(t *testing.T) {
	if start, ok := InString([]rune(`(load "a/b`)); !ok || start != 7 {
		t.Errorf("in a string: %d %v", start, ok)
	}
	if _, ok := InString([]rune(`"a\"b" c`)); ok {
		t.Error("behind a string")
	}
	if !InComment([]rune("a ; b")) || InComment([]rune("; a\nb")) || !InComment([]rune("#| a |# #| b")) {
		t.Error("comments")
	}
	if got := Symbol([]rune("(foo bar-b")); got != 5 {
		t.Errorf("symbol at %d", got)
	}
}

// FuzzScan looks for texts that the scanner does not walk through.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"(a . b) #(1 2) #\\( #| x #| y |# |# \"s\\\"\" #;(x) ,@y '#~z", "#{a b}# |x y| #", "\\"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, i int) {
		text := []rune(s)
		for k := 0; k < len(text); {
			tok := scan(text, k)
			if tok.end <= k || tok.end > len(text) {
				t.Fatalf("token %+v at %d of %q", tok, k, s)
			}
			k = tok.end
		}
		if i >= 0 && i <= len(text) {
			if b := backwardSexp(text, i); b < 0 || b > i {
				t.Fatalf("backward from %d to %d in %q", i, b, s)
			}
			if f := forwardSexp(text, i); f < i || f > len(text) {
				t.Fatalf("forward from %d to %d in %q", i, f, s)
			}
			match(text, i)
			Indent(text[:i])
		}
	})
}
