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
)

// about reads a path and answers with what ask finds out about it.
func (c *conn) about(ask func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error) work {
	p := c.r.Text()
	return func(ctx context.Context, w *wire.Writer) error {
		st, err := c.store(ctx)
		if err != nil {
			return err
		}
		return ask(ctx, st, p, w)
	}
}

// list reads a path and answers with a list.
func (c *conn) list(ask func(ctx context.Context, st *store.Store, p string) ([]string, error)) work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		list, err := ask(ctx, st, p)
		w.Texts(list)
		return err
	})
}

func (c *conn) isValidPath() work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		valid, err := st.IsValid(ctx, p)
		w.Flag(valid)
		return err
	})
}

func (c *conn) queryValidPaths() work {
	paths := c.r.Texts()
	return func(ctx context.Context, w *wire.Writer) error {
		st, err := c.store(ctx)
		if err != nil {
			return err
		}
		valid, err := st.ValidMany(ctx, paths)
		if err != nil {
			return err
		}
		var out []string
		for _, p := range paths {
			if valid[p] {
				valid[p] = false // each once
				out = append(out, p)
			}
		}
		w.Texts(out)
		return nil
	}
}

func (c *conn) queryPathHash() work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		i, err := st.Info(ctx, p)
		if err == nil {
			w.Text(hex.EncodeToString(i.NarHash))
		}
		return err
	})
}

func (c *conn) queryPathInfo() work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		i, err := st.Info(ctx, p)
		if err != nil {
			return err
		}
		(&wire.PathInfo{
			Deriver: i.Deriver, Hash: hex.EncodeToString(i.NarHash), References: i.References,
			Registered: uint64(i.RegisteredAt.Unix()), NarSize: uint64(i.NarSize),
		}).Write(w)
		return nil
	})
}

func (c *conn) queryDeriver() work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		i, err := st.Info(ctx, p)
		if err == nil {
			w.Text(i.Deriver)
		}
		return err
	})
}

func (c *conn) queryReferences() work {
	return c.list(func(ctx context.Context, st *store.Store, p string) ([]string, error) { return st.References(ctx, p) })
}

func (c *conn) queryReferrers() work {
	return c.list(func(ctx context.Context, st *store.Store, p string) ([]string, error) { return st.Referrers(ctx, p) })
}

func (c *conn) queryValidDerivers() work {
	return c.list(func(ctx context.Context, st *store.Store, p string) ([]string, error) { return st.Derivers(ctx, p) })
}

// derivation reads the path of a derivation and answers with a list of words about
// it.
func (c *conn) derivation(words func(*drv.Derivation) []string) work {
	return c.list(func(ctx context.Context, st *store.Store, p string) ([]string, error) {
		if !strings.HasSuffix(p, ".drv") {
			return nil, fmt.Errorf("%s is no derivation", p)
		}
		d, err := st.ReadDerivation(ctx, p)
		if err != nil {
			return nil, err
		}
		return words(d), nil
	})
}

func (c *conn) queryDerivationOutputs() work {
	return c.derivation(func(d *drv.Derivation) (out []string) {
		for _, n := range d.OutputNames() {
			out = append(out, d.Outputs[n].Path)
		}
		return out
	})
}

func (c *conn) queryDerivationNames() work {
	return c.derivation((*drv.Derivation).OutputNames)
}

// queryPathFromHashPart answers with "" when there is no such object.
func (c *conn) queryPathFromHashPart() work {
	return c.about(func(ctx context.Context, st *store.Store, part string, w *wire.Writer) error {
		if len(part) != path.HashLen || strings.Trim(part, nixbase32.Alphabet) != "" {
			return fmt.Errorf("%q is not the hash part of a store path", part)
		}
		p, err := st.ByHash(ctx, part)
		if err == nil && p != "" {
			// It may have been collected before it was kept from that.
			var valid bool
			if valid, err = st.IsValid(ctx, p); !valid {
				p = ""
			}
		}
		w.Text(p)
		return err
	})
}

// heavy runs f, which asks about the whole store, when the user does not do too
// much of that.
func (c *conn) heavy(ctx context.Context, f func(st *store.Store) error) error {
	st, err := c.store(ctx)
	if err != nil {
		return err
	}
	release, err := c.acct.heavy.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	return f(st)
}

func (c *conn) queryAllValidPaths() work {
	return func(ctx context.Context, w *wire.Writer) error {
		return c.heavy(ctx, func(st *store.Store) error {
			all, err := st.All(ctx)
			w.Texts(all)
			return err
		})
	}
}

// queryFailedPaths answers that there are none: failures are not remembered.
func (c *conn) queryFailedPaths() work {
	return func(_ context.Context, w *wire.Writer) error {
		w.Texts(nil)
		return nil
	}
}

func (c *conn) clearFailedPaths() work {
	c.r.Texts()
	return done
}

// done answers that something is done.
func done(_ context.Context, w *wire.Writer) error {
	w.Number(1)
	return nil
}

func (c *conn) builtinBuilders() work {
	return func(_ context.Context, w *wire.Writer) error {
		w.Texts(c.s.c.Builtins)
		return nil
	}
}
