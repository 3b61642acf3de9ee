package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/tree"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// Hasher implements store.TextStore.
func (c *Client) Hasher() *drv.Hasher { return c.hasher }

// Remember implements store.TextStore.
func (c *Client) Remember(drvPath string, d *drv.Derivation) {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	c.drvs[drvPath] = d
}

// Bounds of what is sent before answers are read. The answers to all of it are
// fewer bytes than a daemon keeps for a client.
const (
	windowTexts = 256
	windowBytes = 4 << 20
)

// AddTexts implements store.TextStore. Many are sent at a time, so that the daemon
// can add them together.
func (c *Client) AddTexts(ctx context.Context, texts []store.Text) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(texts) > 0 {
		n, bytes := 0, 0
		for n < len(texts) && n < windowTexts && (n == 0 || bytes+len(texts[n].Content) <= windowBytes) {
			bytes += len(texts[n].Content)
			n++
		}
		if err := c.locked(ctx, func() error { return c.window(texts[:n]) }); err != nil {
			return err
		}
		texts = texts[n:]
	}
	return nil
}

// window adds a few texts. Answers are read while others are on their way, since a
// text can be larger than what fits between here and the daemon.
func (c *Client) window(texts []store.Text) error {
	written := make(chan error, 1)
	go func() {
		for _, t := range texts {
			calls.AddTextToStore().Ask(c.w, calls.Text{Name: t.Name, Content: t.Content, References: t.References})
		}
		written <- c.w.Flush()
	}()
	var first error
	var remote *wire.RemoteError
	for _, t := range texts {
		err := c.wait(replies{})
		if err == nil {
			c.r.Begin()
			if p := calls.AddTextToStore().Results(c.r); c.r.Err() == nil && p != t.Path {
				err = fmt.Errorf("the daemon says that %s is added as %.300q; is its store called %s?", t.Path, p, c.Dir())
			} else {
				err = c.r.Err()
			}
		}
		if first == nil {
			first = err
		}
		if err != nil && !errors.As(err, &remote) {
			c.conn.Close() // nothing can be made of what follows
			break
		}
	}
	if err := <-written; first == nil {
		first = err
	}
	return first
}

// AddPath implements access.Additions. What the daemon has already is not sent.
func (c *Client) AddPath(ctx context.Context, name, hostPath string, o store.AddOptions) (string, error) {
	if len(o.References) > 0 {
		return "", errReferences
	}
	if o.Algo == 0 {
		o.Algo = hash.SHA256
	}
	taken := map[string]bool{}
	if ask := o.Filter; ask != nil {
		o.Filter = func(rel string) bool {
			taken[rel] = ask(rel)
			return taken[rel]
		}
	}
	p, err := store.PathOf(ctx, c.Dir(), name, hostPath, o)
	if err != nil {
		return "", err
	}
	if valid, err := c.IsValid(ctx, p); err != nil || valid {
		return p, err
	}
	if o.Filter != nil {
		// It may be a program, which is asked once, and not while the daemon waits.
		o.Filter = func(rel string) bool { return taken[rel] }
	}
	return c.addArchive(ctx, name, o.Recursive, o.Algo, func(w io.Writer) error {
		if !o.Recursive {
			return dumpFlat(w, hostPath)
		}
		_, err := tree.Dump(ctx, w, hostPath, tree.Options{Filter: o.Filter})
		return err
	})
}

var errReferences = errors.New("content that refers to other objects cannot be added through a daemon")

// AddNAR implements access.Additions.
func (c *Client) AddNAR(ctx context.Context, name string, r io.Reader, algo hash.Algo, refs []string) (string, error) {
	if len(refs) > 0 {
		return "", errReferences
	}
	if algo == 0 {
		algo = hash.SHA256
	}
	return c.addArchive(ctx, name, true, algo, func(w io.Writer) error {
		return copyArchive(w, r)
	})
}

// copyArchive copies nothing but an archive, and all of it.
func copyArchive(w io.Writer, r io.Reader) error {
	in := nar.NewTeeReader(r, w)
	for {
		if _, err := in.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// addArchive sends an archive that send writes.
func (c *Client) addArchive(ctx context.Context, name string, recursive bool, algo hash.Algo, send func(io.Writer) error) (p string, err error) {
	k := asking(calls.AddToStore(), calls.Tree{Name: name, Recursive: recursive, Algo: algo.String()}, &p)
	err = c.do(ctx, k.followed(send))
	return p, err
}

// followed is the call with more behind its request.
func (k call) followed(send func(io.Writer) error) call {
	before := k.write
	k.write = func(w *wire.Writer) error {
		if err := before(w); err != nil {
			return err
		}
		return send(w.Raw())
	}
	return k
}

// dumpFlat writes the archive of a plain file.
func dumpFlat(to io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	w := nar.NewWriter(to)
	if err := w.WriteHeader(nar.Header{Type: nar.Regular, Size: st.Size()}); err != nil {
		return err
	}
	if _, err := io.CopyN(w, f, st.Size()); err != nil {
		return err
	}
	return w.Close()
}
