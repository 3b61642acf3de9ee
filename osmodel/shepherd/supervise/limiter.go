package supervise

import "time"

// Limiter decides whether a service that keeps ending is started again: no
// more than Count times within Window. A Count of 0 never allows it; a Window
// of 0 always does.
type Limiter struct {
	Count  int
	Window time.Duration
	starts []time.Time
}

// Allow notes a start at the given time and reports whether it may happen.
func (l *Limiter) Allow(now time.Time) bool {
	if l.Count <= 0 {
		return false
	}
	if l.Window <= 0 {
		return true
	}
	keep := l.starts[:0]
	for _, t := range l.starts {
		if now.Sub(t) < l.Window {
			keep = append(keep, t)
		}
	}
	l.starts = keep
	if len(l.starts) >= l.Count {
		return false
	}
	l.starts = append(l.starts, now)
	return true
}

// Reset forgets all starts, for a service that a person starts again.
func (l *Limiter) Reset() { l.starts = nil }
