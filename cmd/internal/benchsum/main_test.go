package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	in := `goos: linux
pkg: fruix/interp/bench
BenchmarkMean-2   	1000000000	 0.001 ns/op	         4.70 x-vs-goja	 1.50 x-vs-guile-vm	 0.20 x-vs-guile-jit
--- BENCH: BenchmarkMean-2
PASS
pkg: fruix/image/ext4
BenchmarkVsMkfs   	1	 5 ns/op	 1.25 x-vs-mkfs.ext4
pkg: fruix/other
BenchmarkStartup-2   	1	 5 ns/op	 9.0 ms
pkg: fruix/cmd/fruix
BenchmarkStartup-2   	1	 5 ns/op	 9.5 ms	 3.0 x-vs-true
BenchmarkBroken-2   	1
`
	some := []target{
		{"engine against goja", engine, "BenchmarkMean", "x-vs-goja", 3, true, 5},
		{"engine against Guile's machine", engine, "BenchmarkMean", "x-vs-guile-vm", 0.5, true, 1},
		{"engine against csi", engine, "BenchmarkMean", "x-vs-csi", 2, true, 4},
		{"start, ms", "fruix/cmd/fruix", "BenchmarkStartup", "ms", 12, false, 5},
		{"image, ms", "fruix/cmd/fruix", "BenchmarkWarmImage", "ms", 150, false, 0},
		{"writing ext4", "fruix/image/ext4", "BenchmarkVsMkfs", "x-vs-mkfs.ext4", 1, false, 0},
	}
	for _, c := range []struct {
		in     string
		failed bool
	}{{in, false}, {in + "FAIL\tfruix/cmd/fruix\t1s\n", true}} {
		var out strings.Builder
		failed, err := summarize(strings.NewReader(c.in), &out, some)
		if err != nil || failed != c.failed {
			t.Errorf("failed is %v, error %v", failed, err)
		}
		rest, ok := strings.CutPrefix(out.String(), c.in)
		if !ok {
			t.Fatalf("the input is not copied:\n%s", out.String())
		}
		var got []string
		for line := range strings.Lines(rest) {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		want := []string{
			"", "measure value target aim",
			"engine against goja 4.70 >= 3 >= 5 ok",
			"engine against Guile's machine 1.50 >= 0.5 >= 1 ok, aim reached",
			"engine against csi - >= 2 >= 4 not measured",
			"start, ms 9.50 <= 12 <= 5 ok",
			"image, ms - <= 150 - not measured",
			"writing ext4 1.25 <= 1 - miss",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
