package progress

import (
	"bytes"
	"fmt"
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

// painted is text for the terminal as it is: only the sequences in it are ours.
type painted string

// paint colours text, which may come from anywhere.
func (r *Reporter) paint(style, text string) painted {
	text = oneLine(text)
	if !r.o.Color {
		return painted(text)
	}
	return painted("\x1b[" + style + "m" + text + "\x1b[0m")
}

// screen is what is known of the end of the terminal's screen.
type screen struct {
	widths []int     // of the live lines, in columns
	drawn  time.Time // when they were
	// While the terminal takes nothing:
	overdue bool   // it shall be drawn anew
	held    []byte // lines that stay, to be written then
	missed  int    // lines of builders that are not in held
}

// rows is how many rows of a terminal the live lines take. One that has become
// narrower since has broken the longer ones.
func (s *screen) rows(columns int) int {
	n := 0
	for _, w := range s.widths {
		n += max(1, (w+columns-1)/columns)
	}
	return n
}

// refresh redraws the live lines unless they were drawn a moment ago: many
// events come in a burst, and the next tick draws them.
func (r *Reporter) refresh() {
	if !r.o.TTY {
		return
	}
	if r.o.Interval > 0 && r.o.Now().Sub(r.screen.drawn) < r.o.Interval/2 {
		return
	}
	r.draw("")
}

// maxLive bounds the live lines.
const maxLive = 16

// narrow is how many columns a terminal must have for words that could be spared.
const narrow = 60

// taskDelay is how long a task must take to be shown: most are over at once.
const taskDelay = 300 * time.Millisecond

// draw replaces the live lines by permanent, which is empty or ends in a line
// end, and the live lines as they are now; as soon as the terminal has taken what was
// drawn before.
func (r *Reporter) draw(permanent string) {
	if !r.o.TTY {
		return
	}
	r.screen.held = append(r.screen.held, permanent...)
	if r.out.passing {
		r.screen.overdue = true
		return
	}
	if text := r.compose(); len(text) > 0 {
		r.out.put(text)
	}
}

// overdue is what the terminal gets when it has taken all that it was given.
func (r *Reporter) overdue() []byte {
	if !r.screen.overdue {
		return nil
	}
	r.screen.overdue = false
	return r.compose()
}

// maxHeld is how many bytes of lines are kept for a terminal that takes nothing, before
// those that builders print are left out.
const maxHeld = 1 << 20

// flooded says, of a line that a builder has printed, that it is to be left out.
func (r *Reporter) flooded() bool {
	if len(r.screen.held) < maxHeld {
		return false
	}
	r.screen.missed++
	return true
}

// compose makes of the lines that stay and the live lines what the terminal gets, in one
// write.
func (r *Reporter) compose() []byte {
	columns, rows := r.o.Size()
	var b bytes.Buffer
	if n := r.screen.rows(columns); n > 0 {
		// Cursor up to the first live line, then erase to the end of the screen.
		fmt.Fprintf(&b, "\r\x1b[%dA\x1b[J", n)
	}
	b.Write(r.screen.held)
	r.screen.held = r.screen.held[:0]
	if n := r.screen.missed; n > 0 {
		fmt.Fprintf(&b, "%s\n", r.paint(dim, count(n, "line")+" that builders printed meanwhile are only in their logs"))
		r.screen.missed = 0
	}
	lines := r.lines(columns, min(maxLive, rows-2))
	r.screen.widths = r.screen.widths[:0]
	for _, l := range lines {
		b.WriteString(r.colored(l))
		b.WriteByte('\n')
		r.screen.widths = append(r.screen.widths, l.width())
	}
	r.screen.drawn = r.o.Now()
	return b.Bytes()
}

// line is a live line: what is under way, since when, and how far or what it says.
// It has no control characters, and fits.
type line struct {
	label, time, detail string
	faint               bool // all of it
}

func (l line) width() int { return uniseg.StringWidth(l.label + l.time + l.detail) }

func (r *Reporter) colored(l line) string {
	if l.faint {
		return string(r.paint(dim, l.label+l.time+l.detail))
	}
	return l.label + string(r.paint(dim, l.time)) + l.detail
}

// lines are the live lines, at most most of them: jobs in the order in which they
// began, and a line that sums up when there is more to do than that.
func (r *Reporter) lines(columns, most int) []line {
	if r.closed || r.hidden || len(r.order) == 0 || most < 1 {
		return nil
	}
	width := columns - 1 // some terminals break a line that is full
	status := r.status()
	if status != "" {
		most--
	}
	now := r.o.Now()
	shown := make([]*job, 0, len(r.order))
	for _, j := range r.order {
		if j.kind != working || now.Sub(j.started) >= taskDelay {
			shown = append(shown, j)
		}
	}
	if len(shown) == 0 {
		return nil
	}
	hidden := 0
	if len(shown) > most {
		hidden = len(shown) - max(most-1, 0)
		shown = shown[:len(shown)-hidden]
	}
	labels := make([]string, len(shown))
	longest := 0
	for i, j := range shown {
		labels[i] = j.label()
		if width < narrow && j.kind == building {
			labels[i] = j.name
		}
		longest = max(longest, uniseg.StringWidth(labels[i]))
	}
	longest = min(longest, max(16, 2*width/5), width)
	var out []line
	for i, j := range shown {
		l := line{label: pad(cut(labels[i], longest), longest)}
		l.time = cut(fmt.Sprintf("  %5s  ", durationText(now.Sub(j.started))), width-uniseg.StringWidth(l.label))
		l.detail = j.detail(now, width-uniseg.StringWidth(l.label+l.time))
		out = append(out, l)
	}
	if hidden > 0 && most > 0 {
		out = append(out, line{label: cut(fmt.Sprintf("and %d more", hidden), width), faint: true})
	}
	if status != "" {
		out = append(out, line{label: cut(status, width), faint: true})
	}
	return out
}

// status sums up what has been done and is to be done; "" when the other lines tell
// all of it.
func (r *Reporter) status() string {
	c := &r.counts
	if c.planned+c.offered < 2 && len(r.order) < 2 {
		return ""
	}
	var parts []string
	part := func(n int, format string, args ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	part(c.planned, "%d/%d built", c.built+c.elsewhere, c.planned)
	part(c.offered, "%d/%d fetched", c.fetched, c.offered)
	part(int(min(c.bytes, 1)), "%s", bytesText(c.bytes))
	part(c.failed, "%d failed", c.failed)
	part(r.running(), "%d running", r.running())
	part(c.left(r.running()), "%d waiting", c.left(r.running()))
	parts = append(parts, durationText(r.o.Now().Sub(r.begun)))
	return strings.Join(parts, ", ")
}

func (j *job) label() string {
	switch {
	case j.kind == working:
		return j.verb
	case j.kind == fetching || j.meter != nil && j.meter.fetching:
		return "fetching " + j.name
	}
	return "building " + j.name + on(j.machine)
}

// detail is what is to be said of a job in so many columns.
func (j *job) detail(now time.Time, width int) string {
	switch {
	case j.queued:
		return cut("waiting for its turn", width)
	case j.waiting != "":
		return cut("waiting for "+j.waiting, width)
	case j.meter != nil && j.meter.fetching && j.meter.complete():
		return ""
	case j.meter != nil:
		text := ""
		if j.kind == building && !j.meter.fetching {
			text = j.meter.what + "  "
		}
		return cut(text+j.meter.text(now, width-len(text)), width)
	case j.phase != "" && j.last != "":
		return cut(j.phase+": "+j.last, width)
	}
	return cut(j.phase+j.last, width)
}
