package read_test

import (
	"errors"
	"strings"
	"testing"

	"fruix/interp/datum"
	"fruix/interp/print"
	"fruix/interp/read"
	"fruix/interp/source"
)

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"(a", "f:1:1: this parenthesis is never closed"},
		{")", "f:1:1: a ')' closes nothing"},
		{"(a . )", "f:1:6: no datum between the dot and the end of the list"},
		{"(#;a . b)", "f:1:6: a dot stands where a datum is expected"},
		{"(#;x #;(y) . z)", "f:1:12: a dot stands where a datum is expected"},
		{"(a . b c)", "f:1:8: more than one datum after the dot of a list"},
		{"[a)", "f:1:3: expected ']', found ')'"},
		{"(a\n \"b", "f:2:2: this string is never closed"},
		{"#0=#0#", "f:1:1: a datum label stands for itself"},
		{"#1#", "f:1:1: the datum label #1# has no definition before it"},
		{`"\q"`, `f:1:2: unknown escape \q in a string`},
		{`#\foo`, `f:1:1: unknown character name #\foo`},
		{"#u8(256)", "f:1:1: element 0 is not a number of type u8"},
		{"#| |", "f:1:1: this block comment is never closed"},
		{"#<foo>", "f:1:1: unknown syntax #<foo>"},
		{"'", "f:1:1: the text ends where a datum is expected"},
	} {
		_, err := read.New(&source.File{Name: "f", Text: []byte(tt.in)}, read.Options{}).Read()
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.in, err, tt.want)
		}
	}
}

func TestGexps(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"#~(a #$b)", "(gexp (a (ungexp b)))"},
		{"#$a:out", "(ungexp a \"out\")"},
		{"#+a:b:c", "(ungexp-native a:b \"c\")"},
		{"#$@a:out", "(ungexp-splicing a:out)"},
		{"#$(a b:c)", "(ungexp (a b:c))"},
		{"#$:a", "(ungexp :a)"},
	} {
		v, err := read.New(&source.File{Name: "f", Text: []byte(tt.in)}, read.Options{}).Read()
		if got := print.ToWrite(v); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v, want %s", tt.in, got, err, tt.want)
		}
	}
}

func TestGuessByIndentation(t *testing.T) {
	_, err := read.New(&source.File{Text: []byte("(define (f)\n  (foo)\n\n(define (g)\n  1)\n")}, read.Options{}).Read()
	var e *read.Error
	if !errors.As(err, &e) || !e.Incomplete || e.Pos.Line != 1 || len(e.Related) != 1 || e.Related[0].Pos.Line != 4 {
		t.Errorf("got %+v", e)
	}
}

func TestPositions(t *testing.T) {
	var got []string
	wrap := func(v datum.Value, at source.Pos) datum.Value {
		if v.IsSymbol() {
			got = append(got, v.Symbol().Name+at.String())
		}
		return v
	}
	text := "(a\n  'b #;(skip) \"λ\" c)"
	if _, err := read.New(&source.File{Name: ":", Text: []byte(text)}, read.Options{Wrap: wrap}).Read(); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, " "); s != "a::1:2 b::2:4 quote::2:3 c::2:19" {
		t.Errorf("got %s", s)
	}
}

func TestOptions(t *testing.T) {
	v, err := read.New(&source.File{Text: []byte("(Foo :bar #!fold-case BAZ)")}, read.Options{Settings: &read.Settings{Keywords: read.KeywordPrefix}}).Read()
	if got := print.ToWrite(v); err != nil || got != "(Foo #:bar baz)" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"(define-library (a))", true}, {"#!/bin/sh\n!#\n;; x\n#| y |# ( define-library", true}, {"(library (a))", true},
		{"(import (scheme base))", true}, {"(import (ice-9 match) (only (rnrs base) car))", true}, {"(import (prefix (except (scheme write) write) x:))", true},
		{"(import (ice-9 match))", false}, {"(import)", false}, {"(import (only))", false}, {"(import (only . scheme))", false}, {"(import . (scheme base))", false},
		{"(use-modules (scheme base))", false}, {"(define-module (a)) (define-library (b))", false}, {"", false}, {"(", false}, {")", false}, {"((import (scheme base)))", false},
		{"'(define-library)", false}, {"#(import (scheme base))", false}, {"#;(import (scheme base))", false}, {"[define-library]", true}, {"(import (scheme", false},
	} {
		f := &source.File{Text: []byte(tt.text)}
		if got := read.Report(f); got != tt.want {
			t.Errorf("%s: got %v", tt.text, got)
		}
		got := map[bool]string{}
		for _, program := range []bool{false, true} {
			rest := &source.File{Text: []byte(tt.text + "\n\"a\\\n  b\"")}
			r := read.New(rest, read.Options{Program: program})
			for {
				v, err := r.Read()
				if err != nil || v == datum.EOF {
					break
				}
				got[program] = print.ToWrite(v)
			}
		}
		if want, seen := map[bool]string{true: `"ab"`, false: `"a  b"`}[tt.want], got[true]; seen != "" && seen != want || got[false] == `"ab"` {
			t.Errorf("%s: the string after it reads as %s in a program, as %s elsewhere", tt.text, seen, got[false])
		}
	}
	if read.Report(nil) {
		t.Error("no file is a program of the reports")
	}
}

func TestDepth(t *testing.T) {
	n := 200000
	v, err := read.String(strings.Repeat("(", n) + strings.Repeat(")", n))
	if err != nil {
		t.Fatal(err)
	}
	if got := print.ToWrite(v); len(got) != 2*n {
		t.Errorf("printed %d characters", len(got))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"(a . b)", "#(1 2)", `"a\x41;\n"`, "#0=(a . #0#)", "#2((1 2) (3 4))", "#1@1:2(a b)", "#u8(1)", "#*10", "#~(a #$@b)", "#{a b}#", `#\x41`, "#!fold-case", "1e400", "#e1e10", "+i", "1/2-3/4i", "#e1.5-2i", "1@0", "(#;a . b)", "(. b)", "\"a\\ \n b\"", "#;#;a b c", "#| #| |# |#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := read.New(&source.File{Text: []byte(s)}, read.Options{})
		for {
			v, err := r.Read()
			if err != nil || v == datum.EOF {
				return
			}
			// What was read can be written, and read again if readable.
			text := print.ToWrite(v)
			if strings.Contains(text, "#<") || len(text) > 1<<20 {
				continue // nothing to be read, or more than a token may be long
			}
			w, err := read.String(text)
			if err != nil {
				t.Fatalf("%q reads as %s, which does not read: %v", s, text, err)
			}
			if again := print.ToWrite(w); again != text {
				t.Fatalf("%q reads as %s, which reads as %s", s, text, again)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	line := "(define (foo x y) (if (< x 10) (bar \"text\" 'sym 42) (let ((z (+ x y))) (list z 1.5 #t))))\n"
	file := &source.File{Text: []byte(strings.Repeat(line, 1000))}
	b.SetBytes(int64(len(file.Text)))
	for b.Loop() {
		if _, err := read.All(file, read.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
