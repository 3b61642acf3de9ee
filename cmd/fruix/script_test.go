package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the dialogues in testdata/script, each with a store of its
// own. Beside testscript's commands there is "status N PROGRAM ARGS", which
// runs a program that must exit with status N.
func TestScripts(t *testing.T) {
	program, err := filepath.Abs(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	// The program is found by its name, whatever its file is called.
	bin := newDir(t)
	if err := os.Symlink(program, filepath.Join(bin, "fruix")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			root := filepath.Join(e.WorkDir, ".root")
			e.Setenv("FRUIX_ROOT", root)
			e.Setenv("FRUIX_ARCHIVES", "none")
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Defer(func() { removeTree(root) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

func status(ts *testscript.TestScript, negative bool, args []string) {
	if negative || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit status %d, want %d", code, want)
	}
}
