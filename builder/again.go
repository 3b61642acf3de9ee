package builder

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fruix/builder/plan"
	"fruix/builder/sched"
	"fruix/store"
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
	return b.String()
}

// maxDifferences bounds what a DifferError tells.
const maxDifferences = 20

// Check builds derivations whose outputs are valid again and compares. A build
// that differs is a [*BuildError] that wraps a [*DifferError]. The store stays
// as it is.
func (b *Builder) Check(ctx context.Context, drvs ...string) error {
	for _, p := range drvs {
		err := b.again(ctx, p, func(j *job) func(context.Context, []store.Built) error {
			return func(ctx context.Context, again []store.Built) error {
				registered := make([]store.Built, len(again))
				for i, o := range again {
					registered[i] = store.Built{Path: o.Path, Physical: b.store.Physical(o.Path)}
				}
				return j.compare(ctx, registered, again)
			}
		})
		if err != nil {
			return interrupted(ctx, err)
		}
	}
	return nil
}

// Repair builds the derivation that made the valid output p again and puts the
// new tree in the place of the old. The error is a [*store.NotReproducedError]
// when it is not what is registered.
func (b *Builder) Repair(ctx context.Context, drvPath, p string) error {
	err := b.again(ctx, drvPath, func(*job) func(context.Context, []store.Built) error {
		return func(ctx context.Context, again []store.Built) error {
			for _, o := range again {
				if o.Path == p {
					return b.store.Repair(ctx, p, o.Physical)
				}
			}
			return fmt.Errorf("%s is no output of %s", p, drvPath)
		}
	})
	return interrupted(ctx, err)
}

// again builds a derivation once more and lets finish use the outcome. What it
// needs is built first where it is missing.
func (b *Builder) again(ctx context.Context, drvPath string, finish func(*job) func(context.Context, []store.Built) error) error {
	name, err := plan.Name(b.store.Dir(), drvPath)
	if err != nil {
		return err
	}
	d, err := b.store.ReadDerivation(ctx, drvPath)
	if err != nil {
		return err
	}
	var inputs []Target
	for in, outs := range d.InputDrvs {
		inputs = append(inputs, Target{Drv: in, Outputs: outs})
	}
	if _, err := b.Build(ctx, inputs...); err != nil {
		return err
	}
	b.o.Progress.Event(Planned{[]string{drvPath}})
	gate, err := b.newPlaces(ctx)
	if err != nil {
		return err
	}
	defer gate.close()
	res, err := sched.Run(ctx, []sched.Job{{ID: drvPath}}, sched.Options{Gate: gate}, func(ctx context.Context, _ string) error {
		at := gate.taken(drvPath)
		defer at.leave()
		release, err := b.slot(ctx, at, drvPath)
		if err != nil {
			return err
		}
		defer release()
		end := b.begin(gate, at, drvPath, name)
		j := &job{Builder: b, at: at, drvPath: drvPath, name: name, d: d, fresh: true}
		j.finish = finish(j)
		return end(j.run(ctx), false)
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return res.Failed[drvPath]
}

// compare fails with a DifferError unless the trees are the same as an archive
// shows them.
func (j *job) compare(ctx context.Context, before, now []store.Built) error {
	j.phase("comparing")
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
		if j.o.KeepFailed != "" {
			// As Guix does, so that people can compare as they like.
			if e.Kept, err = j.store.LayBeside(ctx, now[i].Path, now[i].Physical, "-check"); err != nil {
				return errors.Join(e, err)
			}
		}
		return e
	}
	return nil
}
