package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fruix/builder"
	"fruix/store"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// withBuilder lets f use a builder of the connection's options, and shows the
// client how it goes on.
func (c *conn) withBuilder(ctx context.Context, f func(st *store.Store, b *builder.Builder) error) error {
	st, err := c.store(ctx)
	if err != nil {
		return err
	}
	shown := c.traced()
	user := userOf(c.peer)
	turns := c.s.turns.Client(user, c.s.c.Limits.Builds)
	r := Request{
		Options: c.options, Peer: c.peer, User: user, Trusted: c.trusted, Progress: shown,
		Sharing: &c.s.sharing, Load: turns.Load, Slot: turns.Wait,
	}
	b, closed, err := c.s.c.Builder(st, r)
	if err != nil {
		return err
	}
	defer closed()
	err = f(st, b)
	c.tails.Go(b.Wait)
	var failure *builder.Failure
	var one *builder.BuildError
	switch {
	case errors.As(err, &failure):
		shown.Failure(failure)
	case errors.As(err, &one): // of what was built again
		shown.Failure(&builder.Failure{Failed: []*builder.BuildError{one}})
	}
	return err
}

// things are what a client wants to be built.
type things struct {
	targets []builder.Target
	paths   []string // that are not derivations: they can only be fetched
}

// maxOutputs is how many outputs of one derivation can be named in a word. Each takes
// many times the place of a comma.
const maxOutputs = 10_000

// wanted reads DERIVATION, DERIVATION!OUTPUT,… and PATH.
func wanted(words []string) (t things, err error) {
	outputs := map[string][]string{}
	var order []string
	for _, word := range words {
		p, names, some := strings.Cut(word, "!")
		if !strings.HasSuffix(p, ".drv") {
			t.paths = append(t.paths, word)
			continue
		}
		if strings.Count(names, ",") >= maxOutputs {
			return t, fmt.Errorf("more than %d outputs of %.300q are named", maxOutputs, p)
		}
		list, known := outputs[p]
		if !known {
			order = append(order, p)
		}
		switch {
		case !some:
			outputs[p] = nil // all
		case !known || list != nil:
			outputs[p] = append(list, strings.Split(names, ",")...)
		}
	}
	for _, p := range order {
		slices.Sort(outputs[p])
		t.targets = append(t.targets, builder.Target{Drv: p, Outputs: slices.Compact(outputs[p])})
	}
	return t, nil
}

func (c *conn) buildPaths(ctx context.Context, asked calls.Things) (none calls.None, err error) {
	t, err := wanted(asked.Names)
	if err != nil {
		return none, err
	}
	return none, c.withBuilder(ctx, func(st *store.Store, b *builder.Builder) error {
		switch asked.Mode {
		case wire.BuildNormal:
			return c.build(ctx, b, t)
		case wire.BuildCheck:
			return c.check(ctx, b, t)
		case wire.BuildRepair:
			return c.repair(ctx, st, b, t)
		}
		return fmt.Errorf("there is no build mode %d", asked.Mode)
	})
}

func (c *conn) build(ctx context.Context, b *builder.Builder, t things) error {
	if len(t.paths) > 0 {
		if err := b.Ensure(ctx, t.paths...); err != nil {
			return err
		}
	}
	if len(t.targets) == 0 {
		return nil
	}
	_, err := b.Build(ctx, t.targets...)
	return err
}

// check builds again what is there, and compares.
func (c *conn) check(ctx context.Context, b *builder.Builder, t things) error {
	if len(t.paths) > 0 {
		return fmt.Errorf("%s is no derivation, so it cannot be built again", t.paths[0])
	}
	drvs := make([]string, len(t.targets))
	for i, target := range t.targets {
		drvs[i] = target.Drv
	}
	return b.Check(ctx, drvs...)
}

var errPrivileged = errors.New("only users whom the daemon trusts may repair objects: somebody could be using them")

// repair builds objects again that are damaged, and derivations whose outputs are.
func (c *conn) repair(ctx context.Context, st *store.Store, b *builder.Builder, t things) error {
	if !c.trusted {
		return errPrivileged
	}
	for _, p := range t.paths {
		if err := repairObject(ctx, st, b, p); err != nil {
			return err
		}
	}
	if err := c.build(ctx, b, things{targets: t.targets}); err != nil {
		return err
	}
	for _, target := range t.targets {
		d, err := st.ReadDerivation(ctx, target.Drv)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(d.Outputs)) {
			if err := repairObject(ctx, st, b, d.Outputs[name].Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// repairObject fetches or builds the valid object p again if it is damaged.
func repairObject(ctx context.Context, st *store.Store, b *builder.Builder, p string) error {
	problem, err := st.VerifyPath(ctx, p)
	if err != nil || problem == nil {
		return err
	}
	if problem.Kind == store.Irregular {
		return st.Regularise(ctx, p)
	}
	derivers, err := st.Derivers(ctx, p)
	if err != nil {
		return err
	}
	if fetched, err := b.Refetch(ctx, p); fetched || err != nil && len(derivers) == 0 {
		return err
	}
	if len(derivers) == 0 {
		return fmt.Errorf("%s is damaged, and nothing in the store says how it was made", p)
	}
	return b.Repair(ctx, derivers[0], p)
}

func (c *conn) ensurePath(ctx context.Context, p string) (none calls.None, err error) {
	st, err := c.store(ctx)
	if err != nil {
		return none, err
	}
	if valid, err := st.IsValid(ctx, p); err != nil || valid {
		return none, err
	}
	return none, c.withBuilder(ctx, func(_ *store.Store, b *builder.Builder) error { return b.Ensure(ctx, p) })
}

// substitutable finds out which of paths can be fetched.
func (c *conn) substitutable(ctx context.Context, paths []string) ([]wire.Substitutable, error) {
	var out []wire.Substitutable
	err := c.withBuilder(ctx, func(_ *store.Store, b *builder.Builder) error {
		offers, err := b.Offers(ctx, paths)
		if err != nil {
			return err
		}
		for _, p := range paths {
			o, ok := offers[p]
			if !ok {
				continue
			}
			delete(offers, p)
			out = append(out, wire.Substitutable{
				Path: p, Deriver: o.Deriver, References: o.References,
				DownloadSize: uint64(max(o.Download, 0)), NarSize: uint64(max(o.NarSize, 0)),
			})
		}
		return nil
	})
	return out, err
}

func (c *conn) hasSubstitutes(ctx context.Context, p string) (bool, error) {
	s, err := c.querySubstitutableInfo(ctx, p)
	return s != nil, err
}

func (c *conn) querySubstitutablePaths(ctx context.Context, paths []string) (out []string, err error) {
	list, err := c.substitutable(ctx, paths)
	for _, s := range list {
		out = append(out, s.Path)
	}
	return out, err
}

func (c *conn) querySubstitutableInfo(ctx context.Context, p string) (*wire.Substitutable, error) {
	list, err := c.substitutable(ctx, []string{p})
	if len(list) == 0 {
		return nil, err
	}
	return &list[0], err
}

// substituteURLs answers with the servers that objects are fetched from.
func (c *conn) substituteURLs(context.Context, calls.None) ([]string, error) {
	switch {
	case !c.options.Substitutes:
		return nil, nil
	case c.options.URLs != nil:
		return c.options.URLs, nil
	}
	return c.s.c.URLs()
}
