package builder

import (
	"context"
	"fmt"
	"sync"
)

// Sharing lets builders of one process that are asked for the same wait for one
// build. It goes on for as long as anybody waits for it: who gives up takes it away
// from nobody else. The zero value is ready.
type Sharing struct {
	mu     sync.Mutex
	builds map[string]*sharedBuild
}

// sharedBuild is a build that is going on. It is a Progress that tells everybody
// who waits for it.
type sharedBuild struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // once done is closed

	mu      sync.Mutex
	members map[*member]bool
	begun   []Event // what those who come later are told, too
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

// do returns when the build called key is done, or when ctx ends. build carries it
// out unless it is going on already. ended is called when the caller has no more
// part in it, which may be after do has returned.
func (s *Sharing) do(ctx context.Context, key string, p Progress, ended func(), build func(context.Context, Progress) error) error {
	s.mu.Lock()
	if b := s.builds[key]; b != nil {
		m := b.join(p)
		s.mu.Unlock()
		defer ended()
		return s.wait(ctx, key, b, m)
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b := &sharedBuild{cancel: cancel, done: make(chan struct{}), members: map[*member]bool{}}
	if s.builds == nil {
		s.builds = map[string]*sharedBuild{}
	}
	s.builds[key] = b
	m := b.join(p)
	s.mu.Unlock()
	go func() {
		defer ended()
		defer close(b.done)
		defer cancel()
		defer s.forget(key, b)
		defer func() {
			if r := recover(); r != nil {
				b.err = fmt.Errorf("a fault of Fruix ended the build: %v", r)
			}
		}()
		b.err = build(inner, b)
	}()
	return s.wait(ctx, key, b, m)
}

// wait waits for a build. Who leaves as the last one ends it, and waits until
// nothing of it runs any more.
func (s *Sharing) wait(ctx context.Context, key string, b *sharedBuild, m *member) error {
	select {
	case <-b.done:
		b.leave(m)
		return b.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	last := b.leave(m)
	if last {
		s.forgetLocked(key, b) // who comes now begins anew
	}
	s.mu.Unlock()
	if last {
		b.cancel()
		<-b.done
	}
	return ctx.Err()
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
