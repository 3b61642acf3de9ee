package builder_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
)

// BenchmarkBuild makes trivial outputs, each in a jail of its own, and
// compares with starting the same program as often without any of that.
func BenchmarkBuild(b *testing.B) {
	w := buildtest.New(b)
	bl := w.Builder(builder.Options{MaxJobs: 2})
	n := 0
	var bare time.Duration
	dir := b.TempDir()
	for b.Loop() {
		b.StopTimer()
		const batch = 20
		var ts []builder.Target
		for range batch {
			n++
			ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", n), "write out x", nil)})
		}
		b.StartTimer()
		if _, err := bl.Build(w.Ctx, ts...); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		start := time.Now()
		for i := range batch {
			cmd := exec.Command(w.Store.Physical(w.Program), "write", "out", "x")
			cmd.Env = []string{"out=" + filepath.Join(dir, fmt.Sprint(i))}
			if err := cmd.Run(); err != nil {
				b.Fatal(err)
			}
		}
		bare += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "builds/s")
	b.ReportMetric(float64(b.Elapsed())/float64(bare), "x-vs-fork+exec")
}

// BenchmarkNothingToDo asks for 2000 derivations whose outputs are all there.
func BenchmarkNothingToDo(b *testing.B) {
	w := buildtest.New(b)
	var ts []builder.Target
	for i := range 2000 {
		ts = append(ts, builder.Target{Drv: w.Drv(fmt.Sprint("d", i), "write out x", nil)})
	}
	if _, err := w.Builder(builder.Options{Executor: &fake{}, MaxJobs: 2}).Build(w.Ctx, ts...); err != nil {
		b.Fatal(err)
	}
	bl := builder.New(w.Store, builder.Options{Jail: w.Jail, EUID: os.Geteuid()})
	for b.Loop() {
		if _, err := bl.Build(w.Ctx, ts...); err != nil {
			b.Fatal(err)
		}
	}
}
