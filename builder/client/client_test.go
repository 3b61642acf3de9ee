package client_test

import (
	"context"
	"errors"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/access/accesstest"
	"fruix/builder/buildtest"
	"fruix/builder/client"
	"fruix/builder/daemon"
	"fruix/builder/socket"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
	"fruix/store/wire"
)

func TestMain(m *testing.M) {
	native.ChildMain(os.Args)
	buildtest.HelperMain(os.Args)
	done, err := jailtest.Prepare("fruix/builder/buildtest/helper")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

// serve starts a daemon for a world's store, and returns its address.
func serve(w *buildtest.World) string {
	w.Helper()
	base, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root(), Relaxed: true})
	if err != nil {
		w.Fatal(err)
	}
	address := filepath.Join(w.TempDir(), "socket")
	l, err := socket.Listen(address)
	if err != nil {
		w.Fatal(err)
	}
	s := daemon.New(daemon.Config{
		EUID:     os.Geteuid(),
		Defaults: daemon.Options{MaxJobs: 2},
		Open: func(_ context.Context, limit func(*store.Config)) (*store.Store, func() error, error) {
			st := base.View(limit)
			return st, st.Close, nil
		},
		Builder: func(st *store.Store, r daemon.Request) (*builder.Builder, func(), error) {
			b := builder.New(st, builder.Options{
				Progress: r.Progress, Jail: w.Jail, EUID: os.Geteuid(), MaxJobs: r.MaxJobs, KeepGoing: r.KeepGoing,
				Sharing: r.Sharing, Slot: r.Slot, Load: r.Load,
			})
			return b, func() {}, nil
		},
		Log: func(detail bool, text string) {
			if !detail {
				w.Log(text)
			}
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	w.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.Error(err)
		}
		base.Close()
	})
	return address
}

// TestThroughDaemon asks a daemon.
func TestThroughDaemon(t *testing.T) {
	var mu sync.Mutex
	addresses := map[*buildtest.World]string{}
	accesstest.Run(t, func(w *buildtest.World) access.Store {
		mu.Lock()
		address := addresses[w]
		if address == "" {
			address = serve(w)
			addresses[w] = address
		}
		mu.Unlock()
		place, err := store.NewPlace(w.Store.Root(), "", "")
		if err != nil {
			w.Fatal(err)
		}
		c, err := client.Connect(w.Ctx, client.Options{
			Address: address, Place: place,
			Build: wire.Options{KeepGoing: true, PrintTrace: true, Pairs: [][2]string{
				{wire.OptionMultiplexed, "true"}, {wire.OptionExtended, "1"}, {wire.OptionFruix, "1"},
			}},
		})
		if err != nil {
			w.Fatal(err)
		}
		return c
	})
}

// connections remember what was dialled.
type connections struct {
	mu   sync.Mutex
	list []net.Conn
}

func (d *connections) dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := socket.Dial(ctx, address)
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.list = append(d.list, c)
	}
	return c, err
}

func (d *connections) all() []net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.list)
}

// TestOnlooker asks about objects that may be collected.
func TestOnlooker(t *testing.T) {
	w := buildtest.New(t)
	place, err := store.NewPlace(w.Store.Root(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	var dialled connections
	c, err := client.Connect(w.Ctx, client.Options{Address: serve(w), Place: place, Dial: dialled.dial})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	maker := w.Store.View(nil)
	p, err := maker.AddText(w.Ctx, "text", []byte("x"), nil)
	if err := errors.Join(err, maker.Close()); err != nil {
		t.Fatal(err)
	}
	l := c.Onlooker()
	defer l.Close()
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			i, err := l.Peek(w.Ctx, p)
			if err != nil || i.Path != p || i.NarSize == 0 {
				t.Errorf("%+v, %v", i, err)
			}
			if found, err := l.ByHash(w.Ctx, filepath.Base(p)[:32]); err != nil || found != p {
				t.Errorf("by hash: %s, %v", found, err)
			}
		})
	}
	all.Wait()
	if _, err := l.Peek(w.Ctx, "/frx/store/"+strings.Repeat("0", 32)+"-x"); !errors.As(err, new(*store.NotValidError)) {
		t.Errorf("what is not valid: %v", err)
	}
	// A daemon that starts anew ends the connections.
	for _, c := range dialled.all()[1:] { // the first is c's own
		c.Close()
	}
	for range 20 {
		if _, err := l.Peek(w.Ctx, p); err != nil {
			t.Fatalf("after the daemon has started anew: %v", err)
		}
	}
	// Nothing that it has asked about is kept for long.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		live, err := c.Liveness(w.Ctx, store.CollectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(live.Live, p) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v is kept", live.Live)
		}
	}
}
