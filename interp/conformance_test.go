package interp_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/interp"
)

// summary prints what a suite found: its failures, one a line, and a last line
// with the number of its tests.
const summary = `
(for-each (lambda (text) (display "FAIL ") (display text) (newline))
          ((@ (conformance) conformance-failures)))
(display "TESTS ") (display ((@ (conformance) conformance-count))) (newline)`

func suites(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*/*.scm")
	if err != nil || len(paths) == 0 {
		t.Fatal("no suites in testdata: ", err)
	}
	return paths
}

// report fails t for every failure in what a suite printed, and when it did
// not run to its end.
func report(t *testing.T, printed string) {
	t.Helper()
	ended := false
	for _, line := range strings.Split(printed, "\n") {
		if what, ok := strings.CutPrefix(line, "FAIL "); ok {
			t.Error(what)
		}
		if n, ok := strings.CutPrefix(line, "TESTS "); ok {
			ended = n != "0"
		}
	}
	if !ended {
		t.Error("the suite did not run to its end:\n" + printed)
	}
}

// TestConformance runs the suites, programs in the language of
// testdata/conformance.scm, by sections of R7RS, libraries of R6RS and SRFIs.
func TestConformance(t *testing.T) {
	for _, path := range suites(t) {
		t.Run(strings.TrimPrefix(strings.TrimSuffix(path, ".scm"), "testdata/"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			e, err := interp.New(interp.Options{Stdlib: os.DirFS("../stdlib"), LoadPath: []string{"testdata"}, Stdout: &out, MaxSteps: 500_000_000})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			if _, err := e.Eval(ctx, string(text), path); err != nil {
				t.Errorf("%v\n%s", err, out.Bytes())
			}
			if _, err := e.EvalIn(ctx, "(guile-user)", summary+"(force-output)", "summary"); err != nil {
				t.Fatal(err)
			}
			report(t, out.String())
		})
	}
}

// TestConformanceOfGuile runs the same suites in Guile, so that they say what
// is true of the language and not only of this engine.
func TestConformanceOfGuile(t *testing.T) {
	if testing.Short() {
		t.Skip("runs Guile once for each suite")
	}
	guile, err := exec.LookPath("guile-3.0")
	if err != nil {
		if guile, err = exec.LookPath("guile"); err != nil {
			t.Skip("needs Guile 3.0 to compare with (guile-3.0)")
		}
	}
	for _, path := range suites(t) {
		t.Run(strings.TrimPrefix(strings.TrimSuffix(path, ".scm"), "testdata/"), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, guile, "--no-auto-compile", "-q", "-L", "testdata",
				"-c", "(load \""+path+"\")"+summary)
			cmd.Env = append(os.Environ(), "GUILE_AUTO_COMPILE=0", "CONFORMANCE_PEER=guile", "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("guile: %v", err)
			}
			report(t, string(out))
		})
	}
}
