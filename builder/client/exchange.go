package client

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"fruix/store"
	"fruix/store/wire/calls"
)

// InfosInOrder implements access.Exchange. How a path follows from content is found out
// here, where the objects can be read: the daemon does not tell.
func (c *Client) InfosInOrder(ctx context.Context, paths []string) ([]*store.Info, error) {
	return store.InfosInOrder(paths, func(p string) (*store.Info, error) {
		i, err := c.Info(ctx, p)
		if err == nil && i.ContentAddress == "" {
			if ca, err := store.AddressOf(ctx, c.Dir(), i, c.Physical(p)); err == nil {
				i.ContentAddress = ca
			}
		}
		return i, err
	})
}

// DumpNAR implements access.Exchange. The daemon sends the archive, and more behind it,
// and tells in the end when it is not what it was when it was registered.
func (c *Client) DumpNAR(ctx context.Context, p string, w io.Writer) error {
	i, err := c.Info(ctx, p)
	if err != nil {
		return err
	}
	return c.exportObject(ctx, &beginning{w, i.NarSize}, p, false)
}

// beginning passes on so many bytes.
type beginning struct {
	w    io.Writer
	left int64
}

func (b *beginning) Write(data []byte) (int, error) {
	if n := min(int64(len(data)), b.left); n > 0 {
		b.left -= n
		if _, err := b.w.Write(data[:n]); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// Sign makes signatures of what is said of objects with the keys of the daemon's store: a
// list for each of infos. A daemon that has no key, or is none of Fruix's, makes none.
func (c *Client) Sign(ctx context.Context, infos []*store.Info) ([][]string, error) {
	paths := make([]string, len(infos))
	number := make(map[string]int, len(infos))
	for n, i := range infos {
		paths[n], number[i.Path] = i.Path, n
	}
	pairs, err := ask(ctx, c, calls.SignObjects(), paths)
	out := make([][]string, len(infos))
	if err != nil && ctx.Err() == nil {
		if c.o.Notice != nil {
			c.o.Notice(fmt.Sprintf("what is sent is not signed: %v", err))
		}
		return out, nil
	}
	for _, p := range pairs {
		if n, ok := number[p[0]]; ok {
			out[n] = append(out[n], p[1])
		}
	}
	return out, err
}

// AddObject adds an object that was made elsewhere: i is what is said of it, with the
// signatures of those who say so, and archive is its archive. The daemon takes it when it
// trusts one of them or when it proves itself; with unchecked, which only users whom it
// trusts may ask for, in any case. What it refers to must be valid.
func (c *Client) AddObject(ctx context.Context, i *store.Info, signatures []string, unchecked bool, archive io.Reader) error {
	k := asking(calls.AddObject(), calls.Object{
		Path: i.Path, Deriver: i.Deriver, Hash: hex.EncodeToString(i.NarHash), Size: uint64(i.NarSize), References: i.References,
		Signatures: signatures, ContentAddress: i.ContentAddress, Unchecked: unchecked,
	}, new(calls.None))
	return c.do(ctx, k.followed(func(w io.Writer) error { return copyArchive(w, archive) }))
}
