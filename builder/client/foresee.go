package client

import (
	"context"
	"maps"
	"slices"

	"fruix/builder"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// Foresee implements access.Builds. It goes down from the targets level by level, as
// the daemon's builder does, with a question or two for each.
func (c *Client) Foresee(ctx context.Context, targets ...builder.Target) (*builder.Foreseen, error) {
	f := &foresight{c: c, drvs: map[string]*drv.Derivation{}, seen: map[need]bool{}, offers: map[string]*wire.Substitutable{}}
	var level []need
	for _, t := range targets {
		d, err := c.ReadDerivation(ctx, t.Drv)
		if err != nil {
			return nil, err
		}
		names := t.Outputs
		if names == nil {
			names = d.OutputNames()
		}
		for _, n := range names {
			level = append(level, need{t.Drv, n})
		}
	}
	for len(level) > 0 {
		var err error
		if level, err = f.below(ctx, level); err != nil {
			return nil, err
		}
	}
	out := &builder.Foreseen{}
	done := map[string]bool{}
	for _, p := range f.order {
		out.Build = f.append(out.Build, p, done)
	}
	for _, p := range slices.Sorted(maps.Keys(f.fetch)) {
		o := f.offers[p]
		out.Fetch = append(out.Fetch, builder.Offer{
			Info: store.Info{Path: p, Deriver: o.Deriver, References: o.References, NarSize: int64(o.NarSize)},
			From: c.o.Address, Download: int64(o.DownloadSize),
		})
	}
	return out, nil
}

// need is an output that somebody wants.
type need struct{ drv, output string }

// foresight is what is known of what is to be done.
type foresight struct {
	c      *Client
	seen   map[need]bool
	drvs   map[string]*drv.Derivation     // to build
	order  []string                       // those, as they were found
	offers map[string]*wire.Substitutable // nil: nobody offers it
	fetch  map[string]bool
}

// below looks at a level of needs and returns the next one.
func (f *foresight) below(ctx context.Context, level []need) ([]need, error) {
	outputs := map[need]string{}
	var paths []string
	for _, n := range level {
		if f.seen[n] {
			continue
		}
		f.seen[n] = true
		d, err := f.c.ReadDerivation(ctx, n.drv)
		if err != nil {
			return nil, err
		}
		o, ok := d.Outputs[n.output]
		if !ok {
			return nil, &builder.OutputError{Drv: n.drv, Output: n.output, Known: d.OutputNames()}
		}
		outputs[n] = o.Path
		paths = append(paths, o.Path)
	}
	valid, err := f.c.ValidMany(ctx, paths)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(paths, func(p string) bool { return valid[p] })
	fetched, err := f.fetchable(ctx, missing)
	if err != nil {
		return nil, err
	}
	var next []need
	for _, n := range level {
		p, ok := outputs[n]
		if !ok || valid[p] || fetched[p] || f.drvs[n.drv] != nil {
			continue
		}
		d, err := f.c.ReadDerivation(ctx, n.drv)
		if err != nil {
			return nil, err
		}
		f.drvs[n.drv] = d
		f.order = append(f.order, n.drv)
		for _, in := range slices.Sorted(maps.Keys(d.InputDrvs)) {
			for _, out := range d.InputDrvs[in] {
				next = append(next, need{in, out})
			}
		}
	}
	return next, nil
}

// append appends a derivation to build, after those that it needs.
func (f *foresight) append(list []string, p string, done map[string]bool) []string {
	d := f.drvs[p]
	if d == nil || done[p] {
		return list
	}
	done[p] = true
	for _, in := range slices.Sorted(maps.Keys(d.InputDrvs)) {
		list = f.append(list, in, done)
	}
	return append(list, p)
}

// fetchable says which of paths can be fetched with all that they need, and notes
// what comes.
func (f *foresight) fetchable(ctx context.Context, paths []string) (map[string]bool, error) {
	all, err := f.ask(ctx, paths)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, p := range paths {
		come, ok := f.needs(p, all)
		if !ok {
			continue
		}
		out[p] = true
		if f.fetch == nil {
			f.fetch = map[string]bool{}
		}
		maps.Copy(f.fetch, come)
	}
	return out, nil
}

// ask asks for offers of paths and of what these need, and returns what of it is
// valid.
func (f *foresight) ask(ctx context.Context, paths []string) (valid map[string]bool, err error) {
	valid = map[string]bool{}
	for len(paths) > 0 && f.c.o.Build.UseSubstitutes {
		list, err := ask(ctx, f.c, calls.QuerySubstitutableInfos(), paths)
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			f.offers[p] = nil
		}
		var next []string
		for _, s := range list {
			f.offers[s.Path] = &s
			next = append(next, s.References...)
		}
		slices.Sort(next)
		known, err := f.c.ValidMany(ctx, slices.Compact(next))
		if err != nil {
			return nil, err
		}
		paths = nil
		for p, is := range known {
			if _, asked := f.offers[p]; is {
				valid[p] = true
			} else if !asked {
				paths = append(paths, p)
			}
		}
	}
	return valid, nil
}

// needs are what would be fetched for p; ok is false when something of it is
// offered by nobody.
func (f *foresight) needs(p string, valid map[string]bool) (come map[string]bool, ok bool) {
	come = map[string]bool{}
	queue := []string{p}
	for len(queue) > 0 {
		q := queue[0]
		queue = queue[1:]
		if come[q] || valid[q] {
			continue
		}
		o := f.offers[q]
		if o == nil {
			return nil, false
		}
		come[q] = true
		queue = append(queue, o.References...)
	}
	return come, true
}
