package source

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/width"
)

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("(a b) ", 200)
	for _, c := range []struct {
		name, line string
		col        uint32
		text, pad  string
	}{
		{"plain", `(display (+ 1 "a"))`, 10, `(display (+ 1 "a"))`, "         "},
		{"first", "x", 1, "x", ""},
		{"behind the end", "ab", 9, "ab", "  "},
		{"tab", "\tif\tx", 5, "\tif\tx", "\t  \t"},
		{"wide", "(日本 x)", 5, "(日本 x)", "      "},
		{"combining", "e\u0301 x", 4, "e\u0301 x", "  "},
		{"control", "a\x1b[31mx", 7, "a^[[31mx", "       "},
		{"other controls", "\x7f\u009bx", 3, "^?\\x9bx", "      "},
		{"long, at its start", long, 3, long[:98] + "…", "  "},
		{"long, within", long, 601, "…" + long[568:666] + "…", strings.Repeat(" ", 33)},
		{"long, near its end", long, 1199, "…" + long[1102:], strings.Repeat(" ", 97)},
		{"long, behind its end", long, 5000, "…" + long[1102:], strings.Repeat(" ", 99)},
		{"just fits", long[:100], 100, long[:100], strings.Repeat(" ", 99)},
		{"long with tabs", strings.Repeat("\t", 50) + long, 51, "…" + strings.Repeat(" ", 32) + long[:66] + "…", strings.Repeat(" ", 33)},
		{"long and wide", strings.Repeat("日", 100), 51, "…" + strings.Repeat("日", 49) + "…", strings.Repeat(" ", 33)},
		{"cut before a combining character", strings.Repeat("e\u0301", 150), 201,
			"…" + strings.Repeat("e\u0301", 98), strings.Repeat(" ", 49)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &File{Name: "f", Text: []byte("first\n" + c.line + "\nlast")}
			got := Pos{f, 2, c.col}.Excerpt()
			want := "   2 | " + c.text + "\n     | " + c.pad + "^"
			if got != want {
				t.Errorf("got\n%s\nnot\n%s", got, want)
			}
		})
	}
}

// TestExcerptNeverTooWide looks at every column of lines of all sorts: the
// excerpt is valid text of limited width, and the caret stands below the first
// column of its character.
func TestExcerptNeverTooWide(t *testing.T) {
	letters := []rune("ab日e\u0301\t한z\x01")
	for n := range 260 {
		var line []rune
		for i := range n {
			line = append(line, letters[(i*i+n)%len(letters)])
		}
		f := &File{Name: "f", Text: []byte(string(line))}
		for col := 1; col <= n+1; col++ {
			text, caret, _ := strings.Cut(Pos{f, 1, uint32(col)}.Excerpt(), "\n")
			if !utf8.ValidString(text) || n > 0 && columnsOf(text) > 7+2*excerptColumns {
				t.Fatalf("%d characters, column %d: %q", n, col, text)
			}
			if !strings.HasPrefix(text, "   1 | ") || !strings.HasPrefix(caret, "     | ") {
				t.Fatalf("no margins: %q, %q", text, caret)
			}
			text, caret = text[7:], caret[7:len(caret)-1]
			if col > n {
				continue
			}
			if under, want := at(text, columnsOf(caret)), cellOf(line[col-1]).text; !strings.HasPrefix(under, want) && want != "\t" && cellOf(line[col-1]).columns > 0 {
				t.Fatalf("column %d of %q: %q stands above the caret, not %q", col, string(line), under, want)
			}
		}
	}
}

// columnsOf counts a tab as one column.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		n += columnOf(r)
	}
	return n
}

func columnOf(r rune) int {
	switch {
	case r == '\u0301':
		return 0
	case width.LookupRune(r).Kind() == width.EastAsianWide:
		return 2
	}
	return 1
}

// at gives the rest of s from a column on.
func at(s string, column int) string {
	for i, r := range s {
		if column <= 0 && columnOf(r) > 0 {
			return s[i:]
		}
		column -= columnOf(r)
	}
	return ""
}
