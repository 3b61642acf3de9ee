package edit

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// vt is a terminal with what the editor uses of ECMA-48, a screen that scrolls,
// and the "pending wrap" behind the last column that real terminals have.
type vt struct {
	columns, rows int
	cells         [][]string // "" is the second half of a wide character
	y, x          int
	pending       bool
	lines         []string // what scrolled off
	bad           []string // sequences that it does not know
}

func newVT(columns, rows int) *vt {
	v := &vt{columns: columns, rows: rows}
	for range rows {
		v.cells = append(v.cells, v.blank())
	}
	return v
}

func (v *vt) blank() []string {
	row := make([]string, v.columns)
	for i := range row {
		row[i] = " "
	}
	return row
}

func rowText(r []string) string { return strings.TrimRight(strings.Join(r, ""), " ") }

func (v *vt) lineFeed() {
	if v.y++; v.y < v.rows {
		return
	}
	v.y = v.rows - 1
	v.lines = append(v.lines, rowText(v.cells[0]))
	v.cells = append(v.cells[1:], v.blank())
}

func (v *vt) Write(s string) {
	for s != "" {
		switch s[0] {
		case '\r':
			v.x, v.pending = 0, false
			s = s[1:]
		case '\n':
			v.lineFeed()
			v.pending = false
			s = s[1:]
		case 0x1b:
			s = v.sequence(s)
		default:
			c, rest, w, _ := uniseg.FirstGraphemeClusterInString(s, -1)
			if c[0] < 0x20 || c[0] == 0x7f {
				v.bad = append(v.bad, fmt.Sprintf("%q", c))
			}
			s = rest
			v.put(c, w)
		}
	}
}

func (v *vt) put(c string, w int) {
	if w == 0 {
		return
	}
	if v.pending || v.x+w > v.columns {
		v.x, v.pending = 0, false
		v.lineFeed()
	}
	v.cells[v.y][v.x] = c
	if w == 2 {
		v.cells[v.y][v.x+1] = ""
	}
	if v.x += w; v.x >= v.columns {
		v.x, v.pending = v.columns-1, true
	}
}

func (v *vt) sequence(s string) string {
	if !strings.HasPrefix(s, "\x1b[") {
		v.bad = append(v.bad, fmt.Sprintf("%q", s[:min(2, len(s))]))
		return s[1:]
	}
	i := 2
	for i < len(s) && (s[i] < 0x40 || s[i] > 0x7e) {
		i++
	}
	if i == len(s) {
		v.bad = append(v.bad, fmt.Sprintf("%q", s))
		return ""
	}
	params, final := s[2:i], s[i]
	n := 1
	fmt.Sscanf(params, "%d", &n)
	if final != 'm' && final != 'h' && final != 'l' {
		v.pending = false
	}
	switch final {
	case 'A':
		v.y = max(0, v.y-n)
	case 'B':
		v.y = min(v.rows-1, v.y+n)
	case 'C':
		v.x = min(v.columns-1, v.x+n)
	case 'H':
		v.y, v.x = 0, 0
	case 'K':
		copy(v.cells[v.y][v.x:], v.blank())
	case 'J':
		from := v.y + 1
		if params == "2" {
			from = 0
		} else {
			copy(v.cells[v.y][v.x:], v.blank())
		}
		for y := from; y < v.rows; y++ {
			v.cells[y] = v.blank()
		}
	case 'm', 'h', 'l':
	default:
		v.bad = append(v.bad, fmt.Sprintf("%q", s[:i+1]))
	}
	return s[i+1:]
}

// String shows all lines that were ever on the screen, without blank ones at
// the end.
func (v *vt) String() string {
	lines := append([]string(nil), v.lines...)
	for _, r := range v.cells {
		lines = append(lines, rowText(r))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
