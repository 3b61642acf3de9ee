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
		results <- s.do(ctx, "key", progress[i], func() { ended.Add(1) }, build)
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
	err := s.do(ctx, "key", &told{}, func() {}, func(ctx context.Context, _ Progress) error {
		close(begun)
		<-ctx.Done()
		time.Sleep(10 * time.Millisecond)
		over = true
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || !over {
		t.Errorf("%v, over: %v", err, over)
	}
}

func TestSharedBuildThatPanics(t *testing.T) {
	var s Sharing
	err := s.do(t.Context(), "key", &told{}, func() {}, func(context.Context, Progress) error { panic("oh") })
	if err == nil || !strings.Contains(err.Error(), "oh") || len(s.builds) != 0 {
		t.Errorf("%v", err)
	}
}
