package builder

import (
	"context"
	"errors"
	"io"
	"maps"
	"path"
	"slices"

	"fruix/builder/sched"
	"fruix/store"
)

// Offer is an object that can be had without building it.
type Offer struct {
	store.Info
	// From names the place, for people.
	From string
	// Open opens the archive; progress is told how many bytes have come, of how
	// many (-1 when unknown).
	Open func(ctx context.Context, progress func(done, total int64)) (io.ReadCloser, error)
}

// Substituter finds objects elsewhere.
type Substituter interface {
	// Find returns offers of paths and of what these need, by path; those that
	// valid says are valid are left out. What it cannot find is left out, too.
	Find(ctx context.Context, paths []string, valid func(paths []string) (map[string]bool, error)) (map[string]Offer, error)
}

// substitute makes valid what the targets need and can be had elsewhere: level
// by level, first the outputs that are wanted, and only below an output that
// cannot be had what its derivation needs. What fails is built.
func (b *Builder) substitute(ctx context.Context, targets []Target) error {
	if b.o.Substitutes == nil {
		return nil
	}
	var level []need
	for _, t := range targets {
		d, err := b.store.ReadDerivation(ctx, t.Drv)
		if err != nil {
			return err
		}
		names := t.Outputs
		if names == nil {
			names = d.OutputNames()
		}
		for _, n := range names {
			level = append(level, need{t.Drv, n})
		}
	}
	seen := map[need]bool{}
	known := map[string]map[string]string{}
	for len(level) > 0 {
		missing, err := b.missingNeeds(ctx, level, seen, known)
		if err != nil {
			return err
		}
		paths := make([]string, len(missing))
		var wanted []string
		for i, m := range missing {
			d, err := b.store.ReadDerivation(ctx, m.drv)
			if err != nil {
				return err
			}
			paths[i] = d.Outputs[m.output].Path
			// It says of itself that it is not worth fetching, or shall not be.
			if d.Env["allowSubstitutes"] != "0" {
				wanted = append(wanted, paths[i])
			}
		}
		if err := b.fetchAll(ctx, wanted); err != nil {
			return err
		}
		valid, err := b.store.ValidMany(ctx, paths)
		if err != nil {
			return err
		}
		level = nil
		for i, m := range missing {
			if valid[paths[i]] {
				continue
			}
			d, err := b.store.ReadDerivation(ctx, m.drv)
			if err != nil {
				return err
			}
			for _, in := range slices.Sorted(maps.Keys(d.InputDrvs)) {
				for _, out := range d.InputDrvs[in] {
					level = append(level, need{in, out})
				}
			}
		}
	}
	return nil
}

// fetchAll makes those of paths valid that are offered together with all that
// they need.
func (b *Builder) fetchAll(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	offers, err := b.o.Substitutes.Find(ctx, paths, func(p []string) (map[string]bool, error) { return b.store.ValidMany(ctx, p) })
	if err != nil || len(offers) == 0 {
		return err
	}
	jobs, err := b.fetchJobs(ctx, paths, offers)
	if err != nil || len(jobs) == 0 {
		return err
	}
	total := int64(0)
	for _, j := range jobs {
		total += offers[j.ID].NarSize
	}
	b.o.Progress.Event(Offered{len(jobs), total})
	_, err = sched.Run(ctx, jobs, sched.Options{Workers: parallelFetches, KeepGoing: true},
		func(ctx context.Context, p string) error { return b.fetchOne(ctx, offers[p]) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// parallelFetches is how many archives are fetched at a time.
const parallelFetches = 4

// fetchJobs are the objects to fetch: those of which everything that they need is
// valid or offered.
func (b *Builder) fetchJobs(ctx context.Context, paths []string, offers map[string]Offer) ([]sched.Job, error) {
	refs := map[string]bool{}
	for _, o := range offers {
		for _, r := range o.References {
			if _, offered := offers[r]; !offered {
				refs[r] = true
			}
		}
	}
	valid, err := b.store.ValidMany(ctx, slices.Collect(maps.Keys(refs)))
	if err != nil {
		return nil, err
	}
	const open, yes, no = 1, 2, 3
	state := map[string]int{}
	var jobs []sched.Job
	var visit func(p string) bool
	visit = func(p string) bool {
		o, offered := offers[p]
		switch {
		case valid[p]:
			return true
		case !offered || state[p] == no:
			return false
		case state[p] != 0:
			return true // done, or itself; a longer circle is found when jobs run
		}
		state[p] = open
		job := sched.Job{ID: p}
		for _, r := range o.References {
			if r == p {
				continue
			}
			if !visit(r) {
				state[p] = no
				return false
			}
			if _, fetched := offers[r]; fetched {
				job.Deps = append(job.Deps, r)
			}
		}
		state[p] = yes
		jobs = append(jobs, job)
		return true
	}
	for _, p := range paths {
		visit(p)
	}
	return jobs, nil
}

// fetchOne fetches one object.
func (b *Builder) fetchOne(ctx context.Context, o Offer) (err error) {
	start := b.o.Now()
	defer func() {
		b.o.Progress.Event(Fetched{Path: o.Path, From: o.From, Err: err, Duration: b.o.Now().Sub(start)})
	}()
	r, err := o.Open(ctx, func(done, total int64) {
		b.o.Progress.Event(Fetching{o.Path, path.Base(o.Path), o.From, done, total})
	})
	if err != nil {
		return err
	}
	err = b.store.AddForeign(ctx, o.Info, r)
	return errors.Join(err, r.Close())
}
