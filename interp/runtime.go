package interp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fruix/interp/compile"
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/read"
	"fruix/interp/source"
)

// runtime is what the expander sees of the engine.
type runtime struct{ e *Engine }

func (r runtime) Eval(n core.Node) (v, maker datum.Value, err error) {
	c, err := compile.Compile(n)
	if err != nil {
		return datum.Unset, datum.False, err
	}
	v, err = r.e.runForm(c)
	return v, c.Value(), err
}

func (r runtime) Compile(n core.Node) (datum.Value, error) {
	r.e.cache.refuse("a macro evaluates programs")
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

func (r runtime) Read(f, from *source.File, foldCase bool) ([]datum.Value, error) {
	o := r.e.ReadOptions()
	if read.Report(from) {
		o.Directives = append(o.Directives, read.HungryEOLOn)
	}
	if foldCase {
		o.Directives = append(o.Directives, read.FoldCaseOn)
	}
	return read.All(f, o)
}

func (r runtime) ReadFile(name string) ([]byte, error) {
	text, err := r.readFile(name)
	if c := r.e.cache; c != nil {
		if err != nil {
			c.included(name, nil)
		} else {
			c.included(name, &source.File{Name: name, Text: text})
		}
	}
	return text, err
}

func (r runtime) readFile(name string) ([]byte, error) {
	if r.e.opts.Dir != "" && !filepath.IsAbs(name) {
		name = filepath.Join(r.e.opts.Dir, name)
	}
	if r.e.opts.NoFiles {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("access to files is switched off")}
	}
	text, err := os.ReadFile(name)
	return port.SourceText(text), err
}
