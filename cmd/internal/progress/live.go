package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// ANSI "select graphic rendition" parameters (ECMA-48, 8.3.117).
const (
	dim   = "2"
	red   = "1;31"
	green = "32"
)

func (r *Reporter) paint(style, text string) string {
	if !r.o.Color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// refresh redraws the live lines unless they were drawn a moment ago: many
// events come in a burst, and the next tick draws them.
func (r *Reporter) refresh() {
	if !r.o.TTY {
		return
	}
	if r.o.Interval > 0 && r.o.Now().Sub(r.drawn) < r.o.Interval/2 {
		return
	}
	r.draw("")
}

// maxLive bounds the live lines.
const maxLive = 10

// draw replaces the live lines by permanent, which is empty or ends in a line
// end, and the live lines as they are now. All of it is one write.
func (r *Reporter) draw(permanent string) {
	var b strings.Builder
	if r.live > 0 {
		// Cursor up to the first live line, then erase to the end of the screen.
		fmt.Fprintf(&b, "\r\x1b[%dA\x1b[J", r.live)
	}
	b.WriteString(permanent)
	columns, rows := r.o.Size()
	lines := r.lines(min(maxLive, rows-2))
	for _, l := range lines {
		b.WriteString(cut(l, columns-1))
		b.WriteByte('\n')
	}
	r.live = len(lines)
	r.drawn = r.o.Now()
	io.WriteString(r.w, b.String())
}

// lines are the live lines, at most most of them.
func (r *Reporter) lines(most int) []string {
	if r.closed || len(r.order) == 0 || most < 1 {
		return nil
	}
	out := make([]string, 0, most)
	for i, j := range r.order {
		if i == most-1 && len(r.order) > most {
			out = append(out, fmt.Sprintf("  and %d more", len(r.order)-i))
			break
		}
		out = append(out, r.line(j))
	}
	if r.total > 1 {
		out[0] = fmt.Sprintf("[%d/%d] ", r.done, r.total) + out[0]
		for i := 1; i < len(out); i++ {
			out[i] = strings.Repeat(" ", len(fmt.Sprintf("[%d/%d] ", r.done, r.total))) + out[i]
		}
	}
	return out
}

func (r *Reporter) line(j *job) string {
	now := r.o.Now()
	spent := durationText(now.Sub(j.started))
	switch {
	case j.waiting != "":
		return fmt.Sprintf("waiting for %s, which builds %s (%s)", j.waiting, j.name, spent)
	case j.location != "" && (j.size < 0 || j.bytes < j.size):
		text := "fetching " + j.name + "  " + bytesText(j.bytes)
		if j.size > 0 {
			text += " of " + bytesText(j.size) + fmt.Sprintf("  %d%%", j.bytes*100/j.size)
		}
		if v := j.rate.perSecond(now); v > 0 {
			text += "  " + bytesText(int64(v)) + "/s"
			if j.size > 0 {
				text += "  " + durationText(time.Duration(float64(j.size-j.bytes)/v*float64(time.Second))) + " left"
			}
		}
		return text
	}
	text := "building " + j.name + on(j.machine) + " (" + spent + ")"
	if j.last != "" {
		text += "  " + j.last
	}
	return text
}

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

// rate estimates how fast bytes come, over the last few seconds.
type rate struct {
	samples []sample
}

type sample struct {
	at   time.Time
	done int64
}

const window = 5 * time.Second

func (r *rate) add(at time.Time, done int64) {
	if n := len(r.samples); n > 0 && at.Sub(r.samples[n-1].at) < 50*time.Millisecond && n > 1 {
		r.samples[n-1].done = done
		return
	}
	r.samples = append(r.samples, sample{at, done})
	for len(r.samples) > 2 && at.Sub(r.samples[0].at) > window {
		r.samples = r.samples[1:]
	}
}

// perSecond is 0 while too little is known.
func (r *rate) perSecond(now time.Time) float64 {
	if len(r.samples) < 2 {
		return 0
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	d := now.Sub(first.at).Seconds()
	if d < 0.2 {
		return 0
	}
	return float64(last.done-first.done) / d
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
