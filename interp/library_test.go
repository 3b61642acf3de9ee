package interp_test

import (
	"io/fs"
	"strings"
	"testing"

	"fruix/interp"
	"fruix/stdlib"
)

// TestDeferredDefinitions evaluates every definition of the library's general
// modules, since a mistake in one would otherwise show only when it is used.
func TestDeferredDefinitions(t *testing.T) {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, pattern := range []string{"srfi/*.scm", "ice-9/*.scm", "rnrs/*.scm", "scheme/*.scm", "oop/*.scm", "oop/goops/*.scm", "sxml/*.scm", "texinfo/*.scm"} {
		files, err := fs.Glob(stdlib.FS, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			stem := strings.TrimSuffix(f, ".scm")
			text.WriteString("(resolve-interface '(" + strings.ReplaceAll(stem, "/", " ") + "))\n")
		}
	}
	if _, err := e.Eval(t.Context(), text.String(), "all modules"); err != nil {
		t.Fatal(err)
	}
	if err := e.Modules().ForceAll(); err != nil {
		t.Error(err)
	}
}
