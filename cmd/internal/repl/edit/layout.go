package edit

import (
	"strings"

	"github.com/rivo/uniseg"
)

// page is a text laid out for the screen: rows no wider than the screen, and
// where the cursor is.
type page struct {
	rows      []row
	line, col int
}

// row is one line of the screen. text may hold ANSI sequences; width is in
// columns.
type row struct {
	text  string
	width int
}

// marks gives places of a text a style: SGR parameters by index.
type marks map[int]string

// layouter fills rows.
type layouter struct {
	columns int
	page    page
	b       strings.Builder
	width   int
}

func (l *layouter) push() {
	l.page.rows = append(l.page.rows, row{l.b.String(), l.width})
	l.b.Reset()
	l.width = 0
}

// put writes one cluster; style is an SGR parameter or "".
func (l *layouter) put(cluster string, width int, style string) {
	if l.width+width > l.columns && l.width > 0 {
		l.push()
	}
	if style != "" {
		l.b.WriteString("\x1b[" + style + "m" + cluster + "\x1b[0m")
	} else {
		l.b.WriteString(cluster)
	}
	l.width += width
}

func (l *layouter) string(s, style string) {
	state := -1
	for s != "" {
		var cluster string
		var w int
		cluster, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		l.put(cluster, w, style)
	}
}

// visible is how a character is shown that has no width or moves the cursor.
func visible(r rune) (string, bool) {
	switch {
	case r == '\t':
		return "    ", true
	case r < 0x20:
		return "^" + string(r+'@'), true
	case r == 0x7f:
		return "^?", true
	case r >= 0x80 && r < 0xa0:
		return "\u00b7", true
	}
	return "", false
}

// layout lays a text out behind a prompt; lines after the first have the
// prompt next.
func layout(prompt, next string, text []rune, cursor, columns int, m marks) page {
	l := &layouter{columns: max(columns, 2)}
	l.string(prompt, "")
	here := func(width int) {
		if l.width+width > l.columns && l.width > 0 || l.width == l.columns {
			l.push()
		}
		l.page.line, l.page.col = len(l.page.rows), l.width
	}
	for i := 0; i < len(text); {
		r := text[i]
		if r == '\n' {
			if i == cursor {
				here(0)
			}
			l.push()
			l.string(next, "")
			i++
			continue
		}
		cluster, ok := visible(r)
		n, w := 1, len(cluster)
		if r >= 0x80 && r < 0xa0 {
			w = 1
		}
		if !ok {
			cluster, n, w = clusterAt(text, i)
		}
		if i <= cursor && cursor < i+n {
			here(w)
		}
		l.put(cluster, w, m[i])
		i += n
	}
	if cursor >= len(text) {
		here(0)
	}
	l.push()
	return l.page
}

// clusterAt is the grapheme cluster at i: its text, length and width.
func clusterAt(text []rune, i int) (string, int, int) {
	if text[i] < 0x300 && (i+1 == len(text) || text[i+1] < 0x300) {
		return string(text[i]), 1, 1
	}
	end := min(i+32, len(text))
	for k := i; k < end; k++ {
		if text[k] == '\n' {
			end = k
		}
	}
	c, _, w, _ := uniseg.FirstGraphemeClusterInString(string(text[i:end]), -1)
	return c, max(1, len([]rune(c))), w
}
