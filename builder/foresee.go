package builder

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fruix/builder/sched"
	"fruix/store/drv"
)

// Foreseen is what [Builder.Build] would do.
type Foreseen struct {
	Build []string // derivations, those that others need first
	Fetch []Offer  // in the order of their paths
}

// Foresee finds out what Build would do, and does nothing.
func (b *Builder) Foresee(ctx context.Context, targets ...Target) (*Foreseen, error) {
	f, err := b.foresee(ctx, targets, nil)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	out := &Foreseen{}
	if out.Build, err = sched.Order(f.builds(false)); err != nil {
		return nil, err
	}
	for _, p := range slices.Sorted(maps.Keys(f.offers)) {
		out.Fetch = append(out.Fetch, f.offers[p])
	}
	return out, nil
}

// forecast is what a run has to do: objects to fetch and derivations to build. Both
// are jobs of one graph, so that builds begin while other things still come.
type forecast struct {
	targets map[string]map[string]string // of Result
	offers  map[string]Offer             // objects to fetch, by path
	fetches []sched.Job
	comes   map[need]string // outputs that are fetched, with their paths
	drvs    []string        // to build, in the order in which they were found
	parsed  map[string]*drv.Derivation
	wanted  map[string][]string // derivation to build -> names of the outputs that somebody needs
}

// need is an output that somebody wants.
type need struct{ drv, output string }

// foresee finds what must be fetched or built, level by level from the targets down, so
// that database and caches are asked once per level. An output that is offered is not
// followed further: it comes with all that it needs. lost are objects that could not
// be fetched.
func (b *Builder) foresee(ctx context.Context, targets []Target, lost map[string]bool) (*forecast, error) {
	f := &forecast{
		targets: map[string]map[string]string{}, offers: map[string]Offer{}, comes: map[need]string{},
		parsed: map[string]*drv.Derivation{}, wanted: map[string][]string{},
	}
	known := map[string]map[string]string{}
	level, err := b.askedFor(ctx, targets, f.targets, known)
	if err != nil {
		return nil, err
	}
	seen := map[need]bool{}
	for len(level) > 0 {
		missing, err := b.missingNeeds(ctx, level, seen, known)
		if err != nil {
			return nil, err
		}
		drvPaths := make([]string, len(missing))
		for i, m := range missing {
			drvPaths[i] = m.drv
		}
		if err := b.store.LoadDerivations(ctx, drvPaths); err != nil {
			return nil, err
		}
		if missing, err = b.unoffered(ctx, f, missing, lost); err != nil {
			return nil, err
		}
		level = level[:0]
		for _, m := range missing {
			f.wanted[m.drv] = append(f.wanted[m.drv], m.output)
			if f.parsed[m.drv] != nil {
				continue
			}
			d, err := b.store.ReadDerivation(ctx, m.drv)
			if err != nil {
				return nil, err
			}
			f.parsed[m.drv] = d
			f.drvs = append(f.drvs, m.drv)
			for _, in := range slices.Sorted(maps.Keys(d.InputDrvs)) {
				for _, out := range d.InputDrvs[in] {
					level = append(level, need{in, out})
				}
			}
		}
	}
	return f, nil
}

// askedFor lists the outputs of targets, and fills in their paths. known are the outputs
// of derivations, and is added to.
func (b *Builder) askedFor(ctx context.Context, targets []Target, paths, known map[string]map[string]string) ([]need, error) {
	drvPaths := make([]string, len(targets))
	for i, t := range targets {
		drvPaths[i] = t.Drv
	}
	if err := b.learnOutputs(ctx, drvPaths, known); err != nil {
		return nil, err
	}
	var level []need
	for _, t := range targets {
		outputs := known[t.Drv]
		names := t.Outputs
		if names == nil {
			names = slices.Sorted(maps.Keys(outputs))
		}
		if paths[t.Drv] == nil {
			paths[t.Drv] = map[string]string{}
		}
		for _, n := range names {
			o, ok := outputs[n]
			if !ok {
				return nil, &OutputError{t.Drv, n, slices.Sorted(maps.Keys(outputs))}
			}
			paths[t.Drv][n] = o
			level = append(level, need{t.Drv, n})
		}
	}
	return level, nil
}

// missingNeeds returns those needs, not seen before, whose outputs are not
// valid. known are the outputs of derivations, and is added to.
func (b *Builder) missingNeeds(ctx context.Context, level []need, seen map[need]bool, known map[string]map[string]string) ([]need, error) {
	var fresh []need
	var drvPaths, paths []string
	for _, n := range level {
		if !seen[n] {
			seen[n] = true
			fresh = append(fresh, n)
			drvPaths = append(drvPaths, n.drv)
		}
	}
	if err := b.learnOutputs(ctx, drvPaths, known); err != nil {
		return nil, err
	}
	for _, n := range fresh {
		p, ok := known[n.drv][n.output]
		if !ok {
			return nil, &OutputError{n.drv, n.output, slices.Sorted(maps.Keys(known[n.drv]))}
		}
		if p == "" {
			return nil, fmt.Errorf("%s: output %q has no path", n.drv, n.output)
		}
		paths = append(paths, p)
	}
	valid, err := b.store.ValidMany(ctx, paths)
	if err != nil {
		return nil, err
	}
	var missing []need
	for i, n := range fresh {
		if !valid[paths[i]] {
			missing = append(missing, n)
		}
	}
	return missing, nil
}

// learnOutputs adds the outputs of derivations to known: paths by names, by
// derivation. Those that the database knows need not be read.
func (b *Builder) learnOutputs(ctx context.Context, drvPaths []string, known map[string]map[string]string) error {
	var ask []string
	for _, p := range drvPaths {
		if known[p] == nil {
			ask = append(ask, p)
		}
	}
	registered, err := b.store.OutputsMany(ctx, ask)
	if err != nil {
		return err
	}
	maps.Copy(known, registered)
	for _, p := range ask {
		if known[p] != nil {
			continue
		}
		d, err := b.store.ReadDerivation(ctx, p)
		if err != nil {
			return err
		}
		known[p] = map[string]string{}
		for name, o := range d.Outputs {
			known[p][name] = o.Path
		}
	}
	return nil
}

// jobs is the graph of all that is to be done.
func (f *forecast) jobs() []sched.Job {
	return append(f.builds(true), f.fetches...)
}

// builds are the builds, with what they wait for: other builds and, if asked for,
// objects that are fetched.
func (f *forecast) builds(withFetches bool) []sched.Job {
	jobs := make([]sched.Job, len(f.drvs))
	for i, p := range f.drvs {
		jobs[i].ID = p
		for in, outs := range f.parsed[p].InputDrvs {
			if f.parsed[in] != nil {
				jobs[i].Deps = append(jobs[i].Deps, in)
			}
			for _, out := range outs {
				if p, ok := f.comes[need{in, out}]; ok && withFetches {
					jobs[i].Deps = append(jobs[i].Deps, fetchID(p))
				}
			}
		}
	}
	return jobs
}

// fetchMark tells jobs that fetch from jobs that build.
const fetchMark = "fetch "

func fetchID(p string) string { return fetchMark + p }

// fetched returns the object that a job fetches; ok is false for a build.
func fetched(id string) (p string, ok bool) { return strings.CutPrefix(id, fetchMark) }
