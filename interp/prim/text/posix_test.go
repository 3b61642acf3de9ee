package text

import (
	"regexp/syntax"
	"testing"
	"unicode/utf8"
)

func TestPosix(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		basic   bool
		text    string
		want    string // the match, "-" for none
	}{
		{"a|ab", false, "abc", "ab"}, // leftmost-longest
		{"(a|ab)(c|bcd)(d*)", false, "abcd", "abcd"},
		{"[[:digit:]]+", false, "ab12", "12"}, {"[]a]+", false, "x]a]", "]a]"}, {"[^]]", false, "]x", "x"},
		{"a{2,3}", false, "aaaa", "aaa"}, {"a\\{2\\}", true, "aaaa", "aa"}, {"a+", true, "a+", "a+"}, {"\\(ab\\)*", true, "ababx", "abab"},
		{"*a", true, "*a", "*a"}, {"a**", false, "aaa", "aaa"}, {"a.c", false, "a\nc", "a\nc"}, {"^b$", false, "a\nb", "-"},
		{"\\.", false, "a.b", "."}, {"[a-]+", false, "-a", "-a"}, {"\\<foo\\>", false, "a foo b", "foo"}, {"x*", false, "aaa", ""},
	} {
		re, err := Compile(tt.pattern, tt.basic, false, false, false)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
			continue
		}
		got := "-"
		if m := re.re.FindStringIndex(tt.text); m != nil {
			got = tt.text[m[0]:m[1]]
		}
		if got != tt.want {
			t.Errorf("%s on %q: got %q, want %q", tt.pattern, tt.text, got, tt.want)
		}
	}
	for _, p := range []string{"(", "[", "a{2", "[b-a]", "a{3,2}", "[[:foo:]]", "\\"} {
		if _, err := Compile(p, false, false, false, false); err == nil {
			t.Errorf("%s compiles", p)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, s := range []string{"a|b", "[[:alpha:]-x]", "(a){2}*", "\\(a\\)", "[^]a-z]", "a**+?"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, basic bool) {
		if len(s) > 64 {
			return // Go's regexp refuses what is nested or repeated too much
		}
		if re, err := Compile(s, basic, false, true, false); err == nil {
			re.re.FindStringIndex("some text to search\nin")
		}
	})
}

// FuzzRegexp compares the two matchers, and lets patterns refer back.
func FuzzRegexp(f *testing.F) {
	for _, s := range []string{"a*b", "(a|ab)(c|bcd)*", "^x$", "[[:alpha:]]+", `(a*)\1`, "a{2,3}", "[^a]", `\<b\>`, "((a)|b)*", "a|b|", "[]a-z]"} {
		f.Add(s, "abcabcd xaab", false)
		f.Add(s, "aé\nb", true)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, basic bool) {
		if len(pattern) > 30 || len(text) > 20 || !utf8.ValidString(text) {
			return
		}
		r, err := Compile(pattern, basic, false, false, false)
		if err != nil {
			return
		}
		if r.re == nil {
			r.find(text, false, false)
			return
		}
		tree, err := syntax.Parse("(?s)"+must(Translate(pattern, basic, false)), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		got, err := search(tree, text, false, false)
		if err != nil {
			return // it takes too long
		}
		want := r.re.FindStringSubmatchIndex(text)
		if (got == nil) != (want == nil) || got != nil && (got[0] != want[0] || got[1] != want[1]) {
			t.Errorf("%q in %q: %v by trying, %v by automaton", pattern, text, got, want)
		}
	})
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}
