package interp

import (
	"context"
	"os"
	"path/filepath"

	"fruix/interp/compile"
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/read"
	"fruix/interp/source"
)

// runtime is what the expander sees of the engine.
type runtime struct{ e *Engine }

func (r runtime) Eval(n core.Node) (datum.Value, error) { return r.e.evalNode(n) }

func (r runtime) Compile(n core.Node) (datum.Value, error) {
	c, err := compile.Compile(n)
	if err != nil {
		return datum.Unset, err
	}
	return c.Value(), nil
}

func (r runtime) Apply(proc datum.Value, args ...datum.Value) (datum.Value, error) {
	return r.e.machine.Run(r.e.ctx, proc, args...)
}

func (r runtime) Context() context.Context { return r.e.ctx }

func (r runtime) Read(f *source.File, foldCase bool) ([]datum.Value, error) {
	o := r.e.ReadOptions()
	if foldCase {
		o.Directives = append(o.Directives, read.FoldCaseOn)
	}
	return read.All(f, o)
}

func (r runtime) ReadFile(name string) ([]byte, error) {
	if r.e.opts.Dir != "" && !filepath.IsAbs(name) {
		name = filepath.Join(r.e.opts.Dir, name)
	}
	return os.ReadFile(name)
}
