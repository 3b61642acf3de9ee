package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

var errNoKey = errors.New("this store has no key to sign with; the administrator makes one with \"fruix archive --generate-key\", or export without signatures")

// exportPath sends an object with what is known of it.
func (c *conn) exportPath(ctx context.Context, e calls.Export) (none calls.None, err error) {
	st, err := c.store(ctx)
	if err != nil {
		return none, err
	}
	var sign func([]byte) string
	if e.Signed {
		if c.s.c.Sign == nil {
			return none, errNoKey
		}
		key, err := c.s.c.Sign()
		if err != nil {
			return none, err
		}
		sign = func(digest []byte) string { return key.SignExport(digest).String() }
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
	return st.ImportChecked(ctx, &dataReader{c: c, left: c.s.c.Limits.NAR}, func(claim store.Claim) error {
		return c.believe(claim, keys)
	})
}

// believe says why what an export claims is not believed.
func (c *conn) believe(claim store.Claim, keys []narinfo.PublicKey) error {
	if claim.Proven || c.trusted {
		return nil
	}
	if claim.Signature == "" {
		return &store.ImportError{Path: claim.Path, Msg: "is not signed, and you are not trusted to vouch for it"}
	}
	signature, err := narinfo.ParseSignature(claim.Signature)
	if err != nil {
		return &store.ImportError{Path: claim.Path, Msg: "has a signature that cannot be read", Err: err}
	}
	if !signature.OfExport(claim.Digest, keys) {
		return &store.ImportError{Path: claim.Path, Msg: fmt.Sprintf("is signed with the key %.100q, which is not trusted here, or has been changed", signature.Key)}
	}
	return nil
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
