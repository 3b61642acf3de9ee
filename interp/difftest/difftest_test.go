package difftest_test

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/interp"
	"fruix/interp/difftest"
)

var (
	seed  = flag.Uint64("seed", 0, "the seed of the programs; 0 stands for the seeds that are always run")
	count = flag.Uint64("programs", 3000, "how many programs")
)

//go:embed driver.scm
var driver string

// seeds are those that are always run.
var seeds = []uint64{2, 3}

// TestDifferences runs generated programs here and in Guile and compares what
// they print and give.
func TestDifferences(t *testing.T) { differences(t, difftest.Standard, *count) }

// TestControl does so with programs of prompts, winds and handlers.
func TestControl(t *testing.T) { differences(t, difftest.Control, *count/3) }

func differences(t *testing.T, grammar func() (*difftest.Grammar, error), n uint64) {
	guile, err := exec.LookPath("guile-3.0")
	if err != nil {
		if guile, err = exec.LookPath("guile"); err != nil {
			t.Skip("needs Guile 3.0 to compare with (guile-3.0)")
		}
	}
	if testing.Short() {
		t.Skip("runs thousands of programs")
	}
	g, err := grammar()
	if err != nil {
		t.Fatal(err)
	}
	chosen := seeds
	if *seed != 0 {
		chosen = []uint64{*seed}
	}
	for _, s := range chosen {
		t.Run(fmt.Sprint("seed", s), func(t *testing.T) {
			programs := make([]string, n)
			for i := range programs {
				programs[i] = g.Program(s, uint64(i))
			}
			compare(t, guile, programs)
		})
	}
}

// compare runs programs in both and reports those that differ.
func compare(t *testing.T, guile string, programs []string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "programs.scm")
	if err := os.WriteFile(file, []byte(strings.Join(programs, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	program := driver + fmt.Sprintf("(run-programs %q)\n(force-output)\n", file)
	there := inGuile(ctx, t, guile, dir, program, len(programs))
	here := inFruix(ctx, t, program, len(programs))
	wrong, values := 0, 0
	for i := range programs {
		if strings.Contains(there[i], "=> (values") {
			values++
		}
		if here[i] == there[i] {
			continue
		}
		if wrong++; wrong > 20 {
			continue
		}
		t.Errorf("program %d:\n  %s\nGuile: %s\nhere:  %s", i, programs[i], there[i], here[i])
	}
	if wrong > 0 {
		t.Errorf("%d of %d programs differ", wrong, len(programs))
	}
	if values < len(programs)/2 {
		t.Errorf("only %d of %d programs give values; the grammar is worth little", values, len(programs))
	}
}

func inGuile(ctx context.Context, t *testing.T, guile, dir, program string, n int) []string {
	t.Helper()
	path := filepath.Join(dir, "driver.scm")
	if err := os.WriteFile(path, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, guile, "--no-auto-compile", "-q", path)
	cmd.Env = append(os.Environ(), "GUILE_AUTO_COMPILE=0", "LC_ALL=C.UTF-8")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("guile: %v\n%s", err, stderr.Bytes())
	}
	return split(t, "Guile", stdout.String(), n)
}

func inFruix(ctx context.Context, t *testing.T, program string, n int) []string {
	t.Helper()
	var stdout bytes.Buffer
	e, err := interp.New(interp.Options{Stdlib: os.DirFS("../../stdlib"), Stdout: &stdout, MaxSteps: 2_000_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(ctx, program, "driver"); err != nil {
		t.Errorf("here: %v", err)
	}
	return split(t, "this engine", stdout.String(), n)
}

// split takes the output apart by the marks before each program's.
func split(t *testing.T, who, output string, n int) []string {
	t.Helper()
	parts := strings.Split(output, "\x01")[1:]
	out := make([]string, n)
	for _, p := range parts {
		number, rest, _ := strings.Cut(p, "\n")
		i := 0
		if _, err := fmt.Sscan(number, &i); err == nil && i < n {
			out[i] = strings.TrimSuffix(rest, "\n")
		}
	}
	for i, o := range out {
		if o == "" {
			t.Fatalf("%s says nothing of program %d and those after it", who, i)
		}
	}
	return out
}
