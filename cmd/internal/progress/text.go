package progress

import (
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// cut shortens s, which holds no control characters, to width columns.
func cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if len(s) <= width || uniseg.StringWidth(s) <= width {
		return s
	}
	used, state, rest := 0, -1, s
	for rest != "" {
		var w int
		var next string
		_, next, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width-1 {
			break
		}
		used += w
		rest = next
	}
	return s[:len(s)-len(rest)] + "…"
}

// pad fills s up to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-uniseg.StringWidth(s)))
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// bytesText gives a size with a unit of the powers of 1024.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/1024, 0
	for v >= 1024 && unit < 4 {
		v /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[unit])
}

func durationText(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0:
		return "0s"
	case s < 10:
		return fmt.Sprintf("%.1fs", s)
	case s < 60:
		return fmt.Sprintf("%.0fs", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", int(s)/60, int(s)%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(s)/3600, int(s)/60%60)
	}
}

// baseName is the readable part of a store path.
func baseName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if _, rest, ok := strings.Cut(name, "-"); ok {
		name = rest
	}
	return strings.TrimSuffix(name, ".drv")
}

// oneLine makes of a text one line that changes nothing of the terminal.
func oneLine(s string) string { return clean(strings.ReplaceAll(s, "\n", " ")) }

// lines does so for each line of a text that may have several.
func lines(s string) painted {
	all := strings.Split(s, "\n")
	for i, l := range all {
		all[i] = clean(l)
	}
	return painted(strings.Join(all, "\n"))
}

// clean takes terminal control sequences (ECMA-48, 5.4 and 5.6) and other
// control characters out of a line, so that it occupies one line and changes
// nothing.
func clean(s string) string {
	if i := strings.LastIndexByte(strings.TrimRight(s, "\r"), '\r'); i >= 0 {
		s = s[i+1:] // what a terminal would show last
	}
	if !strings.ContainsFunc(s, control) {
		return s
	}
	var b strings.Builder
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		switch c := rs[i]; {
		case c == '\t':
			b.WriteString("    ")
		case c == 0x1b && i+1 < len(rs) && rs[i+1] == '[':
			for i += 2; i < len(rs) && (rs[i] < 0x40 || rs[i] > 0x7e); i++ {
			}
		case c == 0x1b && i+1 < len(rs) && rs[i+1] == ']':
			for i += 2; i < len(rs) && rs[i] != 0x07 && rs[i] != 0x1b; i++ {
			}
			if i+1 < len(rs) && rs[i] == 0x1b {
				i++
			}
		case c == 0x1b:
			i++
		case !control(c):
			b.WriteRune(c)
		}
	}
	return b.String()
}

func control(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }
