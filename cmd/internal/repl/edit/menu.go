package edit

import (
	"strconv"
	"strings"

	"github.com/rivo/uniseg"
)

// Completions are the ways to go on with what is being typed.
type Completions struct {
	// Start is where the part begins that a completion replaces; it ends at
	// the cursor.
	Start int
	Items []Item
}

// Item is one completion.
type Item struct {
	// Text takes the place of what was typed.
	Text string
	// Show is what a list shows; "" shows Text.
	Show string
	// After is put behind Text when this is the only completion.
	After string
}

func (i Item) shown() string {
	if i.Show != "" {
		return i.Show
	}
	return i.Text
}

// common is the longest text that all items begin with.
func (c Completions) common() string {
	if len(c.Items) == 0 {
		return ""
	}
	p := []rune(c.Items[0].Text)
	for _, it := range c.Items[1:] {
		t := []rune(it.Text)
		n := 0
		for n < len(p) && n < len(t) && p[n] == t[n] {
			n++
		}
		p = p[:n]
	}
	return string(p)
}

// menuRows arranges completions in columns, at most most rows; from is the
// first item shown, next the first that did not fit, or 0.
func menuRows(items []Item, columns, most, from int) (rows []row, next int) {
	if from >= len(items) {
		from = 0
	}
	items = items[from:]
	widest := 1
	for _, it := range items {
		widest = max(widest, uniseg.StringWidth(it.shown()))
	}
	width := min(widest+2, columns)
	across := max(1, (columns-1)/width)
	down := (len(items) + across - 1) / across
	note := ""
	if down > most {
		down = max(1, most-1)
		left := len(items) - down*across
		note = "… " + count(left, "more completion") + "; Tab shows them"
		items = items[:down*across]
		next = from + down*across
	}
	for y := range down {
		var b strings.Builder
		used := 0
		for x := range across {
			i := x*down + y
			if i >= len(items) {
				break
			}
			text := items[i].shown()
			w := uniseg.StringWidth(text)
			if w > columns-1 {
				text, w = truncate(text, columns-1)
			}
			if x > 0 {
				pad := x*width - used
				b.WriteString(strings.Repeat(" ", pad))
				used += pad
			}
			b.WriteString(text)
			used += w
		}
		rows = append(rows, row{b.String(), used})
	}
	if note != "" {
		note, w := truncate(note, columns-1)
		rows = append(rows, row{note, w})
	}
	return rows, next
}

// truncate shortens s to width columns.
func truncate(s string, width int) (string, int) {
	var b strings.Builder
	used, state := 0, -1
	for s != "" {
		var c string
		var w int
		c, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		if used+w > width {
			break
		}
		b.WriteString(c)
		used += w
	}
	return b.String(), used
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
