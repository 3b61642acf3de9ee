package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
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
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../stdlib")})
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
	r := measure(t, 20*time.Millisecond, nil)
	t.Log("\n" + r.String())
	if mean := r.mean("goja"); mean < 1 {
		t.Errorf("geometric mean against goja is %.2f, less than 1", mean)
	}
}

// result holds the times of all programs, by engine: this one is "".
type result struct {
	programs []string
	columns  []string
	times    map[string]map[string]time.Duration
}

// measure runs all programs here, in goja and in the peers. A program that a
// peer cannot run has no time there; one that computes something else is a
// failure.
func measure(tb testing.TB, each time.Duration, peers []Peer) *result {
	ps, err := Programs()
	if err != nil {
		tb.Fatal(err)
	}
	r := &result{columns: []string{"goja"}, times: map[string]map[string]time.Duration{}}
	for _, p := range peers {
		if p.Installed() {
			r.columns = append(r.columns, p.Name)
		}
	}
	dir := tb.TempDir()
	for _, p := range ps {
		x := load(tb, p)
		want := x.scheme()
		x.js()
		t := map[string]time.Duration{"goja": fastest(x.js, each), "": fastest(x.scheme, each)}
		for _, peer := range peers {
			if !peer.Installed() {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			got, d, err := peer.Run(ctx, dir, p)
			cancel()
			if err != nil {
				tb.Log(err)
				continue
			}
			if got != want {
				tb.Errorf("%s: here %s, in %s %s", p.Name, want, peer.Name, got)
			}
			t[peer.Name] = d
		}
		r.programs = append(r.programs, p.Name)
		r.times[p.Name] = t
	}
	return r
}

// ratio is how many times as long as here a program takes in another engine.
func (r *result) ratio(program, column string) (float64, bool) {
	t := r.times[program]
	d, ok := t[column]
	return float64(d) / float64(t[""]), ok
}

// mean is the geometric mean of the ratios.
func (r *result) mean(column string) float64 {
	sum, n := 0.0, 0
	for _, p := range r.programs {
		if x, ok := r.ratio(p, column); ok {
			sum += math.Log(x)
			n++
		}
	}
	return math.Exp(sum / float64(n))
}

// String is a table: the time here, then how many times as long the others
// take.
func (r *result) String() string {
	var b strings.Builder
	row := func(first, second string, cell func(column string) string) {
		fmt.Fprintf(&b, "%-12s %10s", first, second)
		for _, c := range r.columns {
			fmt.Fprintf(&b, " %12s", cell(c))
		}
		b.WriteString("\n")
	}
	row("program", "here", func(c string) string { return c })
	for _, p := range r.programs {
		row(p, r.times[p][""].Round(time.Microsecond).String(), func(c string) string {
			if x, ok := r.ratio(p, c); ok {
				return fmt.Sprintf("%.2f", x)
			}
			return "-"
		})
	}
	row("geo. mean", "", func(c string) string { return fmt.Sprintf("%.2f", r.mean(c)) })
	return b.String()
}

// BenchmarkMean reports the geometric means over all programs. Each metric
// "x-vs-NAME" is NAME's time divided by the time here.
func BenchmarkMean(b *testing.B) {
	r := measure(b, 100*time.Millisecond, Peers())
	// The log of a benchmark is cut after ten lines.
	fmt.Print("\n" + r.String())
	for b.Loop() {
	}
	for _, c := range r.columns {
		b.ReportMetric(r.mean(c), "x-vs-"+c)
	}
}
