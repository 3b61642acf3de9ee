package builder

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"fruix/builder/sched"
)

// Build makes the outputs of targets valid, and everything that it takes: what is
// offered elsewhere is fetched, and meanwhile what can be built is. The error is a
// [*Failure] when builds failed, wraps [ErrInterrupted] when ctx was cancelled, and is
// otherwise about the derivations themselves or the store.
func (b *Builder) Build(ctx context.Context, targets ...Target) (*Result, error) {
	r := &running{b: b, lost: map[string]bool{}, failed: map[string]error{}, told: map[string]bool{}}
	for {
		f, err := b.foresee(ctx, targets, r.lost)
		if err != nil {
			return nil, interrupted(ctx, err)
		}
		r.res.Outputs = f.targets
		if len(f.drvs)+len(f.fetches) == 0 {
			return &r.res, nil
		}
		done, again, err := r.once(ctx, f)
		switch {
		case err != nil:
			return nil, interrupted(ctx, err)
		case ctx.Err() != nil && len(done.Failed) == 0:
			return &r.res, interrupted(ctx, ctx.Err())
		case again:
			// Something could not be fetched: what it was for must be found anew.
		case len(done.Failed) > 0:
			return &r.res, failure(done)
		default:
			return &r.res, nil
		}
	}
}

// running is one call of Build.
type running struct {
	b      *Builder
	res    Result
	told   map[string]bool  // derivations and objects that were announced
	mu     sync.Mutex       // guards what follows
	lost   map[string]bool  // objects that could not be fetched
	vain   int              // fetches that failed
	failed map[string]error // builds that failed before
}

// once does what is foreseen, and says whether there may be another way for what could
// not be done.
func (r *running) once(ctx context.Context, f *forecast) (done *sched.Result, again bool, err error) {
	r.announce(f)
	places, err := r.b.newPlaces(ctx)
	if err != nil {
		return nil, false, err
	}
	defer places.close()
	gate := &gate{places: places}
	before := r.vain
	done, err = sched.Run(ctx, f.jobs(), sched.Options{KeepGoing: r.b.o.KeepGoing, Gate: gate}, func(ctx context.Context, id string) error {
		if p, ok := fetched(id); ok {
			defer gate.leave()
			return r.fetch(ctx, f.offers[p])
		}
		return r.build(ctx, places, id, f.wanted[id])
	})
	if err != nil {
		return nil, false, err
	}
	for _, id := range done.Done {
		if _, ok := fetched(id); !ok {
			r.res.Built = append(r.res.Built, id)
		}
	}
	r.forgetFetches(done)
	return done, r.vain > before && ctx.Err() == nil && (len(done.Failed) == 0 || r.b.o.KeepGoing), nil
}

// announce tells what is going to be done that has not been told before.
func (r *running) announce(f *forecast) {
	fresh := func(id string) bool {
		old := r.told[id]
		r.told[id] = true
		return !old
	}
	offered := Offered{}
	for p, o := range f.offers {
		if fresh(fetchID(p)) {
			offered.Objects++
			offered.Bytes += o.NarSize
		}
	}
	if offered.Objects > 0 {
		r.b.o.Progress.Event(offered)
	}
	var drvs []string
	for _, p := range f.drvs {
		if fresh(p) {
			drvs = append(drvs, p)
		}
	}
	if len(drvs) > 0 {
		r.b.o.Progress.Event(Planned{drvs})
	}
}

// fetch fetches an object. That it could not be fetched ends nothing but what waits for
// it: there is another way.
func (r *running) fetch(ctx context.Context, o Offer) error {
	err := r.b.fetchOne(ctx, o)
	if err == nil || ctx.Err() != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vain++
	if o.Reject == nil || !o.Reject() {
		r.lost[o.Path] = true
	}
	return fmt.Errorf("%w: %w", sched.ErrLost, err)
}

// build builds a derivation, unless that has failed already.
func (r *running) build(ctx context.Context, places *places, drvPath string, wanted []string) error {
	r.mu.Lock()
	err := r.failed[drvPath]
	r.mu.Unlock()
	if err != nil {
		places.taken(drvPath).leave()
		return err
	}
	err = r.b.build(ctx, places, drvPath, wanted)
	if err != nil && ctx.Err() == nil && !errors.Is(err, sched.ErrAgain) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failed[drvPath] = err
	}
	return err
}

// forgetFetches leaves in a result what is about builds: what waited in vain for a
// fetch was not done.
func (r *running) forgetFetches(done *sched.Result) {
	isFetch := func(id string) bool { _, ok := fetched(id); return ok }
	maps.DeleteFunc(done.Failed, func(id string, _ error) bool { return isFetch(id) })
	for id, by := range done.Blocked {
		if isFetch(by) || isFetch(id) {
			delete(done.Blocked, id)
			done.Left = append(done.Left, id)
		}
	}
	done.Left = slices.DeleteFunc(done.Left, isFetch)
}

// parallelFetches is how many archives are fetched at a time.
const parallelFetches = 4

// gate lets builds in where there is a place, and so many fetches at a time beside them.
type gate struct {
	*places
	mu       sync.Mutex
	fetching int
}

// Kind implements sched.Gate.
func (g *gate) Kind(id string) string {
	if _, ok := fetched(id); ok {
		return fetchMark
	}
	return g.places.Kind(id)
}

// Enter implements sched.Gate.
func (g *gate) Enter(id string) bool {
	if _, ok := fetched(id); !ok {
		return g.places.Enter(id)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fetching >= parallelFetches {
		return false
	}
	g.fetching++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fetching--
}
