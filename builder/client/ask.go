package client

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/nar"
	"fruix/store/path"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// about asks something about one path.
func about[R any](ctx context.Context, c *Client, k calls.Call[string, R], p string) (results R, err error) {
	if _, err := path.Parse(c.Dir(), p); err != nil {
		return results, err
	}
	return ask(ctx, c, k, p)
}

// list asks for a list about one path, which must be valid.
func (c *Client) list(ctx context.Context, k calls.Call[string, []string], p string) ([]string, error) {
	list, err := about(ctx, c, k, p)
	slices.Sort(list)
	return list, c.known(ctx, p, err)
}

// known makes a *store.NotValidError of an error when that is what it is about.
func (c *Client) known(ctx context.Context, p string, err error) error {
	var remote *wire.RemoteError
	if !errors.As(err, &remote) {
		return err
	}
	if valid, verr := c.IsValid(ctx, p); verr == nil && !valid {
		return &store.NotValidError{Path: p}
	}
	return err
}

// IsValid implements access.Questions.
func (c *Client) IsValid(ctx context.Context, p string) (bool, error) {
	return about(ctx, c, calls.IsValidPath(), p)
}

// ValidMany implements access.Questions.
func (c *Client) ValidMany(ctx context.Context, paths []string) (map[string]bool, error) {
	out := make(map[string]bool, len(paths))
	for _, p := range paths {
		if _, err := path.Parse(c.Dir(), p); err != nil {
			return nil, err
		}
		out[p] = false
	}
	if len(paths) == 0 {
		return out, nil
	}
	valid, err := ask(ctx, c, calls.QueryValidPaths(), paths)
	for _, p := range valid {
		if _, asked := out[p]; asked {
			out[p] = true
		}
	}
	return out, err
}

// Info implements access.Questions.
func (c *Client) Info(ctx context.Context, p string) (*store.Info, error) {
	i, err := about(ctx, c, calls.QueryPathInfo(), p)
	if err != nil {
		return nil, c.known(ctx, p, err)
	}
	sum, err := hex.DecodeString(i.Hash)
	if err != nil {
		return nil, fmt.Errorf("the daemon says that the hash of %s is %.100q", p, i.Hash)
	}
	slices.Sort(i.References)
	return &store.Info{
		Path: p, NarHash: sum, NarSize: int64(i.NarSize), References: i.References, Deriver: i.Deriver,
		RegisteredAt: time.Unix(int64(i.Registered), 0),
	}, nil
}

// All implements access.Questions.
func (c *Client) All(ctx context.Context) ([]string, error) {
	all, err := ask(ctx, c, calls.QueryAllValidPaths(), calls.None{})
	slices.Sort(all)
	return all, err
}

// ByHash returns the valid object whose hash part is given; "" when there is none.
func (c *Client) ByHash(ctx context.Context, hashPart string) (string, error) {
	return ask(ctx, c, calls.QueryPathFromHashPart(), hashPart)
}

// References implements access.Questions.
func (c *Client) References(ctx context.Context, p string) ([]string, error) {
	return c.list(ctx, calls.QueryReferences(), p)
}

// Referrers implements access.Questions.
func (c *Client) Referrers(ctx context.Context, p string) ([]string, error) {
	return c.list(ctx, calls.QueryReferrers(), p)
}

// Derivers implements access.Questions.
func (c *Client) Derivers(ctx context.Context, p string) ([]string, error) {
	return c.list(ctx, calls.QueryValidDerivers(), p)
}

// walk finds what can be reached from paths, until f says that it is enough.
func (c *Client) walk(ctx context.Context, paths []string, f func(p, from string) (enough bool)) error {
	seen := map[string]bool{}
	type step struct{ path, from string }
	var queue []step
	push := func(p, from string) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		queue = append(queue, step{p, from})
		return f(p, from)
	}
	for _, p := range paths {
		if push(p, "") {
			return nil
		}
	}
	for len(queue) > 0 {
		p := queue[0].path
		queue = queue[1:]
		refs, err := c.References(ctx, p)
		if err != nil {
			return err
		}
		for _, r := range refs {
			if push(r, p) {
				return nil
			}
		}
	}
	return nil
}

// Closure implements access.Questions.
func (c *Client) Closure(ctx context.Context, paths ...string) ([]string, error) {
	var out []string
	err := c.walk(ctx, paths, func(p, _ string) bool { out = append(out, p); return false })
	slices.Sort(out)
	return out, err
}

// Why implements access.Questions.
func (c *Client) Why(ctx context.Context, from, to string) ([]string, error) {
	for _, p := range []string{from, to} {
		if valid, err := c.IsValid(ctx, p); err != nil || !valid {
			return nil, errors.Join(err, &store.NotValidError{Path: p})
		}
	}
	before := map[string]string{}
	if err := c.walk(ctx, []string{from}, func(p, from string) bool { before[p] = from; return p == to }); err != nil {
		return nil, err
	}
	if _, reached := before[to]; !reached {
		return nil, nil
	}
	var chain []string
	for p := to; p != ""; p = before[p] {
		chain = append(chain, p)
	}
	slices.Reverse(chain)
	return chain, nil
}

// maxDerivation bounds the size of a derivation.
const maxDerivation = 64 << 20

// ReadDerivation implements access.Questions. The file is read where it lies or,
// when the daemon's store is out of reach, asked for.
func (c *Client) ReadDerivation(ctx context.Context, drvPath string) (*drv.Derivation, error) {
	c.remembering.Lock()
	d := c.drvs[drvPath]
	c.remembering.Unlock()
	if d != nil {
		return d, nil
	}
	valid, err := c.IsValid(ctx, drvPath)
	if err == nil && !valid {
		err = &store.NotValidError{Path: drvPath}
	}
	if err != nil {
		return nil, err
	}
	text, err := readFile(c.Physical(drvPath))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		text, err = c.fetchFile(ctx, drvPath)
	}
	if err != nil {
		return nil, err
	}
	if d, err = drv.Parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", drvPath, err)
	}
	c.Remember(drvPath, d)
	return d, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxDerivation))
}

// fetchFile asks for an object that is one file.
func (c *Client) fetchFile(ctx context.Context, p string) ([]byte, error) {
	var export bytes.Buffer
	if err := c.exportObject(ctx, &atMost{&export, maxDerivation}, p, false); err != nil {
		return nil, err
	}
	r := nar.NewReader(&export)
	if h, err := r.Next(); err != nil || h.Type != nar.Regular {
		return nil, errors.Join(err, fmt.Errorf("%s is not a file", p))
	}
	return io.ReadAll(r)
}

// atMost refuses to take more than a number of bytes.
type atMost struct {
	w    io.Writer
	left int
}

func (a *atMost) Write(b []byte) (int, error) {
	if len(b) > a.left {
		return 0, &wire.LimitError{What: "what the daemon sends", Max: maxDerivation}
	}
	a.left -= len(b)
	return a.w.Write(b)
}
