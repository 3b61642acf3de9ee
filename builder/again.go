package builder

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fruix/builder/plan"
	"fruix/builder/sched"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/tree"
)

// DifferError reports a build that gave something else than before.
type DifferError struct {
	Path string // output
	// Differences are the first ways in which the trees differ: first what was
	// built before, then what was built now. More says that there are others.
	Differences []tree.Difference
	More        bool
	Kept        string // where what was built now lies, a physical path; "" when it was not kept
	// First is where what was built before lies, when that is not at Path but was kept, too:
	// of several rounds none is registered.
	First string `json:",omitempty"`
	// Also are the other outputs of the same build that differ; these have none.
	Also []*DifferError `json:",omitempty"`
}

func (e *DifferError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s was built again and is not the same:", e.Path)
	for _, d := range e.Differences {
		b.WriteString("\n  " + strings.ReplaceAll(d.String(), "\n", "\n  "))
	}
	if e.More {
		b.WriteString("\n  and more")
	}
	if e.Kept != "" {
		b.WriteString("\nwhat was built now is " + e.Kept)
	}
	if e.First != "" {
		b.WriteString("\nwhat was built first is " + e.First)
	}
	for _, other := range e.Also {
		b.WriteString("\n" + other.Error())
	}
	return b.String()
}

// maxDifferences bounds what a DifferError tells.
const maxDifferences = 20

// Check builds derivations whose outputs are valid again and compares, as many at a
// time as builds go on, and all of them if the builder is to keep going. The error is a
// [*Failure]; a build that differs is in it, and wraps a [*DifferError]. The store stays
// as it is.
func (b *Builder) Check(ctx context.Context, drvs ...string) error {
	done, err := b.again(ctx, drvs, func(j *job) func(context.Context, []store.Built) error {
		return func(ctx context.Context, again []store.Built) error {
			registered, again, err := b.registered(ctx, again)
			if err != nil {
				return err
			}
			return j.compare(ctx, registered, again)
		}
	})
	switch {
	case err != nil:
		return interrupted(ctx, err)
	case len(done.Failed) > 0:
		return failure(done)
	}
	return nil
}

// registered are those of the outputs of a build that are valid, as they lie in the store,
// and as they were built again. Of several outputs some may never have been wanted.
func (b *Builder) registered(ctx context.Context, again []store.Built) (before, now []store.Built, err error) {
	paths := make([]string, len(again))
	for i, o := range again {
		paths[i] = o.Path
	}
	valid, err := b.store.ValidMany(ctx, paths)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range again {
		if valid[o.Path] {
			before = append(before, store.Built{Path: o.Path, Physical: b.store.Physical(o.Path)})
			now = append(now, o)
		}
	}
	if len(now) == 0 {
		return nil, nil, fmt.Errorf("there is nothing to compare with: %s is not in the store", strings.Join(paths, " and "))
	}
	return before, now, nil
}

// Repair builds the derivation that made the valid output p again and puts the
// new tree in the place of the old. The error is a [*store.NotReproducedError]
// when it is not what is registered.
func (b *Builder) Repair(ctx context.Context, drvPath, p string) error {
	done, err := b.again(ctx, []string{drvPath}, func(*job) func(context.Context, []store.Built) error {
		return func(ctx context.Context, again []store.Built) error {
			for _, o := range again {
				if o.Path == p {
					return b.store.Repair(ctx, p, o.Physical)
				}
			}
			return fmt.Errorf("%s is no output of %s", p, drvPath)
		}
	})
	if err == nil {
		err = done.Failed[drvPath]
	}
	return interrupted(ctx, err)
}

// again builds derivations once more and lets finish use the outcome of each. What they
// need is built first where it is missing. The error is about the derivations
// themselves, what they need, or that ctx was cancelled.
func (b *Builder) again(ctx context.Context, drvs []string, finish func(*job) func(context.Context, []store.Built) error) (*sched.Result, error) {
	all := make(map[string]*drv.Derivation, len(drvs))
	var jobs []sched.Job
	var inputs []Target
	for _, p := range drvs {
		if all[p] != nil {
			continue
		}
		d, err := b.store.ReadDerivation(ctx, p)
		if err != nil {
			return nil, err
		}
		all[p] = d
		jobs = append(jobs, sched.Job{ID: p})
		for in, outs := range d.InputDrvs {
			inputs = append(inputs, Target{Drv: in, Outputs: outs})
		}
	}
	if _, err := b.Build(ctx, inputs...); err != nil {
		return nil, err
	}
	b.o.Progress.Event(Planned{slices.Sorted(maps.Keys(all))})
	gate, err := b.newPlaces(ctx)
	if err != nil {
		return nil, err
	}
	defer gate.close()
	done, err := sched.Run(ctx, jobs, sched.Options{KeepGoing: b.o.KeepGoing, Gate: gate}, func(ctx context.Context, p string) error {
		at := gate.taken(p)
		defer at.leave()
		name, err := plan.Name(b.store.Dir(), p)
		if err != nil {
			return err
		}
		release, err := b.slot(ctx, at, p)
		if err != nil {
			return err
		}
		defer release()
		end := b.begin(gate, at, p, name)
		j := &job{Builder: b, at: at, drvPath: p, name: name, d: all[p], fresh: true}
		j.finish = finish(j)
		return end(j.run(ctx), false)
	})
	if err == nil && len(done.Failed) == 0 {
		err = ctx.Err()
	}
	return done, err
}

// compare fails with a DifferError unless the trees are the same as an archive
// shows them.
func (j *job) compare(ctx context.Context, before, now []store.Built) error {
	j.phase("comparing")
	var first *DifferError
	for i := range now {
		e := &DifferError{Path: now[i].Path}
		err := tree.Diff(before[i].Physical, now[i].Physical, func(d tree.Difference) bool {
			e.More = len(e.Differences) == maxDifferences
			if !e.More {
				e.Differences = append(e.Differences, d)
			}
			return !e.More && ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if len(e.Differences) == 0 {
			continue
		}
		if first == nil {
			first = e
		} else {
			first.Also = append(first.Also, e)
		}
		if j.o.KeepFailed != "" {
			// As Guix does, so that people can compare as they like.
			e.Kept, err = j.store.LayBeside(ctx, now[i].Path, now[i].Physical, "-check")
			if err == nil && !j.fresh {
				e.First, err = j.store.LayBeside(ctx, now[i].Path, before[i].Physical, "-first")
			}
			if err != nil {
				return errors.Join(first, err)
			}
		}
	}
	if first == nil {
		return nil
	}
	return first
}
