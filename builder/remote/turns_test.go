package remote_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/builder/remote"
	"fruix/builder/turns"
)

// guarded is an executor without jails that lets each build end when it is told to.
type guarded struct {
	pass chan struct{} // once for each build; closed for all

	mu      sync.Mutex
	running int
	most    int
	begun   []string
}

func (g *guarded) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	g.mu.Lock()
	g.running++
	g.most = max(g.most, g.running)
	g.begun = append(g.begun, r.Name)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.running--
	}()
	select {
	case <-g.pass:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	res := &plan.Result{Outputs: map[string]string{}}
	for _, o := range r.Outputs {
		res.Outputs[o.Name] = filepath.Join(io.Scratch, o.Name)
		if err := os.WriteFile(res.Outputs[o.Name], []byte("x"), 0o644); err != nil {
			return nil, err
		}
	}
	return res, nil
}

func (g *guarded) order() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.begun)
}

// crowd is several requests that have builds carried out by one machine.
type crowd struct {
	*testing.T
	w     *buildtest.World
	far   *far
	guard *guarded
	turns *turns.Turns
	size  int
	mu    sync.Mutex
	conns map[string]io.Closer // by request, the last one
}

func newCrowd(t *testing.T, size int) *crowd {
	c := &crowd{T: t, w: buildtest.New(t), far: newFar(t), turns: turns.New(), size: size, conns: map[string]io.Closer{}}
	c.guard = &guarded{pass: make(chan struct{}, 1000)}
	c.far.o.Executor = c.guard
	return c
}

// request has n builds carried out for a user, whose names begin with the request's. done
// is closed when they are.
func (c *crowd) request(ctx context.Context, name string, user, n int, oneWay time.Duration) (done chan struct{}) {
	c.Helper()
	var see watcher
	m := remote.NewMachine(remote.MachineOptions{
		LinkOptions: remote.LinkOptions{Name: "far", Store: c.w.Store, Program: "test", Parallel: c.size},
		Builders:    "1", Warn: see.warn, Turns: c.turns.Client(user, c.size),
		Dial: func(ctx context.Context) (io.ReadWriteCloser, error) {
			conn, err := c.far.dial(ctx)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.conns[name] = conn
			if oneWay > 0 {
				conn = buildtest.Delay(conn, oneWay)
			}
			return conn, err
		},
	})
	c.Cleanup(func() { m.Close() })
	var ts []builder.Target
	for i := range n {
		ts = append(ts, builder.Target{Drv: c.w.Drv(fmt.Sprint(name, i), "write out x", nil)})
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		if _, err := c.w.Builder(with(&see, -1, m)).Build(ctx, ts...); err != nil && ctx.Err() == nil {
			c.Error(err)
		}
	}()
	return done
}

// await waits until something is so.
func (c *crowd) await(what string, f func() bool) {
	c.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			c.Fatalf("not so after a minute: %s; %d turns are waited for, and begun were %v", what, c.turns.Waiting(), c.guard.order())
		}
	}
}

// begun waits until so many builds have begun, and returns the names of their requests.
func (c *crowd) begun(n int) string {
	c.Helper()
	c.await(fmt.Sprint(n, " builds begin"), func() bool { return len(c.guard.order()) >= n })
	var names []string
	for _, b := range c.guard.order() {
		names = append(names, strings.TrimRight(b, "0123456789"))
	}
	return strings.Join(names, " ")
}

// end lets all go on, and looks at whether there were ever too many.
func (c *crowd) end(done ...chan struct{}) {
	c.Helper()
	close(c.guard.pass)
	for _, d := range done {
		<-d
	}
	if c.guard.most > c.size {
		c.Errorf("%d builds at a time", c.guard.most)
	}
	if load := c.turns.Client(0, 1).Load(); load != 1 {
		c.Errorf("turns are left: the load is %v", load)
	}
}

// TestTwoRequests: two users' requests never have more builds go on at a machine than it
// carries out, and however many one wants, the other's is next.
func TestTwoRequests(t *testing.T) {
	c := newCrowd(t, 2)
	many := c.request(t.Context(), "many", 1, 12, 0)
	c.await("one waits", func() bool { return c.turns.Waiting() == 1 })
	again := c.request(t.Context(), "again", 1, 3, 0)
	c.await("another of the user waits", func() bool { return c.turns.Waiting() == 2 })
	one := c.request(t.Context(), "one", 2, 1, 0)
	c.await("the other waits", func() bool { return c.turns.Waiting() == 3 })
	if got := c.begun(2); got != "many many" {
		t.Errorf("begun: %s", got)
	}
	c.guard.pass <- struct{}{}
	if got := c.begun(3); got != "many many one" {
		t.Errorf("begun: %s", got)
	}
	c.end(many, again, one)
	if n := len(c.guard.order()); n != 16 {
		t.Errorf("%d builds", n)
	}
}

// TestAheadUntilAnother: builds are sent ahead for one alone. When another comes, it has
// the turn after those that were sent.
func TestAheadUntilAnother(t *testing.T) {
	c := newCrowd(t, 1)
	const oneWay = 20 * time.Millisecond
	taken := func() int { return int(c.turns.Client(0, 1).Load()) - 1 - c.turns.Waiting() }
	many := c.request(t.Context(), "many", 1, 200, oneWay)
	for range 20 {
		c.guard.pass <- struct{}{}
	}
	c.begun(21)
	c.await("some are sent ahead", func() bool { return c.turns.Waiting() == 1 && taken() > 1 })
	one := c.request(t.Context(), "one", 2, 1, oneWay)
	c.await("the other waits", func() bool { return c.turns.Waiting() == 2 })
	begun, ahead := len(c.guard.order()), taken()
	for range ahead {
		c.guard.pass <- struct{}{}
	}
	// One of those sent may already have ended here, but not there.
	order := strings.Fields(c.begun(begun + ahead))
	if i := slices.Index(order, "one"); i < 0 || i > begun+ahead {
		t.Errorf("%d were sent when %d had begun, and the other was %d", ahead, begun, i)
	}
	c.end(many, one)
}

// TestRequestsEnd: neither a request that is given up while it waits, nor one whose
// connection ends, keeps others from a machine.
func TestRequestsEnd(t *testing.T) {
	c := newCrowd(t, 1)
	first := c.request(t.Context(), "first", 1, 2, 0)
	c.begun(1)
	ctx, cancel := context.WithCancel(t.Context())
	given := c.request(ctx, "given", 2, 2, 0)
	c.await("one waits", func() bool { return c.turns.Waiting() == 2 })
	last := c.request(t.Context(), "last", 3, 1, 0)
	c.await("another waits", func() bool { return c.turns.Waiting() == 3 })
	cancel()
	<-given
	c.mu.Lock()
	c.conns["first"].Close()
	c.mu.Unlock()
	if got := c.begun(2); got != "first last" {
		t.Errorf("begun: %s", got)
	}
	c.size++           // what was lost may end there a little later than here
	c.end(first, last) // the first one is there again
	if got := fmt.Sprint(c.guard.order()); !strings.Contains(got, "first1") {
		t.Error(got)
	}
}
