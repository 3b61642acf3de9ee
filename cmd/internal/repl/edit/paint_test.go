package edit

import (
	"strings"
	"testing"
)

// show writes styles into a text as {style:…}.
func show(text string, m marks) string {
	var b strings.Builder
	style := ""
	for i, r := range []rune(text) {
		if m[i] != style {
			if style != "" {
				b.WriteByte('}')
			}
			if style = m[i]; style != "" {
				b.WriteString("{" + style + ":")
			}
		}
		b.WriteRune(r)
	}
	if style != "" {
		b.WriteByte('}')
	}
	return b.String()
}

func TestPaint(t *testing.T) {
	syntax := func(name string) bool { return name == "define" || name == "if" }
	for _, c := range []struct{ text, want string }{
		{`(define x 1)`, `({1;34:define} x {36:1})`},
		{`(list define)`, `(list define)`},
		{`( if a "b;c" #:k)`, `( {1;34:if} a {32:"b;c"} {35:#:k})`},
		{"x ; y\nz", "x {2:; y}\nz"},
		{`#| a "b |# #t #\x`, `{2:#| a "b |#} {36:#t} {36:#\x}`},
		{`-1.5e3 1/2 - 1+ ... +i 3i`, `{36:-1.5e3} {36:1/2} - 1+ ... {36:+i} 3i`},
		{`1-2i +1/2i 1+i --i +pi i`, `{36:1-2i} {36:+1/2i} {36:1+i} --i +pi i`},
		{`,expand (if 1)`, `{1:,expand} ({1;34:if} {36:1})`},
		{`"open (if`, `{32:"open (if}`},
		{`'(if)`, `'({1;34:if})`},
		{``, ``},
		{`,`, `,`},
	} {
		if got := show(c.text, paint([]rune(c.text), syntax)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestPaintValue(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`(a 1 "s")`, "(a \x1b[36m1\x1b[0m \x1b[32m\"s\"\x1b[0m)"},
		{`#<procedure f (x #:key y)>`, `#<procedure f (x #:key y)>`},
		{`(#<unspecified> 2)`, "(#<unspecified> \x1b[36m2\x1b[0m)"},
		{`"#<1"`, "\x1b[32m\"#<1\"\x1b[0m"},
	} {
		if got := Paint(c.text); got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func FuzzPaint(f *testing.F) {
	for _, s := range []string{`(define x "a`, `#|`, `#\`, `#<a<b>`, ",", "|a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain := string([]rune(text))
		got := Paint(text)
		for _, s := range []string{styleComment, styleString, styleDatum, styleKeyword, styleSyntax, styleCommand} {
			got = strings.ReplaceAll(got, "\x1b["+s+"m", "")
		}
		if strings.ReplaceAll(got, "\x1b[0m", "") != plain && !strings.Contains(text, "\x1b") {
			t.Errorf("%q became %q", text, Paint(text))
		}
	})
}
