// Command benchsum ends a run of benchmarks with a table: it copies the output
// of "go test -bench" from standard input to standard output and then sets the
// values that Fruix has targets for beside these targets.
//
// It exits with status 1 when a benchmark failed. A missed target is shown and
// is no failure, because how fast a shared machine is at the moment proves
// nothing.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// target is one value that shall be reached.
type target struct {
	what      string
	pkg       string // where the benchmark is
	benchmark string
	metric    string
	limit     float64
	atLeast   bool    // limit is a minimum; otherwise a maximum
	aim       float64 // what would be better still; 0 when nothing is said
}

const engine = "fruix/interp/bench"

// The engine's values are a peer's time divided by its own.
var targets = [...]target{
	{"engine, times as fast as goja (geometric mean)", engine, "BenchmarkMean", "x-vs-goja", 3, true, 5},
	{"engine, times as fast as Guile's machine", engine, "BenchmarkMean", "x-vs-guile-vm", 0.5, true, 1},
	{"engine, times as fast as Guile's JIT", engine, "BenchmarkMean", "x-vs-guile-jit", 0, true, 0.25},
	{"engine, times as fast as Guile's interpreter", engine, "BenchmarkMean", "x-vs-guile-interp", 2, true, 4},
	{"engine, times as fast as Chicken's csi", engine, "BenchmarkMean", "x-vs-csi", 2, true, 4},
	{"fruix repl -e 1, ms", "fruix/cmd/fruix", "BenchmarkStartup", "ms", 12, false, 5},
	{"100,000 lines of packages from source, s", "fruix/cmd/fruix", "BenchmarkLoad", "source-s", 3, false, 1},
	{"100,000 lines of packages from the cache, s", "fruix/cmd/fruix", "BenchmarkLoad", "cached-s", 0.3, false, 0.1},
	{"allocated per call, bytes", engine, "BenchmarkAllocation", "B/call", 0, false, 0},
	{"allocated per integer addition, bytes", engine, "BenchmarkAllocation", "B/int-add", 0, false, 0},
	{"allocated per float addition, bytes", engine, "BenchmarkAllocation", "B/float-add", 0, false, 0},
	{"fruix system image with nothing to do, ms", "fruix/cmd/fruix", "BenchmarkWarmImage", "ms", 150, false, 0},
	{"adding 50,000 small files, times as fast as Nix, in memory", "fruix/store", "BenchmarkAddSmallFiles/memory", "x-vs-nix", 2, true, 4},
	{"the same on disk", "fruix/store", "BenchmarkAddSmallFiles/disk", "x-vs-nix", 2, true, 4},
	{"adding 2 GiB in large files, times as fast as Nix", "fruix/store", "BenchmarkAddLargeFiles/disk", "x-vs-nix", 2, true, 4},
	// In memory, both are bound by SHA-256, which is of one piece: Nix needs less than
	// twice of what that takes.
	{"the same in memory", "fruix/store", "BenchmarkAddLargeFiles/memory", "x-vs-nix", 0, true, 0},
	{"the same in memory, as fast as SHA-256 alone", "fruix/store", "BenchmarkAddLargeFiles/memory", "x-vs-sha256", 0.5, true, 1},
	{"hashing an archive of 2 GiB, as fast as sha256sum", "fruix/store", "BenchmarkHashTree", "x-vs-sha256sum", 1, true, 0},
	{"1,000 builds in jails, times as fast as Nix", "fruix/builder", "BenchmarkBuildAgainstNix", "x-vs-nix", 3, true, 10},
	{"the same with nothing to do, times as fast as Nix", "fruix/builder", "BenchmarkBuildAgainstNix", "x-vs-nix-again", 5, true, 20},
	{"1,000 builds elsewhere, 50 ms there and back, builds/s", "fruix/builder/remote", "BenchmarkRemote", "builds/s", 50, true, 0},
	{"finding garbage among 200,000 objects, times as fast as Nix", "fruix/store", "BenchmarkMark", "x-vs-nix", 3, true, 10},
	{"20,000 requisites, times as fast as Nix", "fruix/store", "BenchmarkRequisites", "x-vs-nix", 3, true, 10},
	{"memory of adding 50,000 small files, MiB", "fruix/store", "BenchmarkAddSmallFiles/disk", "MiB", 200, false, 80},
	{"memory of adding 2 GiB, MiB", "fruix/store", "BenchmarkAddLargeFiles/disk", "MiB", 200, false, 80},
	{"memory of hashing 2 GiB, MiB", "fruix/store", "BenchmarkHashTree", "MiB", 200, false, 80},
	{"memory of 1,000 builds, MiB", "fruix/builder", "BenchmarkBuildAgainstNix", "MiB", 200, false, 80},
	{"memory of finding garbage among 200,000, MiB", "fruix/store", "BenchmarkMark", "MiB", 200, false, 80},
	{"memory of 20,000 requisites, MiB", "fruix/store", "BenchmarkRequisites", "MiB", 200, false, 80},
	{"a jail set up and torn down, times as fast as bwrap", "fruix/jail/linux", "BenchmarkAgainstBwrap", "x-vs-bwrap", 1, true, 2},
	{"writing ext4, time against mkfs.ext4 -d", "fruix/image/ext4", "BenchmarkVsMkfs", "x-vs-mkfs.ext4", 1, false, 0},
}

func main() {
	failed, err := summarize(os.Stdin, os.Stdout, targets[:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchsum:", err)
	}
	if err != nil || failed {
		os.Exit(1)
	}
}

// key names one measured value.
type key struct{ pkg, benchmark, metric string }

// summarize copies r to w and appends the table of targets. failed tells that the output
// speaks of a failure.
func summarize(r io.Reader, w io.Writer, targets []target) (failed bool, err error) {
	values := map[key]float64{}
	pkg := ""
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if _, err := fmt.Fprintln(w, line); err != nil {
			return failed, err
		}
		if name, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = name
			continue
		}
		if strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL") || strings.HasPrefix(line, "panic:") {
			failed = true
		}
		read(line, pkg, values)
	}
	if err := lines.Err(); err != nil {
		return failed, err
	}
	return failed, table(w, targets, values)
}

// read takes the values of a result line, "BenchmarkX-2  1  5 ns/op  3 ms": the
// name with the number of processors, how often it ran, then pairs of a value
// and a unit (the Go benchmark data format).
func read(line, pkg string, values map[key]float64) {
	fields := strings.Fields(line)
	if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
		return
	}
	name := fields[0]
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			name = name[:i]
		}
	}
	for i := 2; i+1 < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			values[key{pkg, name, fields[i+1]}] = v
		}
	}
}

// meets reports whether v is on the right side of limit.
func (t *target) meets(v, limit float64) bool {
	if t.atLeast {
		return v >= limit
	}
	return v <= limit
}

func table(w io.Writer, targets []target, values map[key]float64) error {
	const row = "%-48s %10s %10s %10s  %s\n"
	text := "\n" + fmt.Sprintf(row, "measure", "value", "target", "aim", "")
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for i := range targets {
		t := &targets[i]
		sign := "<= "
		if t.atLeast {
			sign = ">= "
		}
		aim := "-"
		if t.aim != 0 {
			aim = sign + number(t.aim)
		}
		value, verdict := "-", "not measured"
		if v, ok := values[key{t.pkg, t.benchmark, t.metric}]; ok {
			value = strconv.FormatFloat(v, 'f', 2, 64)
			switch {
			case !t.meets(v, t.limit):
				verdict = "miss"
			case t.aim != 0 && t.meets(v, t.aim):
				verdict = "ok, aim reached"
			default:
				verdict = "ok"
			}
		}
		text += fmt.Sprintf(row, t.what, value, sign+number(t.limit), aim, verdict)
	}
	_, err := io.WriteString(w, text)
	return err
}
