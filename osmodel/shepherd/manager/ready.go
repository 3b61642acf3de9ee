package manager

import (
	"context"
	"time"
)

// Settled is the state of a set of services once nothing more is expected of
// them by themselves.
type Settled struct {
	Failed []string // those that do not run and will not
	// Waiting are those that were still on their way when time was up.
	Waiting []string
}

// OK reports whether all of the services run.
func (s Settled) OK() bool { return len(s.Failed) == 0 && len(s.Waiting) == 0 }

// AwaitSettled waits until each of the named services runs (and its process
// has lived for the given time), is done, or has failed for good, or until ctx
// ends. A service that nobody has started yet is waited for.
func (m *Manager) AwaitSettled(ctx context.Context, names []string, stable time.Duration) Settled {
	for {
		m.mu.Lock()
		changed := m.changed
		now := m.opts.Now()
		var out Settled
		var wait time.Duration
		for _, n := range names {
			s, err := m.find(n)
			switch {
			case err != nil:
				out.Failed = append(out.Failed, n)
			case s.state == Done || s.state == Running && s.result.Process == nil:
			case s.state == Running:
				if left := stable - now.Sub(s.since); left > 0 {
					out.Waiting = append(out.Waiting, n)
					wait = max(wait, left)
				}
			case s.state == Stopped && (s.failure != "" || s.disabled || s.exit != nil):
				if s.exit != nil && s.failure == "" && !s.spec.Respawn && s.exit.Code == 0 && s.exit.Signal == 0 {
					break // its process did its work and ended
				}
				out.Failed = append(out.Failed, n)
			default:
				out.Waiting = append(out.Waiting, n)
			}
		}
		m.mu.Unlock()
		if len(out.Waiting) == 0 {
			return out
		}
		var timer <-chan time.Time
		if wait > 0 {
			t := time.NewTimer(wait)
			defer t.Stop()
			timer = t.C
		}
		select {
		case <-changed:
		case <-timer:
		case <-ctx.Done():
			return out
		}
	}
}
