package builder

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"fruix/builder/sched"
	"fruix/store/drv"
)

// graph is what a run has to do.
type graph struct {
	jobs    []sched.Job
	wanted  map[string][]string          // job -> names of the outputs that somebody needs
	targets map[string]map[string]string // of Result
}

func (g *graph) order() []string {
	ids := make([]string, len(g.jobs))
	for i, j := range g.jobs {
		ids[i] = j.ID
	}
	return ids
}

// need is an output that somebody wants.
type need struct{ drv, output string }

// walk finds the derivations whose outputs are missing, level by level from
// the targets down, so that the database is asked once per level.
func (b *Builder) walk(ctx context.Context, targets []Target) (*graph, error) {
	g := &graph{wanted: map[string][]string{}, targets: map[string]map[string]string{}}
	var level []need
	drvPaths := make([]string, len(targets))
	for i, t := range targets {
		drvPaths[i] = t.Drv
	}
	known := map[string]map[string]string{}
	if err := b.learnOutputs(ctx, drvPaths, known); err != nil {
		return nil, err
	}
	for _, t := range targets {
		outputs := known[t.Drv]
		names := t.Outputs
		if names == nil {
			names = slices.Sorted(maps.Keys(outputs))
		}
		if g.targets[t.Drv] == nil {
			g.targets[t.Drv] = map[string]string{}
		}
		for _, n := range names {
			o, ok := outputs[n]
			if !ok {
				return nil, &OutputError{t.Drv, n, slices.Sorted(maps.Keys(outputs))}
			}
			g.targets[t.Drv][n] = o
			level = append(level, need{t.Drv, n})
		}
	}
	seen := map[need]bool{}
	drvs := map[string]*drv.Derivation{}
	for len(level) > 0 {
		missing, err := b.missingNeeds(ctx, level, seen, known)
		if err != nil {
			return nil, err
		}
		level = level[:0]
		drvPaths = drvPaths[:0]
		for _, m := range missing {
			drvPaths = append(drvPaths, m.drv)
		}
		if err := b.store.LoadDerivations(ctx, drvPaths); err != nil {
			return nil, err
		}
		for _, m := range missing {
			g.wanted[m.drv] = append(g.wanted[m.drv], m.output)
			if drvs[m.drv] != nil {
				continue
			}
			d, err := b.store.ReadDerivation(ctx, m.drv)
			if err != nil {
				return nil, err
			}
			drvs[m.drv] = d
			g.jobs = append(g.jobs, sched.Job{ID: m.drv})
			for _, in := range slices.Sorted(maps.Keys(d.InputDrvs)) {
				for _, out := range d.InputDrvs[in] {
					level = append(level, need{in, out})
				}
			}
		}
	}
	for i, j := range g.jobs {
		for in := range drvs[j.ID].InputDrvs {
			if drvs[in] != nil {
				g.jobs[i].Deps = append(g.jobs[i].Deps, in)
			}
		}
	}
	return g, nil
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
