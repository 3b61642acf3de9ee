package daemon

import (
	"context"
	"errors"
	"io"

	"fruix/store"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

const noKey = "this store has no key to sign with (\"fruix archive --generate-key\", by its owner, makes one)"

var errNoKey = errors.New(noKey + "; export without signatures")

// exportPath sends an object with what is known of it. Where there is no key a client
// of Fruix, which asks for a signature if there can be one, is told that there is none; one of Guix
// means that there must be one.
func (c *conn) exportPath(ctx context.Context, e calls.Export) (none calls.None, err error) {
	st, err := c.store(ctx)
	if err != nil {
		return none, err
	}
	var sign store.Sign
	if e.Signed {
		keys, err := c.s.c.SigningKeys()
		if err != nil {
			return none, err
		}
		switch sign = store.SignWith(keys); {
		case sign != nil:
		case !c.trace.Own:
			return none, errNoKey
		case !c.toldUnsigned:
			c.toldUnsigned = true
			c.log("warning: " + noKey + ", so that others take this only with --unsigned\n")
		}
	}
	return none, st.ExportObject(ctx, dataWriter{ctx, c.out}, e.Path, sign)
}

// dataWriter sends data to the client.
type dataWriter struct {
	ctx context.Context
	to  sink
}

func (d dataWriter) Write(b []byte) (int, error) {
	const piece = 64 << 10
	for n := 0; n < len(b); n += piece {
		if d.ctx.Err() != nil {
			return n, d.ctx.Err()
		}
		if err := d.to.send(frame(func(w *wire.Writer) { w.Data(b[n:min(n+piece, len(b))]) })); err != nil {
			return n, err
		}
	}
	return len(b), nil
}

// importPaths asks the client for an export and adds the objects that it holds,
// each as soon as it is believed.
func (c *conn) importPaths(ctx context.Context, _ calls.None) ([]string, error) {
	st, err := c.store(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := c.s.c.Keys()
	if err != nil {
		return nil, err
	}
	release, err := c.acct.adds.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	believe := store.SignedBy(keys)
	if c.unsigned {
		believe = nil
	}
	return st.ImportChecked(ctx, &dataReader{c: c, left: c.s.c.Limits.NAR}, believe)
}

// dataReader asks the client for data.
type dataReader struct {
	c    *conn
	rest []byte
	left int64 // bytes that may come
	end  bool
}

// Read implements io.Reader.
func (d *dataReader) Read(b []byte) (int, error) {
	if len(d.rest) == 0 && !d.end {
		if err := d.more(); err != nil {
			return 0, err
		}
	}
	if d.end {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *dataReader) more() error {
	const piece = 32 << 10
	if d.left <= 0 {
		return &wire.LimitError{What: "an export of more", Max: d.c.s.c.Limits.NAR}
	}
	if err := d.c.out.send(frame(func(w *wire.Writer) { w.Want(piece) })); err != nil {
		return err
	}
	d.c.begin()
	d.rest = d.c.r.Bytes()
	switch err := d.c.r.Err(); {
	case err != nil:
		return &fatalError{err}
	case len(d.rest) > piece:
		return &fatalError{&wire.LimitError{What: "a piece of data that is larger than was asked for", Max: piece}}
	}
	d.left -= int64(len(d.rest))
	d.end = len(d.rest) == 0
	return nil
}
