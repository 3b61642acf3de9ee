package edit

import (
	"fmt"
	"strings"
)

// screen knows what it wrote to the terminal and changes as little of it as
// needed. The sequences are those of ECMA-48 that every terminal has: cursor
// up, down and right, erase in line and below.
type screen struct {
	write         func(string)
	columns, rows int

	drawn     []row
	line, col int // of the cursor
	top       int // the first row of the page that is shown
}

// start begins at the start of a fresh line. When the cursor may be behind
// output that has no line end, as many blanks as the screen is wide bring it to
// the next line, and only then.
func (s *screen) start(columns, rows int) {
	s.columns, s.rows = columns, rows
	s.drawn, s.line, s.col, s.top = nil, 0, 0, 0
	s.write(strings.Repeat(" ", columns) + "\r\x1b[J")
}

// draw shows a page.
func (s *screen) draw(p page) {
	rows, line := s.view(p)
	var b strings.Builder
	for i, r := range rows {
		if i < len(s.drawn) && s.drawn[i] == r {
			continue
		}
		if i < len(s.drawn) && i == s.line && s.col == s.drawn[i].width && r.width < s.columns &&
			strings.HasPrefix(r.text, s.drawn[i].text) {
			// The cursor stands at the end of what stays as it is.
			b.WriteString(r.text[len(s.drawn[i].text):])
			s.col = r.width
			continue
		}
		s.move(&b, i, 0)
		b.WriteString(r.text)
		if r.width < s.columns {
			b.WriteString("\x1b[K")
			s.col = r.width
		} else {
			b.WriteByte('\r') // leave the state "behind the last column"
			s.col = 0
		}
	}
	if len(rows) < len(s.drawn) {
		s.move(&b, len(rows), 0)
		b.WriteString("\x1b[J")
	}
	s.drawn = append(s.drawn[:0:0], rows...)
	s.move(&b, line, p.col)
	if b.Len() > 0 {
		s.write(b.String())
	}
}

// view takes the part of a page that fits, the cursor's row in it.
func (s *screen) view(p page) ([]row, int) {
	h := max(s.rows, 1)
	if len(p.rows) <= h {
		s.top = 0
		return p.rows, p.line
	}
	s.top = min(max(s.top, p.line-h+1), p.line)
	s.top = min(s.top, len(p.rows)-h)
	return p.rows[s.top : s.top+h], p.line - s.top
}

// move brings the cursor to a place. Rows below the last that was ever drawn
// are made by line feeds.
func (s *screen) move(b *strings.Builder, line, col int) {
	if line < s.line {
		fmt.Fprintf(b, "\x1b[%dA", s.line-line)
	}
	for s.line < line {
		if s.line+1 < len(s.drawn) {
			n := min(line, len(s.drawn)-1) - s.line
			fmt.Fprintf(b, "\x1b[%dB", n)
			s.line += n
		} else {
			b.WriteString("\r\n")
			s.col = 0
			s.line++
		}
	}
	s.line = line
	if col == s.col {
		return
	}
	if col < s.col {
		b.WriteByte('\r')
		s.col = 0
	}
	if col > s.col {
		fmt.Fprintf(b, "\x1b[%dC", col-s.col)
	}
	s.col = col
}

// resize takes in a new size. The terminal may have wrapped rows that are wider
// than it is now; what can be known of that is undone.
func (s *screen) resize(columns, rows int) {
	if columns == s.columns && rows == s.rows {
		return
	}
	up := s.col / max(columns, 1)
	for _, r := range s.drawn[:min(s.line, len(s.drawn))] {
		up += max(1, (r.width+columns-1)/max(columns, 1))
	}
	if up > 0 {
		s.write(fmt.Sprintf("\x1b[%dA", up))
	}
	s.write("\r\x1b[J")
	s.columns, s.rows = columns, rows
	s.drawn, s.line, s.col = nil, 0, 0
}

// clear empties the screen; the next page begins at its top.
func (s *screen) clear() {
	s.write("\x1b[H\x1b[2J")
	s.drawn, s.line, s.col, s.top = nil, 0, 0, 0
}

// finish leaves what is drawn and goes to the line below it.
func (s *screen) finish() {
	var b strings.Builder
	s.move(&b, max(len(s.drawn)-1, 0), 0)
	b.WriteString("\r\n")
	s.write(b.String())
	s.drawn, s.line, s.col, s.top = nil, 0, 0, 0
}
