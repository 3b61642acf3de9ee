package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/path"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// addToStore adds a tree that the client sends, as an archive, behind the
// arguments: by the hash of the archive, or by that of the bytes of the one file
// that it holds.
func (c *conn) addToStore(ctx context.Context, t calls.Tree) (string, error) {
	c.meter.allow(c.s.c.Limits.NAR)
	defer c.meter.free()
	algo, err := hash.ParseAlgo(t.Algo)
	if err == nil {
		err = path.CheckName(t.Name)
	}
	if err != nil {
		// What nobody will use has to come to its end, so that the connection
		// can go on.
		return "", errors.Join(err, c.skip(ctx))
	}
	p, err := c.add(ctx, t.Name, t.Recursive, algo)
	if err != nil {
		return "", &fatalError{err} // nobody knows where the archive ends
	}
	return p, nil
}

func (c *conn) add(ctx context.Context, name string, recursive bool, algo hash.Algo) (string, error) {
	st, err := c.store(ctx)
	if err != nil {
		return "", err
	}
	release, err := c.acct.adds.take(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if recursive {
		return st.AddNAR(ctx, name, c.r.Raw(), algo, nil)
	}
	r := nar.NewReader(c.r.Raw())
	h, err := r.Next()
	if err != nil {
		return "", err
	}
	if h.Type != nar.Regular {
		return "", fmt.Errorf("%s is a %v; only a regular file can be added by the hash of its bytes", name, h.Type)
	}
	p, err := st.AddFlat(ctx, name, r, h.Size, algo)
	if err != nil {
		return "", err
	}
	if _, err := r.Next(); err != io.EOF {
		return "", err
	}
	return p, nil
}

// skip reads an archive to its end.
func (c *conn) skip(ctx context.Context) error {
	r := nar.NewReader(c.r.Raw())
	for ctx.Err() == nil {
		_, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &fatalError{err}
		}
	}
	return &fatalError{ctx.Err()}
}

// meter bounds how much is read of a client.
type meter struct {
	from  source
	limit int64 // 0 is none
	left  int64
}

// allow lets n more bytes be read.
func (m *meter) allow(n int64) { m.limit, m.left = n, n }

// free ends the limit.
func (m *meter) free() { m.limit = 0 }

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	if m.limit == 0 {
		return m.from.Read(b)
	}
	if m.left <= 0 {
		return 0, &wire.LimitError{What: "what you send", Max: m.limit}
	}
	n, err := m.from.Read(b[:min(int64(len(b)), m.left)])
	m.left -= int64(n)
	return n, err
}
