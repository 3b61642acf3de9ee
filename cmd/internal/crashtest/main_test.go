package crashtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if watchedMain() {
		return
	}
	os.Exit(m.Run())
}

// program is the program under test.
func program(t testing.TB) string {
	t.Helper()
	name := os.Getenv("FRUIX_BINARY")
	if name == "" {
		t.Skip("FRUIX_BINARY does not name the program to test; run \"make check\", or make bin/fruix and set it")
	}
	abs, err := filepath.Abs(name)
	if err == nil {
		_, err = os.Stat(abs)
	}
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// number is what the environment variable says, or usual.
func number(t testing.TB, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("$%s is %q, which is no number", variable, text)
	}
	return n
}

// duration is what the environment variable says, or usual.
func duration(t testing.TB, variable string, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("$%s: %v", variable, err)
	}
	return d
}

// seed is what randomness begins with. It is printed, so that a failure can be
// had again.
func seed(t testing.TB) uint64 {
	t.Helper()
	n := uint64(number(t, "FRUIX_CRASH_SEED", int(time.Now().UnixNano()%1e9)))
	t.Logf("FRUIX_CRASH_SEED=%d", n)
	return n
}

// scratch makes a folder that is removed with all its read-only folders.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fruix-crash-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // build users must get in
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("FRUIX_CRASH_KEEP") != "" {
			fmt.Fprintln(os.Stderr, "kept:", dir)
			return
		}
		_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(name, 0o700)
			}
			return nil
		})
		_ = os.RemoveAll(dir)
	})
	return dir
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
