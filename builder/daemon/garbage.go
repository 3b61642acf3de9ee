package daemon

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fruix/builder"
	"fruix/store"
	"fruix/store/wire"
)

func (c *conn) addTempRoot() work {
	return c.about(func(ctx context.Context, st *store.Store, p string, w *wire.Writer) error {
		w.Number(1)
		return st.Protect(ctx, p)
	})
}

var errElsewhere = errors.New("this is only for users of the machine that the daemon runs on")

// addIndirectRoot takes the path of a link, which the client makes itself: the
// daemon writes nothing where the client says.
func (c *conn) addIndirectRoot() work {
	return c.about(func(ctx context.Context, st *store.Store, link string, w *wire.Writer) error {
		if !c.peer.Local {
			return errElsewhere
		}
		w.Number(1)
		if c.trusted {
			return st.AddIndirectRoot(ctx, link)
		}
		return st.AddIndirectRootOf(ctx, c.peer.UID, c.s.c.Limits.Roots, link)
	})
}

func (c *conn) syncWithGC() work {
	return func(ctx context.Context, w *wire.Writer) error {
		w.Number(1)
		st, err := c.store(ctx)
		if err != nil {
			return err
		}
		return st.SyncWithCollector(ctx)
	}
}

func (c *conn) findRoots() work {
	return func(ctx context.Context, w *wire.Writer) error {
		return c.heavy(ctx, func(st *store.Store) error {
			roots, err := st.Roots(ctx)
			if err != nil {
				return err
			}
			var pairs [][2]string
			for _, r := range roots {
				pairs = append(pairs, [2]string{r.Name, r.Target})
			}
			w.Pairs(pairs)
			return nil
		})
	}
}

// collectGarbage is open to all users of the machine, as in Guix: what anything
// needs stays, whoever asks.
func (c *conn) collectGarbage() work {
	q := wire.ReadCollection(c.r)
	return func(ctx context.Context, w *wire.Writer) error {
		switch {
		case !c.peer.Local:
			return errElsewhere
		case q.IgnoreLiveness:
			return errors.New("what is in use is never deleted")
		}
		return c.heavy(ctx, func(st *store.Store) error {
			a, err := c.collect(ctx, st, q)
			if err == nil {
				a.Write(w)
			}
			return err
		})
	}
}

func (c *conn) collect(ctx context.Context, st *store.Store, q wire.Collection) (*wire.Collected, error) {
	o := store.CollectOptions{KeepOutputs: c.options.KeepOutputs, DropDerivations: c.options.DropDrvs}
	if q.MaxFreed < math.MaxInt64 {
		o.MaxFreed = int64(q.MaxFreed)
	}
	deleted := func(done *store.Collected, err error) (*wire.Collected, error) {
		if done == nil {
			return nil, err
		}
		return &wire.Collected{Paths: done.Paths, Bytes: uint64(max(done.Freed, 0))}, err
	}
	switch q.Action {
	case wire.ReturnLive, wire.ReturnDead:
		l, err := st.Liveness(ctx, o)
		if err != nil {
			return nil, err
		}
		if q.Action == wire.ReturnLive {
			return &wire.Collected{Paths: l.Live}, nil
		}
		return &wire.Collected{Paths: l.Dead, Bytes: uint64(l.DeadBytes)}, nil
	case wire.DeleteDead:
		if q.MaxFreed == 0 {
			return &wire.Collected{}, nil // so much is free already
		}
		return deleted(st.Collect(ctx, o))
	case wire.DeleteSpecific:
		return deleted(st.Delete(ctx, q.Paths))
	}
	return nil, fmt.Errorf("there is no action %d", q.Action)
}

// whole runs f, which reads all of the store's files, when nobody else does that.
func (c *conn) whole(ctx context.Context, f func(st *store.Store) error) error {
	return c.heavy(ctx, func(st *store.Store) error {
		release, err := c.s.work.take(ctx)
		if err != nil {
			return err
		}
		defer release()
		return f(st)
	})
}

func (c *conn) optimiseStore() work {
	return func(ctx context.Context, w *wire.Writer) error {
		w.Number(1)
		return c.whole(ctx, func(st *store.Store) error {
			o, err := st.Optimise(ctx, nil)
			if err == nil {
				c.log(fmt.Sprintf("%d bytes saved by sharing %d files\n", o.Bytes, o.Files))
			}
			return err
		})
	}
}

// verifyStore answers whether anything is wrong, and stays so.
func (c *conn) verifyStore() work {
	contents, repair := c.r.Flag(), c.r.Flag()
	return func(ctx context.Context, w *wire.Writer) error {
		if repair && !c.trusted {
			return errPrivileged
		}
		var bad []string
		err := c.whole(ctx, func(st *store.Store) error {
			return st.Verify(ctx, contents, func(p store.Problem) {
				bad = append(bad, p.Path)
				c.log(p.String() + "\n")
			}, nil)
		})
		if err == nil && repair && len(bad) > 0 {
			bad, err = c.repairAll(ctx, bad)
		}
		w.Flag(len(bad) > 0)
		return err
	}
}

// repairAll repairs what it can and returns the rest.
func (c *conn) repairAll(ctx context.Context, paths []string) (left []string, err error) {
	err = c.withBuilder(ctx, func(st *store.Store, b *builder.Builder) error {
		for _, p := range paths {
			err := repairObject(ctx, st, b, p)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				left = append(left, p)
				c.log(fmt.Sprintf("cannot repair %s: %v\n", p, err))
			}
		}
		return nil
	})
	return left, err
}
