package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"fruix/interp"
	"fruix/interp/datum"
)

// errAbandoned ends the dialogue because an evaluation does not stop.
var errAbandoned = fmt.Errorf("an evaluation did not stop: %w", context.Canceled)

// interrupts hands each interrupt to the innermost evaluation: one that a
// breakpoint has stopped is not meant.
type interrupts struct {
	mu    sync.Mutex
	stack []chan struct{}
}

// newInterrupts takes the signals of a channel until it is closed.
func newInterrupts(signals <-chan os.Signal) *interrupts {
	in := &interrupts{}
	go func() {
		for range signals {
			in.mu.Lock()
			if n := len(in.stack); n > 0 {
				select {
				case in.stack[n-1] <- struct{}{}:
				default: // it was told already
				}
			}
			in.mu.Unlock()
		}
	}()
	return in
}

// enter begins an evaluation and returns where its interrupts come.
func (in *interrupts) enter() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	c := make(chan struct{}, 4)
	in.stack = append(in.stack, c)
	return c
}

func (in *interrupts) leave() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stack = in.stack[:len(in.stack)-1]
}

// guard runs f so that an interrupt cancels its context. When f does not heed
// that, as a native that waits for input cannot, the third interrupt gives up
// the whole dialogue.
func (s *Session) guard(ctx context.Context, f func(ctx context.Context) error) error {
	if s.interrupts == nil {
		return contain(func() error { return f(ctx) })
	}
	typed := s.interrupts.enter()
	defer s.interrupts.leave()
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- contain(func() error { return f(inner) }) }()
	for n := 0; ; {
		select {
		case err := <-done:
			if n > 0 && err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) {
				return interrupted(err)
			}
			return err
		case <-typed:
			cancel()
			switch n++; n {
			case 2:
				s.remark("still waiting for the evaluation to stop; interrupt once more to leave")
			case 3:
				return errAbandoned
			}
		}
	}
}

// interrupted keeps the engine's error of an interrupted evaluation, which
// knows where that was, and makes one for other work.
func interrupted(err error) error {
	var e *interp.Error
	if errors.As(err, &e) {
		return e
	}
	return &interp.Error{Key: "interrupted", Message: "interrupted", Object: datum.Unset, Cause: err}
}

// contain keeps a panic, which would be a defect of the REPL, from ending the
// dialogue.
func contain(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &interp.Error{
				Key: "internal-error", Message: fmt.Sprintf("internal error: %v", r), Object: datum.Unset,
				Hint: "this is a defect of the REPL; please report what you typed",
			}
		}
	}()
	return f()
}
