package bench

import (
	"context"
	"runtime"
	"testing"

	"fruix/interp"
	"fruix/interp/datum"
)

// BenchmarkAllocation measures the bytes that the hot path allocates: per call,
// per sum of integers and per sum of floats.
func BenchmarkAllocation(b *testing.B) {
	e, err := interp.New(interp.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for b.Loop() { // what is reported before would be lost
	}
	for _, c := range []struct{ unit, text string }{
		{"B/call", "(define (f n) (if (= n 0) 0 (g (- n 1)))) (define (g n) (f n)) f"},
		{"B/int-add", "(lambda (n) (let loop ((i 0) (s 0)) (if (< i n) (loop (+ i 1) (+ s i)) s)))"},
		{"B/float-add", "(lambda (n) (let loop ((i 0) (s 0.5)) (if (< i n) (loop (+ i 1) (+ s 1.25)) s)))"},
	} {
		proc, err := e.Eval(ctx, c.text, "t")
		if err != nil {
			b.Fatal(err)
		}
		bytes := func(n int64) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := e.Apply(ctx, proc, datum.Fix(n)); err != nil {
				b.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		bytes(1)
		const few, many = 1_000, 1_001_000
		// What one Apply costs does not grow with the work.
		small := bytes(few)
		b.ReportMetric(float64(bytes(many)-min(small, bytes(many)))/(many-few), c.unit)
	}
}
