package print

import (
	"testing"

	"fruix/interp/read"
)

// Each text is what Guile 3.0.8's write gives for the datum it reads.
func TestWrite(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"(a . b)", "(a . b)"}, {"(a b . (c))", "(a b c)"}, {"'x", "(quote x)"},
		{"#(1 2 (3))", "#(1 2 (3))"}, {"()", "()"}, {`"a\nb\"c\\"`, `"a\nb\"c\\"`},
		{"#\\a", "#\\a"}, {"#\\space", "#\\space"}, {"#\\x0", "#\\nul"}, {"#\\x7f", "#\\delete"},
		{"1.5", "1.5"}, {"1e21", "1.0e21"}, {"1e20", "1.0e20"}, {"1e6", "1000000.0"}, {"1e7", "1.0e7"}, {"1e-7", "1.0e-7"}, {"0.001", "0.001"},
		{"-0.0", "-0.0"}, {"+inf.0", "+inf.0"}, {"1/2", "1/2"}, {"6/4", "3/2"}, {"1+2i", "1+2i"}, {"1.0+2i", "1.0+2.0i"}, {"-1.5-i", "-1.5-1.0i"},
		{"#u8(1 2 3)", "#u8(1 2 3)"}, {"#vu8(1 2 3)", "#vu8(1 2 3)"}, {"#f64(1 2.5)", "#f64(1.0 2.5)"}, {"#s16(-1 2)", "#s16(-1 2)"},
		{"#2((1 2) (3 4))", "#2((1 2) (3 4))"}, {"#1@1(a b)", "#1@1(a b)"}, {"#*1011", "#*1011"},
		{"#{foo bar}#", "#{foo bar}#"}, {"|a b|", "#{a b}#"}, {"#:key", "#:key"}, {"#~(a #$b #$@c #+d #+@e)", "(gexp (a (ungexp b) (ungexp-splicing c) (ungexp-native d) (ungexp-native-splicing e)))"},
		{"#0=(a . #0#)", "#0=(a . #0#)"}, {"(#0=(a) #0#)", "((a) (a))"}, {"#0=#(1 #0#)", "#0=#(1 #0#)"},
		{"(#t #f #true #false)", "(#t #f #t #f)"}, {"123456789012345678901234567890", "123456789012345678901234567890"},
	} {
		v, err := read.String(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if got := ToWrite(v); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}
