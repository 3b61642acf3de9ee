package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/remote"
	"fruix/store/drv"
)

// watcher collects what builds tell.
type watcher struct {
	mu       sync.Mutex
	machines map[string]int // where builds were started
	moved    int
	lines    []string
	warnings []string
}

func (w *watcher) Event(e builder.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case builder.Started:
		if w.machines == nil {
			w.machines = map[string]int{}
		}
		w.machines[e.Machine]++
	case builder.Moved:
		w.moved++
	case builder.Line:
		w.lines = append(w.lines, e.Text)
	}
}

func (w *watcher) warn(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.warnings = append(w.warnings, text)
}

func (w *watcher) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.warnings, "\n")
}

// machine makes a machine for a world. It is asked whether it lives after a silence
// of a length that no busy processor makes, unless the test is about silence.
func machine(t *testing.T, w *buildtest.World, see *watcher, dial remote.Dialer, parallel int, heartbeat ...time.Duration) *remote.Machine {
	beat := 15 * time.Second
	for _, b := range heartbeat {
		beat = b
	}
	m := remote.NewMachine(remote.MachineOptions{
		LinkOptions: remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: parallel, Heartbeat: beat},
		Dial:        dial, Builders: "1", Warn: see.warn,
	})
	t.Cleanup(func() { m.Close() })
	return m
}

// with are options of a builder that uses machines.
func with(see *watcher, jobs int, machines ...builder.Machine) builder.Options {
	return builder.Options{
		MaxJobs: jobs, Progress: see, KeepGoing: true,
		Machines: func(context.Context) ([]builder.Machine, error) { return machines, nil },
	}
}

// TestMachine builds a graph on another machine alone.
func TestMachine(t *testing.T) {
	w := buildtest.New(t)
	f := newFar(t)
	var see watcher
	m := machine(t, w, &see, f.dial, 4)
	a := w.Drv("a", "echo making a ; write out from a", nil)
	b := w.Drv("b", "mkdir out ; add out f refers to @a ; echo done", map[string]string{"a": a})
	bad := w.Drv("bad", "echo one ; echo two ; exit 3", nil)
	bad2 := w.Drv("bad2", "echo x", nil) // makes no output
	never := w.Drv("never", "write out @bad", map[string]string{"bad": bad})
	_, err := w.Builder(with(&see, -1, m)).Build(w.Ctx, builder.Target{Drv: b}, builder.Target{Drv: never}, builder.Target{Drv: bad2})
	var failure *builder.Failure
	if !errors.As(err, &failure) || len(failure.Failed) != 2 {
		t.Fatalf("%v", err)
	}
	e, e2 := failure.Failed[0], failure.Failed[1]
	if e.Name != "bad" {
		e, e2 = e2, e
	}
	if e.Machine != "far" || e.Status != "exit code 3" || strings.Join(e.LogTail, " ") != "one two" || e.LogPath == "" {
		t.Errorf("%+v", e)
	}
	if e2.Status != "missing output" || strings.Join(e2.LogTail, " ") != "x" {
		t.Errorf("%+v", e2)
	}
	// What outputs refer to was found here.
	refs, err := w.Store.References(w.Ctx, w.Out(b))
	must(t, err)
	if fmt.Sprint(refs) != fmt.Sprint([]string{w.Out(a)}) {
		t.Errorf("references %v", refs)
	}
	if see.machines["far"] != 4 || len(see.machines) != 1 || see.moved != 0 || see.said() != "" {
		t.Errorf("%+v", see.machines)
	}
	// The other machine has kept the outputs, so that they need not be sent back.
	if ok, err := f.store.IsValid(w.Ctx, w.Out(b)); err != nil || !ok {
		t.Errorf("not kept: %v", err)
	}
	must(t, w.Builder(with(&see, -1, m)).Check(w.Ctx, b))
	if see.machines["far"] != 5 {
		t.Errorf("%+v", see.machines)
	}
	empty(t, w)
}

// TestFixed: a promised hash is checked on both sides.
func TestFixed(t *testing.T) {
	w := buildtest.New(t)
	f := newFar(t)
	var see watcher
	m := machine(t, w, &see, f.dial, 4)
	fixed := func(d *drv.Derivation) {
		d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha256", Hash: strings.Repeat("0", 64)}}
	}
	d := w.Drv("fixed", "write out x", nil, fixed)
	_, err := w.Builder(with(&see, -1, m)).Build(w.Ctx, builder.Target{Drv: d})
	var failure *builder.Failure
	if !errors.As(err, &failure) || failure.Failed[0].Status != "hash mismatch" || failure.Failed[0].Machine != "far" {
		t.Fatalf("%v", err)
	}
	for _, s := range []*buildtest.World{w, {TB: t, Ctx: t.Context(), Store: f.store}} {
		if ok, err := s.Store.IsValid(w.Ctx, w.Out(d)); err != nil || ok {
			t.Errorf("valid: %v %v", ok, err)
		}
		empty(t, s)
	}
}

// TestLostInBuild: whatever happens to the connection while builds go on, they are
// done elsewhere or again, and nothing half made is left.
func TestLostInBuild(t *testing.T) {
	for name, c := range map[string]struct {
		jobs      int // here
		how       string
		want      string // of the warning
		heartbeat []time.Duration
	}{
		"killed, then here":        {1, "kill", "the machine far is lost: ", nil},
		"killed, then there again": {-1, "kill", "the machine far is lost: ", nil},
		"silent, then here":        {1, "stop", "the machine far is lost: the machine does not answer any more", []time.Duration{time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			w := buildtest.New(t)
			root := t.TempDir()
			far := buildtest.In(t, root, nil)
			var see watcher
			var mu sync.Mutex
			var first *exec.Cmd
			dial := func(context.Context) (io.ReadWriteCloser, error) {
				exe, err := os.Executable()
				must(t, err)
				cmd := exec.Command(exe)
				cmd.Env = append(os.Environ(), envServe+"="+root)
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = cmd
				}
				return remote.Start(cmd)
			}
			m := machine(t, w, &see, dial, 4, c.heartbeat...)
			var ts []builder.Target
			for i := range 6 {
				ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "echo here ; sleep 300 ; write out x", nil)})
			}
			var once sync.Once
			var there sync.Map
			o := with(&see, c.jobs, m)
			o.Progress = progressFunc(func(e builder.Event) {
				see.Event(e)
				if s, ok := e.(builder.Started); ok && s.Machine != "" {
					there.Store(s.Drv, true)
				}
				l, ok := e.(builder.Line)
				if !ok {
					return
				}
				if _, ok := there.Load(l.Drv); ok {
					once.Do(func() {
						mu.Lock()
						defer mu.Unlock()
						if c.how == "kill" {
							first.Process.Kill()
						} else {
							stop(t, first.Process)
						}
					})
				}
			})
			start := time.Now()
			_, err := w.Builder(o).Build(w.Ctx, ts...)
			must(t, err)
			t.Log(time.Since(start), see.machines, see.moved, see.said())
			if !strings.Contains(see.said(), c.want) || see.moved == 0 {
				t.Errorf("moved %d, warnings: %s", see.moved, see.said())
			}
			for _, x := range ts {
				if got := w.Read(w.Out(x.Drv)); got != "x" {
					t.Errorf("output %q", got)
				}
			}
			must(t, m.Close())
			empty(t, w)
			next, err := remote.Connect(w.Ctx, child(root), remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 1})
			must(t, err)
			must(t, next.Close())
			empty(t, far)
		})
	}
}

type progressFunc func(builder.Event)

func (f progressFunc) Event(e builder.Event) { f(e) }

// TestUnreachable: a machine that cannot be reached is said so once, and does not
// hold anything up.
func TestUnreachable(t *testing.T) {
	w := buildtest.New(t)
	var see watcher
	m := machine(t, w, &see, func(context.Context) (io.ReadWriteCloser, error) { return nil, errors.New("no route to host") }, 4)
	_, err := w.Builder(with(&see, 2, m)).Build(w.Ctx, builder.Target{Drv: w.Drv("a", "write out x", nil)}, builder.Target{Drv: w.Drv("b", "write out x", nil)})
	must(t, err)
	if see.machines[""] != 2 {
		t.Errorf("%v", see.machines)
	}
	_, err = w.Builder(with(&see, -1, m)).Build(w.Ctx, builder.Target{Drv: w.Drv("c", "write out x", nil)})
	if err == nil || !strings.Contains(err.Error(), "far: no route to host") {
		t.Errorf("%v", err)
	}
	if see.said() != "the machine far cannot be used: no route to host" {
		t.Errorf("warnings: %s", see.said())
	}
}

// TestLatency: with 100 ms each way, builds with inputs of their own overlap, and
// their inputs are asked for and sent together.
func TestLatency(t *testing.T) {
	w := buildtest.New(t)
	f := newFar(t)
	var see watcher
	var trips atomic.Int64
	m := machine(t, w, &see, func(ctx context.Context) (io.ReadWriteCloser, error) {
		trips.Add(1)
		c, err := f.dial(ctx)
		return buildtest.Delay(c, 100*time.Millisecond), err
	}, 40)
	var ts []builder.Target
	for i := range 40 {
		in, err := w.Store.AddText(w.Ctx, fmt.Sprint("in", i), []byte(fmt.Sprint("content ", i)), nil)
		must(t, err)
		ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "cat "+in+" out", nil, func(d *drv.Derivation) {
			d.InputSrcs = append(d.InputSrcs, in)
		})})
	}
	start := time.Now()
	_, err := w.Builder(with(&see, -1, m)).Build(w.Ctx, ts...)
	must(t, err)
	took := time.Since(start)
	t.Log(took)
	// One after the other they would take 24 s: each a question, a transfer and a
	// build.
	if took > 20*time.Second || trips.Load() != 1 {
		t.Errorf("40 builds took %v over %d connections", took, trips.Load())
	}
}
