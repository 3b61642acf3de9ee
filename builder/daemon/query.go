package daemon

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/nixbase32"
	"fruix/store/path"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// What is asked about objects.

func validPaths(st *store.Store, ctx context.Context, paths []string) ([]string, error) {
	valid, err := st.ValidMany(ctx, paths)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range paths {
		if valid[p] {
			valid[p] = false // each once
			out = append(out, p)
		}
	}
	return out, nil
}

func pathHash(st *store.Store, ctx context.Context, p string) (string, error) {
	i, err := st.Info(ctx, p)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(i.NarHash), nil
}

func pathInfo(st *store.Store, ctx context.Context, p string) (wire.PathInfo, error) {
	i, err := st.Info(ctx, p)
	if err != nil {
		return wire.PathInfo{}, err
	}
	return wire.PathInfo{
		Deriver: i.Deriver, Hash: hex.EncodeToString(i.NarHash), References: i.References,
		Registered: uint64(i.RegisteredAt.Unix()), NarSize: uint64(i.NarSize),
	}, nil
}

func deriver(st *store.Store, ctx context.Context, p string) (string, error) {
	i, err := st.Info(ctx, p)
	if err != nil {
		return "", err
	}
	return i.Deriver, nil
}

func derivation(st *store.Store, ctx context.Context, p string) (*drv.Derivation, error) {
	if !strings.HasSuffix(p, ".drv") {
		return nil, fmt.Errorf("%s is no derivation", p)
	}
	return st.ReadDerivation(ctx, p)
}

func derivationOutputs(st *store.Store, ctx context.Context, p string) (out []string, err error) {
	d, err := derivation(st, ctx, p)
	if err != nil {
		return nil, err
	}
	for _, n := range d.OutputNames() {
		out = append(out, d.Outputs[n].Path)
	}
	return out, nil
}

func derivationNames(st *store.Store, ctx context.Context, p string) ([]string, error) {
	d, err := derivation(st, ctx, p)
	if err != nil {
		return nil, err
	}
	return d.OutputNames(), nil
}

// pathFromHashPart answers with "" when there is no such object.
func pathFromHashPart(st *store.Store, ctx context.Context, part string) (string, error) {
	if len(part) != path.HashLen || strings.Trim(part, nixbase32.Alphabet) != "" {
		return "", fmt.Errorf("%q is not the hash part of a store path", part)
	}
	p, err := st.ByHash(ctx, part)
	if err == nil && p != "" {
		// It may have been collected before it was kept from that.
		var valid bool
		if valid, err = st.IsValid(ctx, p); !valid {
			p = ""
		}
	}
	return p, err
}

// heavy runs f, which asks about the whole store, when the user does not do too
// much of that: until the client has taken the answer, which may be large.
func (c *conn) heavy(ctx context.Context, f func(st *store.Store) error) error {
	st, err := c.store(ctx)
	if err != nil {
		return err
	}
	release, err := c.acct.heavy.take(ctx)
	if err != nil {
		return err
	}
	c.held = append(c.held, release)
	return f(st)
}

func (c *conn) queryAllValidPaths(ctx context.Context, _ calls.None) (all []string, err error) {
	err = c.heavy(ctx, func(st *store.Store) (err error) {
		all, err = st.All(ctx)
		return err
	})
	return all, err
}

// queryFailedPaths answers that there are none: failures are not remembered.
func (c *conn) queryFailedPaths(context.Context, calls.None) ([]string, error) { return nil, nil }

func (c *conn) clearFailedPaths(context.Context, []string) (none calls.None, err error) {
	return none, nil
}

func (c *conn) builtinBuilders(context.Context, calls.None) ([]string, error) {
	return c.s.c.Builtins, nil
}
