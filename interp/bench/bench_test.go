package bench

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/dop251/goja"

	"fruix/interp"
	"fruix/interp/datum"
)

// pair runs one program in both engines.
type pair struct {
	scheme func() string
	js     func() string
}

func load(tb testing.TB, p Program) pair {
	tb.Helper()
	ctx := context.Background()
	e, err := interp.New(interp.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := e.Eval(ctx, p.Scheme, p.Name+".scm"); err != nil {
		tb.Fatal(err)
	}
	proc, err := e.Eval(ctx, "main", "main")
	if err != nil {
		tb.Fatal(err)
	}
	vm := goja.New()
	if _, err := vm.RunString(p.JavaScript); err != nil {
		tb.Fatal(err)
	}
	main, ok := goja.AssertFunction(vm.Get("main"))
	if !ok {
		tb.Fatal("no main")
	}
	return pair{
		scheme: func() string {
			v, err := e.Apply(ctx, proc)
			if err != nil {
				tb.Fatal(err)
			}
			switch v {
			case datum.True:
				return "true"
			case datum.False:
				return "false"
			}
			return e.Write(v)
		},
		js: func() string {
			v, err := main(goja.Undefined())
			if err != nil {
				tb.Fatal(err)
			}
			return v.String()
		},
	}
}

// fastest runs f for at least d and returns the shortest time of one run.
func fastest(f func() string, d time.Duration) time.Duration {
	best := time.Duration(math.MaxInt64)
	for start := time.Now(); time.Since(start) < d; {
		t := time.Now()
		f()
		best = min(best, time.Since(t))
	}
	return best
}

// TestAgree holds that both versions of each program compute the same.
func TestAgree(t *testing.T) {
	ps, err := Programs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		t.Run(p.Name, func(t *testing.T) {
			x := load(t, p)
			if s, j := x.scheme(), x.js(); s != j {
				t.Errorf("Scheme computes %s, JavaScript %s", s, j)
			}
		})
	}
}

// BenchmarkPrograms reports for each program the time of the engine and how
// many times as long goja takes.
func BenchmarkPrograms(b *testing.B) {
	ps, err := Programs()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range ps {
		b.Run(p.Name, func(b *testing.B) {
			x := load(b, p)
			x.scheme()
			js := fastest(x.js, 100*time.Millisecond)
			scheme := fastest(x.scheme, 100*time.Millisecond)
			b.ReportAllocs()
			for b.Loop() {
				x.scheme()
			}
			b.ReportMetric(float64(js)/float64(scheme), "x-vs-goja")
		})
	}
}

// TestSummary prints the table of ratios and their geometric mean. It fails
// when the engine falls behind goja altogether, which no load of the machine
// explains.
func TestSummary(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	mean, table := summary(t, 40*time.Millisecond)
	t.Log("\n" + table)
	if mean < 1 {
		t.Errorf("geometric mean against goja is %.2f, less than 1", mean)
	}
}

func summary(tb testing.TB, each time.Duration) (float64, string) {
	ps, err := Programs()
	if err != nil {
		tb.Fatal(err)
	}
	table, logs := "", 0.0
	for _, p := range ps {
		x := load(tb, p)
		x.scheme()
		x.js()
		js, scheme := fastest(x.js, each), fastest(x.scheme, each)
		ratio := float64(js) / float64(scheme)
		logs += math.Log(ratio)
		table += fmt.Sprintf("%-12s %10v %10v %6.2f\n", p.Name, scheme.Round(time.Microsecond), js.Round(time.Microsecond), ratio)
	}
	mean := math.Exp(logs / float64(len(ps)))
	return mean, fmt.Sprintf("%-12s %10s %10s %6s\n%s%-12s %28.2f\n", "program", "engine", "goja", "ratio", table, "geo. mean", mean)
}

// BenchmarkMean reports the geometric mean over all programs.
func BenchmarkMean(b *testing.B) {
	mean, table := summary(b, 60*time.Millisecond)
	b.Log("\n" + table)
	for b.Loop() {
	}
	b.ReportMetric(mean, "x-vs-goja")
}
