package text

import "testing"

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
