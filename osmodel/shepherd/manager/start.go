package manager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fruix/osmodel/shepherd/supervise"
)

// Start starts a service after all that it requires and returns when it runs,
// when one-shot: when it is done. A service that already runs is left alone.
// Of several callers the first one's args count.
func (m *Manager) Start(ctx context.Context, name string, args []string) error {
	for {
		m.mu.Lock()
		s, err := m.find(name)
		if err != nil {
			m.mu.Unlock()
			return err
		}
		switch s.state {
		case Running, Done:
			m.mu.Unlock()
			return nil
		case Stopping:
			gone := s.stopped
			m.mu.Unlock()
			select {
			case <-gone:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		case Stopped:
			if err := m.mayStart(s); err != nil {
				m.mu.Unlock()
				return err
			}
			s.limiter.Reset()
			m.begin(s, args, 0)
		}
		a := s.start
		m.mu.Unlock()
		select {
		case <-a.done:
			return a.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mayStart checks whether a stopped service may be started; mu is held.
func (m *Manager) mayStart(s *service) error {
	if m.closing {
		return fmt.Errorf("service %s: not started, everything is being stopped", s.name)
	}
	if s.disabled {
		if s.failure != "" {
			return fmt.Errorf("service %s is disabled (%s); \"herd enable %s\" lets it start again", s.name, s.failure, s.name)
		}
		return fmt.Errorf("service %s is disabled; \"herd enable %s\" lets it start", s.name, s.name)
	}
	_, err := m.graph.StartOrder(s.name)
	return err
}

// begin starts an attempt; mu is held.
func (m *Manager) begin(s *service, args []string, delay time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{done: make(chan struct{}), cancel: cancel}
	s.start = a
	s.result = Result{}
	m.set(s, Starting)
	go func() {
		defer cancel()
		r, err := m.try(ctx, s, args, delay)
		m.finish(s, a, r, err)
	}()
}

// try does the work of an attempt.
func (m *Manager) try(ctx context.Context, s *service, args []string, delay time.Duration) (Result, error) {
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return Result{}, errors.New("its start was cancelled")
		}
	}
	if err := m.startRequired(ctx, s); err != nil {
		return Result{}, err
	}
	if ctx.Err() != nil {
		return Result{}, errors.New("its start was cancelled")
	}
	return s.spec.Body.Start(ctx, args)
}

// startRequired starts what s requires, all at once.
func (m *Manager) startRequired(ctx context.Context, s *service) error {
	m.mu.Lock()
	names, err := m.graph.Requirements(s.name)
	m.mu.Unlock()
	if err != nil {
		return err
	}
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, n := range names {
		wg.Go(func() {
			if err := m.Start(ctx, n, nil); err != nil {
				errs[i] = fmt.Errorf("it requires %s, which does not run", n)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// finish ends an attempt.
func (m *Manager) finish(s *service, a *attempt, r Result, err error) {
	m.mu.Lock()
	s.start = nil
	if err != nil {
		a.err = fmt.Errorf("service %s could not be started: %w", s.name, err)
		s.failure = err.Error()
		m.set(s, Stopped)
		if s.spec.Transient {
			m.remove(s)
		}
		m.mu.Unlock()
		m.opts.Log(s.name, "could not be started: "+err.Error())
		close(a.done)
		return
	}
	s.failure = ""
	s.result = r
	state, text := Running, "has been started"
	if s.spec.OneShot {
		state = Done
	} else if r.Process != nil {
		text = fmt.Sprintf("has been started, process %d", r.Process.PID)
	}
	m.set(s, state)
	m.mu.Unlock()
	m.opts.Log(s.name, text)
	close(a.done)
	if state == Running && r.Process != nil {
		go func() {
			<-r.Process.Done()
			m.exited(s, r.Process)
		}()
	}
}

// exited reacts to the end of a service's process that nobody asked for.
func (m *Manager) exited(s *service, p *supervise.Process) {
	st := p.Status()
	m.mu.Lock()
	if s.result.Process != p || s.state != Running {
		if s.result.Process == p {
			s.exit = &st
		}
		m.mu.Unlock()
		return
	}
	s.exit = &st
	s.result = Result{}
	text := fmt.Sprintf("process %d %s", p.PID, st)
	switch {
	case m.closing || !s.spec.Respawn || s.disabled:
		m.set(s, Stopped)
		if s.spec.Transient {
			m.remove(s)
		}
	case s.limiter.Allow(m.opts.Now()):
		s.respawns++
		text += "; starting it again"
		m.begin(s, nil, max(s.spec.RespawnDelay, time.Millisecond))
	default:
		s.disabled = true
		s.failure = fmt.Sprintf("its process ended too often: %d times within %v", s.limiter.Count+1, s.limiter.Window)
		text += "; " + s.failure + ", so the service has been disabled"
		m.set(s, Stopped)
	}
	m.mu.Unlock()
	m.opts.Log(s.name, text)
}

// StartAll starts services at once and waits; it returns the errors by name.
func (m *Manager) StartAll(ctx context.Context, names []string) map[string]error {
	out := map[string]error{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, n := range names {
		wg.Go(func() {
			if err := m.Start(ctx, n, nil); err != nil {
				mu.Lock()
				out[n] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}
