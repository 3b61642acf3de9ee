package manager

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/osmodel/shepherd/supervise"
)

// trace notes what bodies do.
type trace struct {
	mu     sync.Mutex
	events []string
}

func (t *trace) add(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, s)
}

func (t *trace) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.events, " ")
}

func (t *trace) index(s string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Index(t.events, s)
}

type fake struct {
	t     *trace
	name  string
	delay time.Duration
	fail  error
	proc  func() (*supervise.Process, error)
}

func (f *fake) Start(ctx context.Context, _ []string) (Result, error) {
	if f.delay > 0 {
		select {
		case <-time.After(f.delay):
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
	}
	f.t.add("+" + f.name)
	if f.fail != nil {
		return Result{}, f.fail
	}
	r := Result{Value: true}
	var err error
	if f.proc != nil {
		r.Process, err = f.proc()
	}
	return r, err
}

func (f *fake) Stop(_ context.Context, r Result, _ []string) error {
	if r.Process != nil {
		_ = r.Process.Terminate(15, time.Second)
	}
	f.t.add("-" + f.name)
	return nil
}

func add(t *testing.T, m *Manager, tr *trace, name, requires string, change func(*Spec, *fake)) {
	t.Helper()
	f := &fake{t: tr, name: name}
	s := Spec{Provides: []string{name}, Requires: strings.Fields(requires), Body: f}
	if change != nil {
		change(&s, f)
	}
	if err := m.Register(s); err != nil {
		t.Fatal(err)
	}
}

func TestOrder(t *testing.T) {
	m, tr := New(Options{}), &trace{}
	slow := func(_ *Spec, f *fake) { f.delay = 400 * time.Millisecond }
	add(t, m, tr, "root", "", slow)
	add(t, m, tr, "a", "root", slow)
	add(t, m, tr, "b", "root", slow)
	add(t, m, tr, "c", "root", slow)
	add(t, m, tr, "top", "a b c", slow)
	begin := time.Now()
	if errs := m.StartAll(context.Background(), []string{"top", "a", "c"}); len(errs) > 0 {
		t.Fatal(errs)
	}
	if d := time.Since(begin); d > 1900*time.Millisecond {
		t.Errorf("services that are independent were not started in parallel: %v", d)
	}
	if tr.index("+root") != 0 || tr.index("+top") != 4 || len(tr.events) != 5 {
		t.Errorf("started: %s", tr.text())
	}
	stopped, err := m.Stop(context.Background(), "root", nil)
	if err != nil || len(stopped) != 5 || stopped[0] != "top" || stopped[4] != "root" {
		t.Errorf("stopped %v, %v", stopped, err)
	}
}

func TestFailures(t *testing.T) {
	m, tr := New(Options{}), &trace{}
	add(t, m, tr, "bad", "", func(_ *Spec, f *fake) { f.fail = errors.New("it is broken") })
	add(t, m, tr, "user", "bad", nil)
	add(t, m, tr, "x", "y", nil)
	add(t, m, tr, "y", "x", nil)
	add(t, m, tr, "lost", "nowhere", nil)
	add(t, m, tr, "off", "", nil)
	if err := m.Disable("off"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"bad":  "service bad could not be started: it is broken",
		"user": "service user could not be started: it requires bad, which does not run",
		"x":    "services require one another in a circle: x -> y -> x",
		"lost": "service lost requires nowhere, which no service provides",
		"off":  `service off is disabled; "herd enable off" lets it start`,
		"none": "there is no service none",
	} {
		if err := m.Start(context.Background(), name, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if err := m.Enable("off"); err != nil || m.Start(context.Background(), "off", nil) != nil {
		t.Error("it does not start after it was enabled")
	}
	settled := m.AwaitSettled(context.Background(), []string{"bad", "user", "off"}, 0)
	if !slices.Equal(settled.Failed, []string{"bad", "user"}) || len(settled.Waiting) > 0 {
		t.Errorf("settled: %v", settled)
	}
	m.Close()
	m.StopAll(context.Background())
	if err := m.Start(context.Background(), "off", nil); err == nil {
		t.Error("a service was started while everything stops")
	}
}

func TestOneShotAndTransient(t *testing.T) {
	m, tr := New(Options{}), &trace{}
	add(t, m, tr, "once", "", func(s *Spec, _ *fake) { s.OneShot = true })
	add(t, m, tr, "user", "once", nil)
	add(t, m, tr, "fleeting", "", func(s *Spec, _ *fake) { s.Transient = true })
	ctx := context.Background()
	if err := errors.Join(m.Start(ctx, "user", nil), m.Start(ctx, "once", nil), m.Start(ctx, "fleeting", nil)); err != nil {
		t.Fatal(err)
	}
	if got := tr.text(); got != "+once +user +fleeting" {
		t.Errorf("got %s", got)
	}
	if _, err := m.Stop(ctx, "fleeting", nil); err != nil {
		t.Error(err)
	}
	if _, err := m.Info("fleeting"); err == nil {
		t.Error("a transient service is still known")
	}
	if i, err := m.Info("once"); err != nil || i.State != "done" {
		t.Errorf("%v %v", i.State, err)
	}
}

// TestCancel stops a service while it starts.
func TestCancel(t *testing.T) {
	m, tr := New(Options{}), &trace{}
	add(t, m, tr, "slow", "", func(_ *Spec, f *fake) { f.delay = time.Hour })
	add(t, m, tr, "user", "slow", nil)
	done := make(chan error)
	go func() { done <- m.Start(context.Background(), "user", nil) }()
	for {
		if i, err := m.Info("slow"); err != nil {
			t.Fatal(err)
		} else if i.State == "starting" {
			break
		}
		time.Sleep(time.Millisecond)
	}
	m.Close()
	m.StopAll(context.Background())
	if err := <-done; err == nil {
		t.Error("it was started")
	}
}

func processes(t *testing.T, script string) func() (*supervise.Process, error) {
	t.Helper()
	sup := supervise.New(supervise.Options{})
	stop := make(chan struct{})
	go sup.Watch(stop, nil)
	t.Cleanup(func() { close(stop) })
	return func() (*supervise.Process, error) {
		return sup.Start(supervise.Command{Args: []string{"/bin/sh", "-c", script}, Umask: -1, NewSession: true})
	}
}

func TestRespawn(t *testing.T) {
	m, tr := New(Options{}), &trace{}
	add(t, m, tr, "dies", "", func(s *Spec, f *fake) {
		s.Respawn, s.RespawnLimit = true, supervise.Limiter{Count: 3, Window: time.Minute}
		f.proc = processes(t, "exit 3")
	})
	add(t, m, tr, "ends", "", func(_ *Spec, f *fake) { f.proc = processes(t, "exit 0") })
	add(t, m, tr, "lives", "", func(s *Spec, f *fake) { s.Respawn = true; f.proc = processes(t, "sleep 60") })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	names := []string{"dies", "ends", "lives"}
	m.StartAll(ctx, names)
	settled := m.AwaitSettled(ctx, names, 300*time.Millisecond)
	if !slices.Equal(settled.Failed, []string{"dies"}) || len(settled.Waiting) > 0 {
		t.Errorf("settled: %+v", settled)
	}
	i, err := m.Info("dies")
	if err != nil || i.Respawns != 3 || i.Enabled || i.LastExit != "exited with status 3" {
		t.Errorf("%+v %v", i, err)
	}
	if err := m.Start(ctx, "dies", nil); err == nil || !strings.Contains(err.Error(), "herd enable dies") {
		t.Errorf("got %v", err)
	}
	if i, err = m.Info("lives"); err != nil || i.PID == 0 {
		t.Errorf("%+v %v", i, err)
	}
	if err := m.Restart(ctx, "lives", nil); err != nil {
		t.Error(err)
	}
	if j, err := m.Info("lives"); err != nil || j.PID == i.PID || j.PID == 0 {
		t.Errorf("restarted: %+v %v", j, err)
	}
	m.Close()
	m.StopAll(ctx)
	if i, _ = m.Info("lives"); i.State != "stopped" || i.LastExit == "" {
		t.Errorf("%+v", i)
	}
}
