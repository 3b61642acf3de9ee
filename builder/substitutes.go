package builder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"path"

	"fruix/builder/sched"
	"fruix/store"
	"fruix/store/nar"
	"fruix/store/tree"
)

// Offer is an object that can be had without building it.
type Offer struct {
	store.Info
	// From names the place, for people.
	From string
	// Download is how many bytes come, 0 when that is not known.
	Download int64
	// Open opens the archive; progress is told how many bytes have come, of how
	// many (-1 when unknown).
	Open func(ctx context.Context, progress func(done, total int64)) (io.ReadCloser, error)
	// Reject, unless it is nil, is told when the object could not be had from there.
	// It says whether to ask for the object again: others may have it.
	Reject func() bool
}

// Substituter finds objects elsewhere.
type Substituter interface {
	// Find returns offers of paths and of what these need, by path; those that
	// valid says are valid are left out. What it cannot find is left out, too.
	Find(ctx context.Context, paths []string, valid func(paths []string) (map[string]bool, error)) (map[string]Offer, error)
}

// unoffered returns those needs that nobody offers, and adds the others to f, with all
// that they need. lost are objects that could not be fetched.
func (b *Builder) unoffered(ctx context.Context, f *forecast, missing []need, lost map[string]bool) ([]need, error) {
	if b.o.Substitutes == nil || len(missing) == 0 {
		return missing, nil
	}
	paths := make([]string, len(missing))
	var ask []string
	for i, m := range missing {
		d, err := b.store.ReadDerivation(ctx, m.drv)
		if err != nil {
			return nil, err
		}
		paths[i] = d.Outputs[m.output].Path
		_, offered := f.offers[paths[i]]
		// It may say of itself that it is not worth fetching, or shall not be.
		if !offered && !lost[paths[i]] && d.Env["allowSubstitutes"] != "0" {
			ask = append(ask, paths[i])
		}
	}
	if err := b.addOffers(ctx, f, ask, lost); err != nil {
		return nil, err
	}
	var rest []need
	for i, m := range missing {
		if _, offered := f.offers[paths[i]]; offered {
			f.comes[m] = paths[i]
		} else {
			rest = append(rest, m)
		}
	}
	return rest, nil
}

// addOffers asks for paths, and adds to f what is offered together with all that it
// needs.
func (b *Builder) addOffers(ctx context.Context, f *forecast, paths []string, lost map[string]bool) error {
	if len(paths) == 0 {
		return nil
	}
	// What is going to be fetched counts as if it were there.
	there := func(paths []string) (map[string]bool, error) {
		valid, err := b.store.ValidMany(ctx, paths)
		for _, p := range paths {
			if _, comes := f.offers[p]; comes && err == nil {
				valid[p] = true
			}
		}
		return valid, err
	}
	found, err := b.o.Substitutes.Find(ctx, paths, there)
	if err != nil || len(found) == 0 {
		return err
	}
	maps.DeleteFunc(found, func(p string, _ Offer) bool { return lost[p] })
	var outside []string // what offers need that is not offered
	for _, o := range found {
		for _, r := range o.References {
			if _, offered := found[r]; !offered {
				outside = append(outside, r)
			}
		}
	}
	valid, err := there(outside)
	if err != nil {
		return err
	}
	const open, yes, no = 1, 2, 3
	state := map[string]int{}
	var visit func(p string) bool
	visit = func(p string) bool {
		o, offered := found[p]
		switch {
		case valid[p]:
			return true
		case state[p] == yes:
			return true
		case !offered || state[p] == no || state[p] == open: // a circle can never be valid
			return false
		}
		state[p] = open
		job := sched.Job{ID: fetchID(p)}
		for _, r := range o.References {
			if r == p {
				continue
			}
			if !visit(r) {
				state[p] = no
				return false
			}
			_, before := f.offers[r]
			if _, now := found[r]; now || before {
				job.Deps = append(job.Deps, fetchID(r))
			}
		}
		state[p] = yes
		f.fetches = append(f.fetches, job)
		f.offers[p] = o
		return true
	}
	for _, p := range paths {
		visit(p)
	}
	return nil
}

// Refetch fetches the valid object p, which is damaged, from who offers it with the
// hash that it is registered with, and puts it in the place of what lies there. It
// says whether it did; that nobody offers it is no error.
func (b *Builder) Refetch(ctx context.Context, p string) (bool, error) {
	if b.o.Substitutes == nil {
		return false, nil
	}
	info, err := b.store.Info(ctx, p)
	if err != nil {
		return false, err
	}
	// What it needs is not asked for.
	others := func(paths []string) (map[string]bool, error) {
		valid := make(map[string]bool, len(paths))
		for _, q := range paths {
			valid[q] = q != p
		}
		return valid, nil
	}
	for {
		offers, err := b.o.Substitutes.Find(ctx, []string{p}, others)
		if err != nil {
			return false, err
		}
		o, offered := offers[p]
		if !offered || !bytes.Equal(o.NarHash, info.NarHash) {
			return false, nil
		}
		if err = b.refetch(ctx, o); err == nil {
			return true, nil
		}
		if ctx.Err() != nil || o.Reject == nil || !o.Reject() {
			return false, err
		}
	}
}

// refetch fetches an object and puts it in the place of the damaged one.
func (b *Builder) refetch(ctx context.Context, o Offer) error {
	place, err := b.store.TempOutput(o.Path)
	if err != nil {
		return err
	}
	defer b.store.Discard(place)
	return b.fetch(ctx, o, func(r io.Reader) error {
		// One byte more than announced is enough to see that there is too much.
		_, err := tree.Restore(ctx, nar.NewReader(io.LimitReader(r, o.NarSize+1)), place, nil)
		if err != nil {
			return err
		}
		return b.store.Repair(ctx, o.Path, place)
	})
}

// fetchOne fetches one object.
func (b *Builder) fetchOne(ctx context.Context, o Offer) error {
	return b.fetch(ctx, o, func(r io.Reader) error { return b.store.AddForeign(ctx, o.Info, r) })
}

// fetch opens an archive that is offered and lets take read it.
func (b *Builder) fetch(ctx context.Context, o Offer, take func(io.Reader) error) (err error) {
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
	return errors.Join(take(r), r.Close())
}
