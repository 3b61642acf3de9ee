package expand_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/print"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"

	"github.com/rogpeppe/go-internal/txtar"
)

// newExpander makes an expander without a machine: only syntax-rules macros
// can be defined.
func newExpander(t testing.TB) *expand.Expander {
	t.Helper()
	r := module.NewRegistry()
	return expand.New(r, noMachine{})
}

// noMachine refuses to run anything.
type noMachine struct{}

var errNoMachine = errors.New("there is no machine in this test")

func (noMachine) Eval(core.Node) (v, maker datum.Value, err error) {
	return datum.Unset, datum.False, errNoMachine
}
func (noMachine) Compile(core.Node) (datum.Value, error) { return datum.Unset, errNoMachine }
func (noMachine) Apply(datum.Value, ...datum.Value) (datum.Value, error) {
	return datum.Unset, errNoMachine
}
func (noMachine) Context() context.Context { return context.Background() }
func (noMachine) Read(_, _ *source.File, _ bool) ([]datum.Value, error) {
	return nil, errNoMachine
}
func (noMachine) ReadFile(string) ([]byte, error) { return nil, errNoMachine }

// expandText expands all forms of a text and shows them, one per line.
func expandText(x *expand.Expander, text string) (string, error) {
	forms, err := read.All(&source.File{Name: "t.scm", Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
	if err != nil {
		return "", err
	}
	var out []string
	for _, f := range forms {
		err := x.Top(f, func(n core.Node) error {
			out = append(out, show(expand.Unexpand(n)))
			return nil
		})
		if err != nil {
			return strings.Join(out, "\n"), err
		}
	}
	return strings.Join(out, "\n"), nil
}

func show(v datum.Value) string { return print.ToWrite(v) }

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// TestCore compares expanded programs with testdata/core.txtar, where NAME is a
// program and NAME.core its expansion, or the error.
func TestCore(t *testing.T) {
	const path = "testdata/core.txtar"
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range a.Files {
		want[f.Name] = string(f.Data)
	}
	out := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if strings.HasSuffix(f.Name, ".core") {
			continue
		}
		got, err := expandText(newExpander(t), string(f.Data))
		if got != "" {
			got += "\n"
		}
		if err != nil {
			got += "error: " + err.Error() + "\n"
		}
		if got != want[f.Name+".core"] && !*update {
			t.Errorf("%s:\n%s--- got:\n%s--- want:\n%s", f.Name, f.Data, got, want[f.Name+".core"])
		}
		out.Files = append(out.Files, f, txtar.File{Name: f.Name + ".core", Data: []byte(got)})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
