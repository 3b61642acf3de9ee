package builder

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// told is a Progress that keeps lines.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (p *told) Event(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case Started:
		p.lines = append(p.lines, "started "+e.Name)
	case Line:
		p.lines = append(p.lines, e.Text)
	}
}

func (p *told) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, ";")
}

// anyTime is a slot that is always free.
func anyTime(context.Context) (func(), error) { return func() {}, nil }

// TestSharedBuild lets the one who began a build leave while others wait for it.
func TestSharedBuild(t *testing.T) {
	var s Sharing
	var runs, ended atomic.Int32
	begun, goOn := make(chan struct{}), make(chan struct{})
	build := func(ctx context.Context, p Progress) error {
		runs.Add(1)
		p.Event(Started{Name: "x"})
		close(begun)
		select {
		case <-goOn:
		case <-ctx.Done():
			t.Error("the build was ended")
		}
		p.Event(Line{Text: "line"})
		return errors.New("as built")
	}
	progress := [3]*told{{}, {}, {}}
	first, leave := context.WithCancel(t.Context())
	results := make(chan error, 3)
	do := func(ctx context.Context, i int) {
		results <- s.do(ctx, "key", progress[i], sharedWork{slot: anyTime, ended: func() { ended.Add(1) }, build: build})
	}
	go do(first, 0)
	<-begun
	go do(t.Context(), 1)
	go do(t.Context(), 2)
	for progress[1].text() == "" || progress[2].text() == "" {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	if n := ended.Load(); n != 0 {
		t.Errorf("the build of the one who left is said to be over")
	}
	close(goOn)
	for range 2 {
		if err := <-results; err == nil || err.Error() != "as built" {
			t.Errorf("who waited: %v", err)
		}
	}
	if got := progress[0].text(); got != "started x" {
		t.Errorf("who left was told %q", got)
	}
	if got := progress[1].text(); got != "started x;line" {
		t.Errorf("who waited was told %q", got)
	}
	for deadline := time.Now().Add(5 * time.Second); ended.Load() != 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if runs.Load() != 1 || ended.Load() != 3 || len(s.builds) != 0 {
		t.Errorf("%d runs, %d ended, %d left", runs.Load(), ended.Load(), len(s.builds))
	}
}

// TestSharedBuildThatNobodyWaitsFor ends the build with the last one who waits.
func TestSharedBuildThatNobodyWaitsFor(t *testing.T) {
	var s Sharing
	begun := make(chan struct{})
	over := false
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	err := s.do(ctx, "key", &told{}, sharedWork{slot: anyTime, ended: func() {}, build: func(ctx context.Context, _ Progress) error {
		close(begun)
		<-ctx.Done()
		time.Sleep(10 * time.Millisecond)
		over = true
		return ctx.Err()
	}})
	if !errors.Is(err, context.Canceled) || !over {
		t.Errorf("%v, over: %v", err, over)
	}
}

func TestSharedBuildThatPanics(t *testing.T) {
	var s Sharing
	err := s.do(t.Context(), "key", &told{}, sharedWork{
		slot: anyTime, ended: func() {}, build: func(context.Context, Progress) error { panic("oh") },
	})
	if err == nil || !strings.Contains(err.Error(), "oh") || len(s.builds) != 0 {
		t.Errorf("%v", err)
	}
}

// TestSharedBuildBegins lets a build begin with the turn of whoever's comes first.
func TestSharedBuildBegins(t *testing.T) {
	var s Sharing
	var held atomic.Int32
	turns := [3]chan struct{}{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	whose, results := make(chan int, 3), make(chan error, 3)
	var ended atomic.Int32
	do := func(ctx context.Context, i int) {
		results <- s.do(ctx, "key", &told{}, sharedWork{
			slot: func(ctx context.Context) (func(), error) {
				select {
				case <-turns[i]:
					held.Add(1)
					return func() { held.Add(-1) }, nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			},
			ended: func() { ended.Add(1) },
			build: func(context.Context, Progress) error {
				whose <- i
				if n := held.Load(); n != 1 {
					t.Errorf("%d turns are taken", n)
				}
				return nil
			},
		})
	}
	first, leave := context.WithCancel(t.Context())
	go do(first, 0)
	go do(t.Context(), 1)
	go do(t.Context(), 2)
	for s.Waiting() != 3 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	close(turns[2])
	for range 2 {
		if err := <-results; err != nil {
			t.Errorf("who waited: %v", err)
		}
	}
	if got := <-whose; got != 2 || len(whose) != 0 {
		t.Errorf("built by %d, and by %d others", got, len(whose))
	}
	for deadline := time.Now().Add(time.Minute); ended.Load() != 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if held.Load() != 0 || ended.Load() != 3 || len(s.builds) != 0 {
		t.Errorf("%d turns held, %d ended, %d builds left", held.Load(), ended.Load(), len(s.builds))
	}

	// One who cannot have a turn takes it from nobody.
	lost := errors.New("lost")
	err := s.do(t.Context(), "key", &told{}, sharedWork{
		slot: func(context.Context) (func(), error) { return nil, lost }, ended: func() {},
	})
	if !errors.Is(err, lost) || len(s.builds) != 0 {
		t.Errorf("%v, %d builds left", err, len(s.builds))
	}
}
