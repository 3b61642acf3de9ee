package expand_test

import (
	"os"
	"path/filepath"
	"testing"

	"fruix/interp/core"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzExpand feeds any text to reader and expander: it may be refused, but
// never bring the process down.
func FuzzExpand(f *testing.F) {
	paths, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(text).Files {
			f.Add(string(file.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		forms, err := read.All(&source.File{Name: "fuzz", Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
		if err != nil {
			return
		}
		x := newExpander(t)
		x.MaxExpansions = 2000
		for _, form := range forms {
			_ = x.Top(form, func(core.Node) error { return nil })
		}
	})
}
