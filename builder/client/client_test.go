package client_test

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"sync"
	"testing"

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
