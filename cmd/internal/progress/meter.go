package progress

import (
	"fmt"
	"strings"
	"time"
)

// meter is how far something is.
type meter struct {
	what        string // a location, or what is being done
	fetching    bool
	things      string // what is counted, "" and "bytes" for bytes
	done, total int64  // total is 0 or less when unknown
	rate        rate
	told        time.Time // for programs
	said        bool      // for logs: that it has begun
}

func (m *meter) set(now time.Time, done, total int64) {
	m.done, m.total = done, total
	m.rate.add(now, done)
}

func (m *meter) complete() bool { return m.total > 0 && m.done >= m.total }

// tellInterval is how often at most programs are told.
const tellInterval = 200 * time.Millisecond

// due says whether programs are to be told now.
func (m *meter) due(now time.Time) bool {
	if !m.complete() && !m.told.IsZero() && now.Sub(m.told) < tellInterval {
		return false
	}
	m.told = now
	return true
}

// Bounds of a bar, in columns with its brackets.
const minBar, maxBar = 7, 32

// text shows the meter in so many columns: a bar if there is room for one, how much
// is done, how fast, and how long the rest will take.
func (m *meter) text(now time.Time, width int) string {
	amount := bytesText
	if m.things != "" && m.things != "bytes" {
		amount = func(n int64) string { return fmt.Sprint(n) }
	}
	text := ""
	if m.total > 0 {
		done, total := amount(m.done), amount(m.total)
		if d, unit, ok := strings.Cut(done, " "); ok && strings.HasSuffix(total, " "+unit) {
			done = d // the unit is said once
		}
		text = fmt.Sprintf("%3d%%  %s of %s", min(100, 100*m.done/m.total), done, total)
	} else if m.done > 0 {
		text = amount(m.done)
	}
	if m.things != "" && m.things != "bytes" && text != "" {
		text += " " + m.things
	}
	if v := m.rate.perSecond(now); v > 0 {
		if amount(1) == bytesText(1) {
			text += "  " + bytesText(int64(v)) + "/s"
		}
		if m.total > m.done {
			text += "  " + durationText(time.Duration(float64(m.total-m.done)/v*float64(time.Second))) + " left"
		}
	}
	if m.total <= 0 {
		return text
	}
	room := min(maxBar, width-len(text)-2)
	if room < minBar {
		return strings.TrimLeft(text, " ")
	}
	return bar(m.done, m.total, room) + "  " + text
}

// bar draws a bar.
func bar(done, total int64, width int) string {
	inner := width - 2
	full := int(float64(inner) * float64(min(max(done, 0), total)) / float64(total))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", inner-full) + "]"
}

// rate estimates how fast something goes, over the last few seconds.
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
