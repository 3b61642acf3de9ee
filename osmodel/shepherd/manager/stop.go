package manager

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Stop stops a service after all that require it. It returns the canonical
// names of the services that ran and do no more, in the order in which they
// ended. A service that does not run is left alone. The error says that the
// stop procedure failed; the service counts as stopped all the same.
func (m *Manager) Stop(ctx context.Context, name string, args []string) ([]string, error) {
	m.mu.Lock()
	s, err := m.find(name)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return m.stopInOrder(ctx, []string{s.name}, args)
}

// StopAll stops every service, each before what it requires.
func (m *Manager) StopAll(ctx context.Context) {
	m.mu.Lock()
	names := m.graph.Names()
	m.mu.Unlock()
	// Failures have been logged; there is nothing else to do about them.
	_, _ = m.stopInOrder(ctx, names, nil)
}

// stopInOrder stops the named services and all that require them, as many at
// once as the order allows. The error is that of the last of names.
func (m *Manager) stopInOrder(ctx context.Context, names, args []string) ([]string, error) {
	m.mu.Lock()
	order := m.graph.StopOrder(names...)
	before := make([][]string, len(order))
	for i, n := range order {
		before[i] = m.graph.Dependents(n)
	}
	m.mu.Unlock()
	var list stopList
	errs := make([]error, len(order))
	// A service waits for those that come before it in the order alone: so
	// services that require one another in a circle, none of which ever runs,
	// do not wait for each other.
	ended := map[string]chan struct{}{}
	var wg sync.WaitGroup
	for i, n := range order {
		var wait []chan struct{}
		for _, d := range before[i] {
			if ch := ended[d]; ch != nil {
				wait = append(wait, ch)
			}
		}
		done := make(chan struct{})
		ended[n] = done
		asked := slices.Contains(names, n)
		own := args
		if !asked {
			own = nil
		}
		wg.Go(func() {
			defer close(done)
			for _, ch := range wait {
				<-ch
			}
			errs[i] = m.stop(ctx, n, own, &list, asked)
		})
	}
	wg.Wait()
	if len(errs) == 0 {
		return list.names, nil
	}
	return list.names, errs[len(errs)-1]
}

type stopList struct {
	mu    sync.Mutex
	names []string
}

// stop stops one service.
func (m *Manager) stop(ctx context.Context, name string, args []string, list *stopList, asked bool) error {
	m.mu.Lock()
	s, err := m.find(name)
	m.mu.Unlock()
	if err != nil {
		return nil // it has been forgotten since
	}
	for {
		m.mu.Lock()
		switch s.state {
		case Stopped:
			m.mu.Unlock()
			return nil
		case Done:
			// There is nothing to undo. A one-shot service that a person stops
			// may do its work once more.
			if asked {
				m.set(s, Stopped)
			}
			m.mu.Unlock()
			return nil
		case Starting:
			a := s.start
			m.mu.Unlock()
			a.cancel()
			<-a.done
			continue
		case Stopping:
			gone := s.stopped
			m.mu.Unlock()
			<-gone
			return nil
		}
		s.stopped = make(chan struct{})
		r := s.result
		m.set(s, Stopping)
		m.mu.Unlock()
		return m.finishStop(ctx, s, r, args, list)
	}
}

// finishStop stops a service whose state is Stopping.
func (m *Manager) finishStop(ctx context.Context, s *service, r Result, args []string, list *stopList) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.StopTimeout)
	err := s.spec.Body.Stop(ctx, r, args)
	late := ctx.Err()
	if p := r.Process; p != nil && (p.Terminating() || err != nil) {
		select {
		case <-p.Done():
		case <-ctx.Done():
			_ = p.Signal(syscall.SIGKILL)
			select {
			case <-p.Done():
			case <-time.After(time.Second):
				m.opts.Log(s.name, fmt.Sprintf("process %d does not end", p.PID))
			}
		}
	}
	cancel()
	if err != nil && late != nil {
		err = fmt.Errorf("its stop procedure did not end within %v", m.opts.StopTimeout)
	}
	m.mu.Lock()
	if r.Process != nil && !r.Process.Alive() {
		st := r.Process.Status()
		s.exit = &st
	}
	s.result = Result{}
	m.set(s, Stopped)
	close(s.stopped)
	if s.spec.Transient {
		m.remove(s)
	}
	m.mu.Unlock()
	list.mu.Lock()
	list.names = append(list.names, s.name)
	list.mu.Unlock()
	if err != nil {
		m.opts.Log(s.name, "has been stopped, but: "+err.Error())
		return fmt.Errorf("service %s: %w", s.name, err)
	}
	m.opts.Log(s.name, "has been stopped")
	return nil
}

// Restart stops a service with all that require it, and starts again those
// that ran.
func (m *Manager) Restart(ctx context.Context, name string, args []string) error {
	m.mu.Lock()
	s, err := m.find(name)
	if err != nil {
		m.mu.Unlock()
		return err
	}
	if s.disabled {
		err := m.mayStart(s)
		m.mu.Unlock()
		return err
	}
	m.mu.Unlock()
	stopped, stopErr := m.Stop(ctx, name, nil)
	if err := m.Start(ctx, name, args); err != nil {
		return err
	}
	for i := len(stopped) - 1; i >= 0; i-- {
		if stopped[i] == s.name || m.has(stopped[i]) == nil {
			continue
		}
		if err := m.Start(ctx, stopped[i], nil); err != nil {
			return err
		}
	}
	return stopErr
}

func (m *Manager) has(name string) *service {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, _ := m.find(name)
	return s
}
