package main

import (
	"fruix/interp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBindings runs the suites of the modules that stand in for Guile's
// bindings of C libraries, in the language of the engine's conformance suites.
func TestBindings(t *testing.T) {
	paths, err := filepath.Glob("testdata/bindings/*.scm")
	if err != nil || len(paths) == 0 {
		t.Fatal("no suites: ", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".scm"), func(t *testing.T) {
			e := &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: func(string) string { return "" }, uid: os.Geteuid()}
			f := newFlags("test", "", "")
			f.root = t.TempDir()
			f.loadPath = []string{"../../interp/testdata"}
			s, err := openLazily(e, f, interp.Options{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.engine.Load(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			v, err := s.engine.Eval(t.Context(), "((@ (conformance) conformance-failures))", "summary")
			if err != nil {
				t.Fatal(err)
			}
			for ; v.IsPair(); v = v.Pair().Cdr {
				t.Error(s.engine.Display(v.Pair().Car))
			}
			n, err := s.engine.Eval(t.Context(), "((@ (conformance) conformance-count))", "summary")
			if err != nil || n.Fix() == 0 {
				t.Error("no test was run: ", err)
			}
		})
	}
}
