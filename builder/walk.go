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
	for _, t := range targets {
		d, err := b.store.ReadDerivation(ctx, t.Drv)
		if err != nil {
			return nil, err
		}
		names := t.Outputs
		if names == nil {
			names = d.OutputNames()
		}
		if g.targets[t.Drv] == nil {
			g.targets[t.Drv] = map[string]string{}
		}
		for _, n := range names {
			o, ok := d.Outputs[n]
			if !ok {
				return nil, &OutputError{t.Drv, n, d.OutputNames()}
			}
			g.targets[t.Drv][n] = o.Path
			level = append(level, need{t.Drv, n})
		}
	}
	seen := map[need]bool{}
	drvs := map[string]*drv.Derivation{}
	for len(level) > 0 {
		missing, err := b.missingNeeds(ctx, level, seen)
		if err != nil {
			return nil, err
		}
		level = level[:0]
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
// valid.
func (b *Builder) missingNeeds(ctx context.Context, level []need, seen map[need]bool) ([]need, error) {
	var fresh []need
	var paths []string
	for _, n := range level {
		if seen[n] {
			continue
		}
		seen[n] = true
		d, err := b.store.ReadDerivation(ctx, n.drv)
		if err != nil {
			return nil, err
		}
		o, ok := d.Outputs[n.output]
		if !ok {
			return nil, &OutputError{n.drv, n.output, d.OutputNames()}
		}
		if o.Path == "" {
			return nil, fmt.Errorf("%s: output %q has no path", n.drv, n.output)
		}
		fresh = append(fresh, n)
		paths = append(paths, o.Path)
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
