package daemon

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"fruix/builder/socket"
	"fruix/store/wire"
)

// TestCrowd makes connections without end: beyond the one that is served, only so many
// are kept to be told that they are too many, and those not for long.
func TestCrowd(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits = Limits{PerUser: 1, Stall: time.Hour, Farewell: time.Hour} })
	first := w.connect(mallory)
	var held []*client
	for range maxRefusing {
		held = append(held, w.dial(mallory))
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		w.accounts.mu.Lock()
		n := w.accounts.refusing
		w.accounts.mu.Unlock()
		if n == maxRefusing {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d are being refused", n)
		}
	}
	c := w.dial(mallory)
	c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if b, err := io.ReadAll(c.conn); len(b) > 0 || err != nil {
		t.Errorf("one of many hears %q, %v", b, err)
	}
	first.alive("a crowd")
	w.connect(socket.Peer{Local: true, UID: 0}).alive("a crowd")
	w.connect(alice).alive("a crowd")
	for _, c := range held {
		c.conn.Close()
	}
	// One that says nothing is not waited for as others are.
	brief := newWorld(t, func(c *Config) { c.Limits = Limits{PerUser: 1, Stall: time.Hour, Farewell: 50 * time.Millisecond} })
	brief.connect(mallory)
	brief.dial(mallory).over("silence")
}

// TestManyOutputs names what takes many times the place of what was sent.
func TestManyOutputs(t *testing.T) {
	w := newWorld(t, nil)
	c := w.connect(mallory)
	drvPath, _ := c.drv("toy")
	refused(t, "many outputs", c.ask(wire.BuildPaths, []string{drvPath + "!" + strings.Repeat(",", 1<<20)}, 0), "more than 10000 outputs")
	c.w.Number(uint64(wire.SetOptions))
	(&wire.Options{Pairs: [][2]string{{wire.OptionURLs, strings.Repeat("x ", 1<<20)}}}).Write(c.w, wire.Current)
	c.w.Flush()
	refused(t, "many servers", c.answer(), wire.OptionURLs)
	if err := c.ask(wire.BuildPaths, []string{drvPath + "!out,out", drvPath + "!out"}, 0); err != nil {
		t.Error(err)
	}
	c.r.Number()
	c.alive("all of that")
}

// TestAnswersNotTaken: a user has no more large answers at a time than he may ask for,
// whether he takes them or not.
func TestAnswersNotTaken(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Heavy = 1 })
	// Over a pipe nothing is written that is not read.
	connect := func() *wire.Reader {
		ours, theirs := net.Pipe()
		w.wg.Go(func() { w.serve(w.ctx, theirs, mallory, false) })
		t.Cleanup(func() { ours.Close() })
		r, to := wire.NewReader(ours, wire.DefaultLimits), wire.NewWriter(ours)
		if _, err := wire.Greet(r, to); err != nil {
			t.Fatal(err)
		}
		to.Number(uint64(wire.QueryAllValidPaths))
		if err := to.Flush(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	read := func(r *wire.Reader) error {
		err := (&wire.Replies{In: r, Out: wire.NewWriter(io.Discard)}).Wait()
		r.Texts()
		return err
	}
	first := connect()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		w.accounts.mu.Lock()
		n := len(w.accounts.byUser[mallory.UID].heavy)
		w.accounts.mu.Unlock()
		if n == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first question is not answered")
		}
	}
	second := make(chan error, 1)
	go func() { second <- read(connect()) }()
	select {
	case err := <-second:
		t.Errorf("a second answer, while the first is not taken: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := read(first); err != nil {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}
