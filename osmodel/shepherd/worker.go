package shepherd

import (
	"context"
	"sync/atomic"
)

// worker runs one thing at a time on a goroutine of its own: the engine's.
type worker struct {
	jobs chan job
	// idle is called, between jobs, after nudge was.
	idle   func()
	nudges chan struct{}
	depth  atomic.Int32
}

type job struct {
	ctx  context.Context
	f    func()
	done chan struct{}
}

func newWorker(idle func()) *worker {
	return &worker{jobs: make(chan job, 64), idle: idle, nudges: make(chan struct{}, 1)}
}

// run serves jobs until ctx ends.
func (w *worker) run(ctx context.Context) { w.serve(ctx.Done()) }

// serve serves jobs until the channel is closed. It also is how a job waits
// for something that may itself need jobs done.
func (w *worker) serve(until <-chan struct{}) {
	for {
		select {
		case <-until:
			return
		case j := <-w.jobs:
			if j.ctx.Err() == nil {
				w.depth.Add(1)
				j.f()
				w.depth.Add(-1)
			}
			close(j.done)
		case <-w.nudges:
			w.idle()
		}
	}
}

// do runs f on the worker and waits for it. When ctx ends before f was begun,
// f is not run; a running f is expected to notice the end of ctx itself.
func (w *worker) do(ctx context.Context, f func()) error {
	j := job{ctx, f, make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-j.done
	return ctx.Err()
}

// nudge asks for a call of idle soon.
func (w *worker) nudge() {
	select {
	case w.nudges <- struct{}{}:
	default:
	}
}
