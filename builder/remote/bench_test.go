package remote_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/remote"
	"fruix/builder/turns"
	"fruix/store"
)

// realServer serves with the program that is under test, if it is known, as ssh would
// start it.
func realServer(root string) remote.Dialer {
	program := os.Getenv("FRUIX_BINARY")
	if program == "" {
		return child(root)
	}
	return func(context.Context) (io.ReadWriteCloser, error) {
		return remote.Start(exec.Command(program, "serve", "--root="+root))
	}
}

// BenchmarkRemote has 1,000 trivial derivations built by another machine over one
// connection with a round trip of 50 ms. Both machines are this one, and both wait
// for the disk.
func BenchmarkRemote(b *testing.B) {
	const n, oneWay = 1000, 25 * time.Millisecond
	var took time.Duration
	var connections int
	for b.Loop() {
		b.StopTimer()
		w := buildtest.New(b)
		durable, err := store.Open(w.Ctx, store.Config{Root: w.Store.Root()})
		must(b, err)
		shell := w.Shell()
		root := b.TempDir()
		buildtest.In(b, root, nil) // cleans up
		var ts []builder.Target
		for i := range n {
			ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "", nil, shell("echo x > $out"))})
		}
		serve := realServer(root)
		m := remote.NewMachine(remote.MachineOptions{
			LinkOptions: remote.LinkOptions{Name: "far", Store: durable, Program: "test", Parallel: 8}, Builders: "1",
			Turns: turns.NewBook(b.TempDir(), func(text string) { b.Error(text) }).At("far").Client(0, 8),
			Dial: func(ctx context.Context) (io.ReadWriteCloser, error) {
				connections++
				c, err := serve(ctx)
				if err != nil {
					return nil, err
				}
				return buildtest.Delay(c, oneWay), nil
			},
		})
		bl := builder.New(durable, builder.Options{MaxJobs: -1, Machines: func(context.Context) ([]builder.Machine, error) {
			return []builder.Machine{m}, nil
		}})
		b.StartTimer()
		start := time.Now()
		res, err := bl.Build(w.Ctx, ts...)
		must(b, err)
		took += time.Since(start)
		b.StopTimer()
		if len(res.Built) != n {
			b.Errorf("%d were built", len(res.Built))
		}
		must(b, m.Close())
		must(b, durable.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N*n)/took.Seconds(), "builds/s")
	b.ReportMetric(float64(connections)/float64(b.N), "connections")
}
