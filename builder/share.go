package builder

import (
	"context"
	"fmt"
	"sync"
)

// Sharing lets builders of one process that are asked for the same wait for one
// build. It goes on for as long as anybody waits for it: who gives up takes it away
// from nobody else. It begins as soon as it is the turn of any of them. The zero value
// is ready.
type Sharing struct {
	mu     sync.Mutex
	builds map[string]*sharedBuild
}

// sharedBuild is a build that is going on, or waits for its turn. It is a Progress that
// tells everybody who waits for it.
type sharedBuild struct {
	began  chan struct{}
	cancel context.CancelFunc // once began is closed; guarded by Sharing.mu
	done   chan struct{}
	err    error // once done is closed

	mu      sync.Mutex
	members map[*member]bool
	begun   []Event // what those who come later are told, too
}

// sharedWork is one's part in a shared build.
type sharedWork struct {
	// slot waits until it is this one's turn; release is called when the build has ended.
	slot func(ctx context.Context) (release func(), err error)
	// build carries the build out, for the one whose turn it is first.
	build func(context.Context, Progress) error
	// ended is called when this one has no more part in it, which may be after the
	// caller has left.
	ended func()
}

// member is somebody who waits for a shared build.
type member struct{ progress Progress }

// Event implements Progress.
func (b *sharedBuild) Event(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := e.(Started); ok {
		b.begun = append(b.begun, e)
	}
	for m := range b.members {
		m.progress.Event(e)
	}
}

func (b *sharedBuild) join(p Progress) *member {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := &member{p}
	b.members[m] = true
	for _, e := range b.begun {
		p.Event(e)
	}
	return m
}

// leave takes m away and says whether nobody is left.
func (b *sharedBuild) leave(m *member) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.members, m)
	return len(b.members) == 0
}

// Waiting returns how many builders wait for shared builds.
func (s *Sharing) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, b := range s.builds {
		b.mu.Lock()
		n += len(b.members)
		b.mu.Unlock()
	}
	return n
}

// do returns when the build called key is done, or when ctx ends.
func (s *Sharing) do(ctx context.Context, key string, p Progress, w sharedWork) error {
	b, m := s.enter(key, p)
	release, err := b.turn(ctx, w.slot)
	switch {
	case release != nil && s.begin(ctx, key, b, release, w):
		return s.wait(ctx, key, b, m)
	case release != nil:
		release() // another one's turn has come as well
	}
	defer w.ended()
	if err != nil {
		s.quit(key, b, m)
		return err
	}
	return s.wait(ctx, key, b, m)
}

// enter joins the build called key, which is made if there is none.
func (s *Sharing) enter(key string, p Progress) (*sharedBuild, *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.builds[key]
	if b == nil {
		b = &sharedBuild{began: make(chan struct{}), done: make(chan struct{}), members: map[*member]bool{}}
		if s.builds == nil {
			s.builds = map[string]*sharedBuild{}
		}
		s.builds[key] = b
	}
	return b, b.join(p)
}

// turn waits until it is one's turn, or until the build has begun otherwise: then
// release is nil.
func (b *sharedBuild) turn(ctx context.Context, slot func(context.Context) (func(), error)) (release func(), err error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-b.began:
			stop()
		case <-waiting.Done():
		}
	}()
	release, err = slot(waiting)
	if err == nil {
		return release, nil
	}
	select {
	case <-b.began:
		return nil, ctx.Err()
	default:
		return nil, err
	}
}

// begin carries out a build, unless it has begun already.
func (s *Sharing) begin(ctx context.Context, key string, b *sharedBuild, release func(), w sharedWork) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.cancel != nil {
		return false
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b.cancel = cancel
	close(b.began)
	go func() {
		defer w.ended()
		defer release()
		defer close(b.done)
		defer cancel()
		defer s.forget(key, b)
		defer func() {
			if r := recover(); r != nil {
				b.err = fmt.Errorf("a fault of Fruix ended the build: %v", r)
			}
		}()
		b.err = w.build(inner, b)
	}()
	return true
}

// wait waits for a build that has begun.
func (s *Sharing) wait(ctx context.Context, key string, b *sharedBuild, m *member) error {
	select {
	case <-b.done:
		b.leave(m)
		return b.err
	case <-ctx.Done():
		s.quit(key, b, m)
		return ctx.Err()
	}
}

// quit takes m away. Who leaves as the last one ends the build, and waits until nothing
// of it runs any more.
func (s *Sharing) quit(key string, b *sharedBuild, m *member) {
	s.mu.Lock()
	last := b.leave(m)
	cancel := b.cancel
	if last {
		s.forgetLocked(key, b) // who comes now begins anew
	}
	s.mu.Unlock()
	if last && cancel != nil {
		cancel()
		<-b.done
	}
}

func (s *Sharing) forget(key string, b *sharedBuild) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked(key, b)
}

func (s *Sharing) forgetLocked(key string, b *sharedBuild) {
	if s.builds[key] == b {
		delete(s.builds, key)
	}
}
