package main

import (
	"context"
	"fmt"
	"os"
	"runtime/metrics"
	"time"

	"fruix/interp"
	"fruix/stdlib"
)

// sandboxFlags are the options of "fruix repl" for programs that are not
// trusted.
type sandboxFlags struct {
	on     bool
	steps  int64
	memory string
	time   time.Duration
}

func (f *flags) addSandboxFlags() *sandboxFlags {
	s := &sandboxFlags{}
	f.BoolVar(&s.on, "sandbox", false, "allow neither files nor processes nor the network, only computing and the standard streams")
	f.Int64Var(&s.steps, "max-steps", 0, "end an evaluation after `N` calls and turns of loops")
	f.StringVar(&s.memory, "max-memory", "", "end an evaluation that needs more than `SIZE` of memory (in a sandbox: 256M)")
	f.DurationVar(&s.time, "max-time", 0, "end everything after `TIME`, as in 10s")
	return s
}

// defaultMemory is the limit of memory in a sandbox.
const defaultMemory = 256 << 20

// limits gives the engine's options what the flags say.
func (s *sandboxFlags) limits(f *flags, o *interp.Options) error {
	if s.steps < 0 || s.time < 0 {
		return f.usage("a limit cannot be negative")
	}
	o.Sandbox, o.MaxSteps = s.on, s.steps
	if s.memory != "" {
		n, err := parseSize(s.memory)
		if err != nil || n < 1<<20 {
			return f.usage("--max-memory: not a size of at least 1M: %s", s.memory)
		}
		o.MaxMemory = n
	} else if s.on {
		o.MaxMemory = defaultMemory
	}
	if o.MaxMemory > 0 {
		// The stack grows by copying: it must fit twice.
		o.MaxDepthBytes = o.MaxMemory / 4
	}
	return nil
}

// sandboxOptions are those of an engine that knows nothing of stores.
func sandboxOptions(e *environment, f *flags, args []string) interp.Options {
	return interp.Options{
		Stdlib: stdlib.FS, LoadPath: f.loadPath,
		Stdin: e.stdin, Stdout: e.stdout, Stderr: e.stderr, Args: args,
		Warn: e.warn,
	}
}

// grace is how long an evaluation may take to end after its time is up.
const grace = 2 * time.Second

// watch bounds the time by the context it returns. It ends the process when an
// evaluation heeds neither that nor the limit of memory: a native may be at work
// on data that the program chose.
func (s *sandboxFlags) watch(ctx context.Context, e *environment, memory int64) (context.Context, func()) {
	cancel := context.CancelFunc(func() {})
	if s.time > 0 {
		ctx, cancel = context.WithTimeout(ctx, s.time)
	}
	if !s.on {
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		start := time.Now()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			switch {
			case s.time > 0 && time.Since(start) > s.time+grace:
				die(e, "the time is up")
			case heapBytes() > 3*memory:
				die(e, "the limit of memory is reached")
			}
		}
	}()
	return ctx, func() {
		close(done)
		cancel()
	}
}

func die(e *environment, why string) {
	fmt.Fprintf(e.stderr, "fruix: error: %s, and the evaluation does not stop by itself\n", why)
	os.Exit(1)
}

// heapBytes is the size of the process's heap.
func heapBytes() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64())
}
