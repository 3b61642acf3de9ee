package daemon

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fruix/builder"
	"fruix/store"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

func protect(st *store.Store, ctx context.Context, p string) (none calls.None, err error) {
	return none, st.Protect(ctx, p)
}

var errElsewhere = errors.New("this is only for users of the machine that the daemon runs on")

// addIndirectRoot takes the path of a link, which the client makes itself: the
// daemon writes nothing where the client says.
func (c *conn) addIndirectRoot(ctx context.Context, link string) (none calls.None, err error) {
	if !c.peer.Local {
		return none, errElsewhere
	}
	st, err := c.store(ctx)
	if err != nil {
		return none, err
	}
	if c.trusted {
		return none, st.AddIndirectRoot(ctx, link)
	}
	return none, st.AddIndirectRootOf(ctx, c.peer.UID, c.s.c.Limits.Roots, link)
}

func syncWithGC(st *store.Store, ctx context.Context, none calls.None) (calls.None, error) {
	return none, st.SyncWithCollector(ctx)
}

// censored stands for links of others, as in Nix.
const censored = "{censored}"

func (c *conn) findRoots(ctx context.Context, _ calls.None) (pairs [][2]string, err error) {
	err = c.heavy(ctx, func(st *store.Store) error {
		roots, err := st.Roots(ctx)
		if err != nil {
			return err
		}
		for _, r := range roots {
			name := r.Name
			if !c.trusted && !(c.peer.Local && st.MaySee(c.peer.UID, r)) {
				name = censored
			}
			pairs = append(pairs, [2]string{name, r.Target})
		}
		// What a user runs is the user's own affair.
		var used []store.Root
		switch {
		case c.trusted:
			used, err = st.Used(ctx)
		case c.peer.Local:
			used, err = st.UsedBy(ctx, c.peer.UID)
		}
		for _, r := range used {
			pairs = append(pairs, [2]string{r.Name, r.Target})
		}
		return err
	})
	return pairs, err
}

// collectGarbage is open to all users of the machine, as in Guix: what anything
// needs stays, whoever asks.
func (c *conn) collectGarbage(ctx context.Context, q wire.Collection) (a wire.Collected, err error) {
	switch {
	case !c.peer.Local:
		return a, errElsewhere
	case q.IgnoreLiveness:
		return a, errors.New("what is in use is never deleted")
	}
	err = c.heavy(ctx, func(st *store.Store) (err error) {
		a, err = c.collect(ctx, st, q)
		return err
	})
	return a, err
}

func (c *conn) collect(ctx context.Context, st *store.Store, q wire.Collection) (wire.Collected, error) {
	o := store.CollectOptions{KeepOutputs: c.options.KeepOutputs, DropDerivations: c.options.DropDrvs}
	if q.MaxFreed < math.MaxInt64 {
		o.MaxFreed = int64(q.MaxFreed)
	}
	deleted := func(done *store.Collected, err error) (wire.Collected, error) {
		if done == nil {
			return wire.Collected{}, err
		}
		return wire.Collected{Paths: done.Paths, Bytes: uint64(max(done.Freed, 0))}, err
	}
	switch q.Action {
	case wire.ReturnDead:
		// With a limit, what would go; Guix's clients send 0 for all.
		o.DryRun = true
		done, err := st.Collect(ctx, o)
		if err != nil {
			return wire.Collected{}, err
		}
		return wire.Collected{Paths: done.Paths, Bytes: uint64(done.Bytes)}, nil
	case wire.ReturnLive:
		l, err := st.Liveness(ctx, o)
		if err != nil {
			return wire.Collected{}, err
		}
		return wire.Collected{Paths: l.Live}, nil
	case wire.DeleteDead:
		if q.MaxFreed == 0 {
			return wire.Collected{}, nil // so much is free already
		}
		return deleted(st.Collect(ctx, o))
	case wire.DeleteSpecific:
		return deleted(st.Delete(ctx, q.Paths, o))
	}
	return wire.Collected{}, fmt.Errorf("there is no action %d", q.Action)
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

func (c *conn) optimiseStore(ctx context.Context, none calls.None) (calls.None, error) {
	return none, c.whole(ctx, func(st *store.Store) error {
		o, err := st.Optimise(ctx, nil)
		if err == nil {
			c.log(fmt.Sprintf("%d bytes saved by sharing %d files\n", o.Bytes, o.Files))
		}
		return err
	})
}

// verifyStore answers whether anything is wrong, and stays so.
func (c *conn) verifyStore(ctx context.Context, v calls.Verification) (wrong bool, err error) {
	if v.Repair && !c.trusted {
		return false, errPrivileged
	}
	var bad []string
	err = c.whole(ctx, func(st *store.Store) error {
		return st.Verify(ctx, v.Contents, func(p store.Problem) {
			bad = append(bad, p.Path)
			c.log(p.String() + "\n")
		}, nil)
	})
	if err == nil && v.Repair && len(bad) > 0 {
		bad, err = c.repairAll(ctx, bad)
	}
	return len(bad) > 0, err
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
