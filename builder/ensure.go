package builder

import (
	"context"

	"fruix/store"
	"fruix/store/path"
)

// Ensure makes objects valid that are not, by fetching them. One that nobody
// offers is a *store.NotValidError.
func (b *Builder) Ensure(ctx context.Context, paths ...string) error {
	missing, err := b.missing(ctx, paths)
	if err != nil || len(missing) == 0 {
		return err
	}
	if b.o.Substitutes == nil {
		return &store.NotValidError{Path: missing[0]}
	}
	f := &forecast{offers: map[string]Offer{}}
	r := &running{b: b, lost: map[string]bool{}, failed: map[string]error{}, told: map[string]bool{}}
	err = b.addOffers(ctx, f, missing, r.lost)
	if err == nil && len(f.fetches) > 0 {
		_, _, err = r.once(ctx, f)
	}
	if err == nil {
		missing, err = b.missing(ctx, missing)
	}
	if err = interrupted(ctx, err); err == nil && len(missing) > 0 {
		err = &store.NotValidError{Path: missing[0]}
	}
	return err
}

// Offers finds out which of paths can be fetched, valid or not.
func (b *Builder) Offers(ctx context.Context, paths []string) (map[string]Offer, error) {
	if b.o.Substitutes == nil || len(paths) == 0 {
		return nil, nil
	}
	asked := make(map[string]bool, len(paths))
	for _, p := range paths {
		if _, err := path.Parse(b.store.Dir(), p); err != nil {
			return nil, err
		}
		asked[p] = true
	}
	// What they need is of no interest here.
	offers, err := b.o.Substitutes.Find(ctx, paths, func(p []string) (map[string]bool, error) {
		known := make(map[string]bool, len(p))
		for _, x := range p {
			known[x] = !asked[x]
		}
		return known, nil
	})
	return offers, interrupted(ctx, err)
}
