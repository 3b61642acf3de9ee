package source

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// excerptColumns is how much of a line an excerpt shows, about what a terminal
// has.
const excerptColumns = 100

// Excerpt shows the line of p with a caret below the column:
//
//	12 | (display (+ 1 "a"))
//	   |          ^
//
// Of a long line it shows what stands around the caret, with … where it was
// cut. Control characters are shown by names, so that nothing in a text can
// change a terminal's state. It returns "" when the text is not at hand.
func (p Pos) Excerpt() string {
	if !p.Known() {
		return ""
	}
	line, ok := p.File.LineText(p.Line)
	if !ok {
		return ""
	}
	text, pad := excerpt(line, int(p.Col)-1)
	num := fmt.Sprintf("%4d", p.Line)
	return fmt.Sprintf("%s | %s\n%s | %s^", num, text, strings.Repeat(" ", len(num)), pad)
}

// excerpt gives what is shown of a line, and what stands before the caret in
// the line below to bring it under character at (from 0).
func excerpt(line string, at int) (text, pad string) {
	cells := cellsOf(line)
	at = max(0, min(at, len(cells)))
	columns := 0
	for _, c := range cells {
		columns += c.columns
	}
	start, end, long := 0, len(cells), columns > excerptColumns
	if long {
		start, end = window(cells, at)
	}
	var shown, below strings.Builder
	if start > 0 {
		shown.WriteString("…")
		below.WriteByte(' ')
	}
	for i, c := range cells[start:end] {
		before := start+i < at
		switch {
		case c.text == "\t" && !long:
			// Goes as far in both lines.
			shown.WriteByte('\t')
			if before {
				below.WriteByte('\t')
			}
			continue
		case c.text == "\t":
			c = cell{" ", 1}
		}
		shown.WriteString(c.text)
		if before {
			below.WriteString(strings.Repeat(" ", c.columns))
		}
	}
	if end < len(cells) {
		shown.WriteString("…")
	}
	return shown.String(), below.String()
}

// window chooses the cells [start, end) of a long line that are shown: one
// third before the caret, the rest behind it, and more before it where the line
// ends soon.
func window(cells []cell, at int) (start, end int) {
	room := excerptColumns - 2 // for the marks
	start, end = at, at
	used := 0
	before := func(limit int) {
		for start > 0 && used+cells[start-1].columns <= limit {
			start--
			used += cells[start].columns
		}
	}
	before(room / 3)
	for end < len(cells) && used+cells[end].columns <= room {
		used += cells[end].columns
		end++
	}
	before(room)
	for start < at && cells[start].columns == 0 {
		start++ // its base was cut off
	}
	return start, end
}

// cell is a character as it is shown.
type cell struct {
	text    string
	columns int
}

// cellsOf takes a line apart. A tab counts for one column.
func cellsOf(line string) []cell {
	cells := make([]cell, 0, len(line))
	for _, r := range line {
		cells = append(cells, cellOf(r))
	}
	return cells
}

func cellOf(r rune) cell {
	switch {
	case r == '\t':
		return cell{"\t", 1}
	case r < 0x20:
		return cell{"^" + string(r+'@'), 2}
	case r < 0x7f:
		return cell{string(r), 1}
	case r == 0x7f:
		return cell{"^?", 2}
	case r < 0xa0:
		return cell{fmt.Sprintf("\\x%02x", r), 4}
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return cell{string(r), 0}
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return cell{string(r), 2}
	}
	return cell{string(r), 1}
}
