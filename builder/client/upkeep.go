package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/store"
	"fruix/store/tree"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// AddRoot implements access.Upkeep. The link is made by this process, as its user;
// the daemon only learns where it is.
func (c *Client) AddRoot(ctx context.Context, link, target string) error {
	valid, err := c.IsValid(ctx, target)
	if err != nil {
		return err
	}
	if !valid {
		return &store.NotValidError{Path: target}
	}
	abs, err := filepath.Abs(link)
	if err != nil {
		return err
	}
	if err := store.MakeDurableLink(c.Physical(target), abs); err != nil {
		return err
	}
	_, err = ask(ctx, c, calls.AddIndirectRoot(), abs)
	return err
}

// Roots implements access.Upkeep.
func (c *Client) Roots(ctx context.Context) ([]store.Root, error) {
	return c.findRoots(ctx, false)
}

// Used implements access.Upkeep.
func (c *Client) Used(ctx context.Context) ([]store.Root, error) { return c.findRoots(ctx, true) }

// findRoots asks for links that are roots or for what else keeps objects: that has names
// such as "{temp:123}" and, from Nix's daemon, "/proc/123/exe".
func (c *Client) findRoots(ctx context.Context, used bool) ([]store.Root, error) {
	pairs, err := ask(ctx, c, calls.FindRoots(), calls.None{})
	if err != nil {
		return nil, err
	}
	var out []store.Root
	for _, p := range pairs {
		isUse := strings.HasPrefix(p[0], "{") || strings.HasPrefix(p[0], "/proc/")
		switch {
		case isUse && used:
			out = append(out, store.Root{Name: p[0], Target: p[1]})
		case !isUse && !used:
			out = append(out, store.Root{Link: p[0], Name: p[0], Target: p[1]})
		}
	}
	slices.SortFunc(out, func(a, b store.Root) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// collection asks for a collection with options of its own.
func (c *Client) collection(ctx context.Context, o store.CollectOptions, q wire.Collection) (a wire.Collected, err error) {
	var more [][2]string // options
	if o.KeepOutputs {
		more = append(more, [2]string{wire.OptionKeepOutputs, "true"})
	}
	if o.DropDerivations {
		more = append(more, [2]string{wire.OptionKeepDrvs, "false"})
	}
	err = c.doWith(ctx, more, asking(calls.CollectGarbage(), q, &a))
	return a, err
}

// doWith carries out k with more options than the connection has.
func (c *Client) doWith(ctx context.Context, more [][2]string, k call) error {
	if len(more) == 0 {
		return c.do(ctx, k)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked(ctx, func() error {
		if err := c.sendOptions(more); err != nil {
			return err
		}
		err := c.one(k)
		if c.r.Err() == nil && c.w.Err() == nil {
			err = errors.Join(err, c.sendOptions(nil))
		}
		return err
	})
}

// Liveness implements access.Upkeep.
func (c *Client) Liveness(ctx context.Context, o store.CollectOptions) (*store.Liveness, error) {
	live, err := c.collection(ctx, o, wire.Collection{Action: wire.ReturnLive, MaxFreed: wire.NoLimit})
	if err != nil {
		return nil, err
	}
	dead, err := c.collection(ctx, o, wire.Collection{Action: wire.ReturnDead, MaxFreed: wire.NoLimit})
	if err != nil {
		return nil, err
	}
	l := &store.Liveness{Live: append([]string{}, live.Paths...), Dead: append([]string{}, dead.Paths...), DeadBytes: int64(dead.Bytes)}
	slices.Sort(l.Live)
	slices.Sort(l.Dead)
	return l, nil
}

// Collect implements access.Upkeep.
func (c *Client) Collect(ctx context.Context, o store.CollectOptions) (*store.Collected, error) {
	most := uint64(wire.NoLimit)
	if o.MaxFreed > 0 {
		most = uint64(o.MaxFreed)
	}
	if o.DryRun {
		a, err := c.collection(ctx, o, wire.Collection{Action: wire.ReturnDead, MaxFreed: most})
		if err != nil {
			return nil, err
		}
		return &store.Collected{Paths: a.Paths, Bytes: int64(a.Bytes)}, nil
	}
	return deleted(c.collection(ctx, o, wire.Collection{Action: wire.DeleteDead, MaxFreed: most}))
}

// Delete implements access.Upkeep.
func (c *Client) Delete(ctx context.Context, paths []string, o store.CollectOptions) (*store.Collected, error) {
	if o.DryRun {
		return c.wouldDelete(ctx, paths, o)
	}
	done, err := deleted(c.collection(ctx, o, wire.Collection{Action: wire.DeleteSpecific, Paths: paths, MaxFreed: wire.NoLimit}))
	var remote *wire.RemoteError
	if errors.As(err, &remote) {
		if alive, ok := store.ParseAliveError(c.Dir(), strings.TrimSpace(remote.Message)); ok {
			err = alive
		}
	}
	return done, err
}

// wouldDelete is Delete with DryRun, for which the protocol has no word: of what is
// garbage it is what is named, and what refers to that.
func (c *Client) wouldDelete(ctx context.Context, paths []string, o store.CollectOptions) (*store.Collected, error) {
	a, err := c.collection(ctx, o, wire.Collection{Action: wire.ReturnDead, MaxFreed: wire.NoLimit})
	if err != nil {
		return nil, err
	}
	dead := setOf(a.Paths)
	for _, p := range paths {
		if dead[p] {
			continue
		}
		valid, err := c.IsValid(ctx, p)
		if err != nil {
			return nil, err
		}
		if !valid {
			return nil, &store.NotValidError{Path: p}
		}
		return nil, &store.AliveError{Path: p, Root: "a root, a process or a build", Chain: []string{p}}
	}
	goes, known := slices.Clone(paths), setOf(paths)
	for i := 0; i < len(goes); i++ {
		referrers, err := c.Referrers(ctx, goes[i])
		if err != nil {
			return nil, err
		}
		for _, r := range referrers {
			if !known[r] {
				known[r] = true
				goes = append(goes, r)
			}
		}
	}
	goes, err = store.ReferencesFirst(goes, func(p string) ([]string, error) { return c.References(ctx, p) })
	if err != nil {
		return nil, err
	}
	slices.Reverse(goes)
	out := &store.Collected{Paths: goes}
	for _, p := range goes {
		i, err := c.Info(ctx, p)
		if err != nil {
			return nil, err
		}
		out.Bytes += i.NarSize
	}
	return out, nil
}

func setOf(paths []string) map[string]bool {
	set := make(map[string]bool, len(paths))
	for _, p := range paths {
		set[p] = true
	}
	return set
}

func deleted(a wire.Collected, err error) (*store.Collected, error) {
	if err != nil {
		return nil, err
	}
	// How large they were when they were read is not told.
	return &store.Collected{Paths: a.Paths, Bytes: int64(a.Bytes), Freed: int64(a.Bytes)}, nil
}

// Verify implements access.Upkeep. The daemon does not tell how far it is.
func (c *Client) Verify(ctx context.Context, contents bool, report func(store.Problem), _ func(done, all int)) error {
	bad, told := false, 0
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked(ctx, func() error {
		notice := c.o.Notice
		c.o.Notice = func(line string) {
			if p, ok := store.ParseProblem(c.Dir(), line); ok {
				told++
				report(p)
			} else if notice != nil {
				notice(line)
			}
		}
		defer func() { c.o.Notice = notice }()
		err := c.one(asking(calls.VerifyStore(), calls.Verification{Contents: contents}, &bad))
		if err == nil && bad && told == 0 {
			err = errUntold
		}
		return err
	})
}

var errUntold = errors.New("something in the store is damaged; the daemon does not tell what")

// VerifyPath implements access.Upkeep: the object is read where it lies.
func (c *Client) VerifyPath(ctx context.Context, p string) (*store.Problem, error) {
	i, err := c.Info(ctx, p)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = tree.Dump(ctx, h, c.Physical(p), tree.Options{})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		if _, lerr := os.Lstat(c.Physical(p)); errors.Is(lerr, fs.ErrNotExist) {
			return &store.Problem{Path: p, Kind: store.Disappeared}, nil
		}
		fallthrough
	case err != nil:
		return &store.Problem{Path: p, Kind: store.Unreadable, Err: err}, nil
	case !bytes.Equal(h.Sum(nil), i.NarHash):
		return &store.Problem{Path: p, Kind: store.Modified}, nil
	}
	return nil, nil
}

// Optimise implements access.Upkeep. What was saved is part of what the daemon says.
func (c *Client) Optimise(ctx context.Context, _ func(done, all int)) (*store.Optimised, error) {
	_, err := ask(ctx, c, calls.OptimiseStore(), calls.None{})
	return nil, err
}

// Export implements access.Upkeep. The daemon signs, if it has a key.
func (c *Client) Export(ctx context.Context, w io.Writer, paths []string, closure, signed bool) error {
	if closure {
		var err error
		if paths, err = c.Closure(ctx, paths...); err != nil {
			return err
		}
	}
	ordered, err := store.ReferencesFirst(paths, func(p string) ([]string, error) { return c.References(ctx, p) })
	if err != nil {
		return err
	}
	number := func(n uint64) error {
		out := wire.NewWriter(w)
		out.Number(n)
		return out.Flush()
	}
	for _, p := range ordered {
		if err := number(1); err != nil {
			return err
		}
		if err := c.exportObject(ctx, w, p, signed); err != nil {
			return err
		}
	}
	return number(0)
}

// exportObject writes one object.
func (c *Client) exportObject(ctx context.Context, to io.Writer, p string, signed bool) error {
	k := asking(calls.ExportPath(), calls.Export{Path: p, Signed: signed}, new(calls.None))
	k.Sink = to
	return c.known(ctx, p, c.do(ctx, k))
}

// Import implements access.Upkeep. What nobody has signed the daemon takes of those
// whom it trusts.
func (c *Client) Import(ctx context.Context, r io.Reader, unsigned bool) (paths []string, err error) {
	k := asking(calls.ImportPaths(), calls.None{}, &paths)
	k.Source = r
	var more [][2]string
	if unsigned {
		more = append(more, [2]string{wire.OptionUnsigned, "1"})
	}
	err = c.doWith(ctx, more, k)
	var remote *wire.RemoteError
	if errors.As(err, &remote) {
		if e, ok := store.ParseUnsignedError(c.Dir(), strings.TrimSpace(remote.Message)); ok {
			err = e
		}
	}
	if err != nil {
		err = fmt.Errorf("cannot import: %w", err)
	}
	return paths, err
}
