package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fruix/store/wire"
)

// TestBuildsOfAll lets users ask for more builds than may go on, over several
// connections, and lets another's come through.
func TestBuildsOfAll(t *testing.T) {
	t.Parallel() // it waits more than it works
	w := newWorld(t, func(c *Config) { c.Defaults.MaxJobs = 2 })
	running := func(prefix string) (n int) {
		w.toy.mu.Lock()
		defer w.toy.mu.Unlock()
		for name, k := range w.toy.running {
			if strings.HasPrefix(name, prefix) {
				n += k
			}
		}
		return n
	}
	await := func(what string, f func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	var many []*client
	for i := range 4 {
		c := w.connect(mallory)
		var drvs []string
		for j := range 5 {
			p, _ := c.drv(fmt.Sprintf("many-%d-%d", i, j), "wait")
			drvs = append(drvs, p)
		}
		c.send(wire.BuildPaths, drvs, 0)
		many = append(many, c)
	}
	// Each connection has as many wait as it may have go on.
	await("they do not wait", func() bool { return running("many-") == 2 && w.turns.Waiting() == 6 })
	other := w.connect(alice)
	one, _ := other.drv("one", "print 1")
	answered := make(chan error, 1)
	other.send(wire.BuildPaths, []string{one}, 0)
	var log strings.Builder // once it has answered
	go func() {
		answered <- (&wire.Replies{In: other.r, Out: other.w, Log: func(piece []byte) { log.Write(piece) }}).Wait()
	}()
	await("another's build does not wait", func() bool { return w.turns.Waiting() == 7 })
	if got := running("many-"); got != 2 {
		t.Errorf("%d builds", got)
	}
	// Builds end with those who wait for them; the next one is the other's.
	for _, c := range many {
		c.conn.Close()
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "one waits for its turn\n") {
		t.Errorf("it is not told that it waits: %q", log.String())
	}
	w.toy.mu.Lock()
	if w.toy.begun[2] != "one" || w.toy.most > 2 {
		t.Errorf("builds began in the order %q, up to %d at a time", w.toy.begun, w.toy.most)
	}
	w.toy.mu.Unlock()
	await("builds go on that nobody waits for", func() bool { return running("") == 0 })
}
