package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// spent is what one run of a command took at best, each by itself: the time on
// the wall and that of the processors.
type spent struct{ wall, cpu time.Duration }

// quickest runs a command several times and returns the least it took, which
// is what other work on the machine disturbs least.
func quickest(b *testing.B, runs int, env []string, name string, args ...string) spent {
	b.Helper()
	best := spent{math.MaxInt64, math.MaxInt64}
	for range runs {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), env...)
		start := time.Now()
		out, err := cmd.CombinedOutput()
		wall := time.Since(start)
		if err != nil {
			b.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		best.wall = min(best.wall, wall)
		best.cpu = min(best.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	return best
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// BenchmarkStartup measures "fruix repl -e 1" from the start of the process to
// its end, beside Guile with as little to do and a program that does nothing.
func BenchmarkStartup(b *testing.B) {
	fruix, lack := program()
	if lack != "" {
		b.Skip(lack)
	}
	const runs = 30
	env := []string{"FRUIX_ROOT=" + b.TempDir()}
	ours := quickest(b, runs, env, fruix, "repl", "-e", "1")
	for b.Loop() {
		quickest(b, 1, env, fruix, "repl", "-e", "1")
	}
	b.ReportMetric(ms(ours.wall), "ms")
	b.ReportMetric(ms(ours.cpu), "cpu-ms")
	if path, err := exec.LookPath("true"); err == nil {
		b.ReportMetric(float64(ours.wall)/float64(quickest(b, runs, nil, path).wall), "x-vs-true")
	}
	if path, err := exec.LookPath("guile"); err == nil {
		b.ReportMetric(float64(ours.wall)/float64(quickest(b, runs, nil, path, "-c", "1").wall), "x-vs-guile")
	}
}

// BenchmarkWarmImage measures "fruix system image" when the image is in the
// store already.
func BenchmarkWarmImage(b *testing.B) {
	fruix, lack := program()
	if lack != "" {
		b.Skip(lack)
	}
	env := []string{"FRUIX_ROOT=" + filepath.Join(scratch, "bench-root")}
	args := []string{"system", "image", linuxExample}
	first := exec.Command(fruix, args...)
	first.Env = append(os.Environ(), env...)
	if out, err := first.CombinedOutput(); err != nil {
		b.Skipf("needs an image, whose sources come from the network: %v\n%s", err, out)
	}
	ours := quickest(b, 20, env, fruix, args...)
	for b.Loop() {
		quickest(b, 1, env, fruix, args...)
	}
	b.ReportMetric(ms(ours.wall), "ms")
	b.ReportMetric(ms(ours.cpu), "cpu-ms")
}
