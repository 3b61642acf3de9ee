package main

import (
	"fruix/interp"
	"io/fs"
	"os"
	"strings"
	"testing"

	"fruix/builder/builtin/archive"
	"fruix/stdlib"
)

// TestDeclarationLibrary evaluates every definition of the modules that
// declarations and builders use: definitions of the library are expanded when
// they are first needed, so a mistake in one would otherwise show only then.
func TestDeclarationLibrary(t *testing.T) {
	e := &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: func(string) string { return "" }, uid: os.Geteuid()}
	f := newFlags("test", "", "")
	f.root = t.TempDir()
	s, err := openLazily(e, f, interp.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.engine.Register(archive.Module, archive.Natives()...)
	var text strings.Builder
	err = fs.WalkDir(stdlib.FS, ".", func(name string, d fs.DirEntry, err error) error {
		top, _, _ := strings.Cut(name, "/")
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".scm") || top != "guix" && top != "gnu" && top != "fruix" {
			return err
		}
		text.WriteString("(resolve-interface '(" + strings.ReplaceAll(strings.TrimSuffix(name, ".scm"), "/", " ") + "))\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Eval(t.Context(), text.String(), "all modules"); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Modules().ForceAll(); err != nil {
		t.Error(err)
	}
}
