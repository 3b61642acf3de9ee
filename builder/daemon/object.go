package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"fruix/store"
	"fruix/store/hash"
	"fruix/store/narinfo"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

var errVouch = errors.New("only users whom the daemon trusts may add what is neither signed by a key that is trusted here nor proves itself")

// addObject adds an object that was made elsewhere and whose archive the client sends
// behind the arguments.
func (c *conn) addObject(ctx context.Context, o calls.Object) (none calls.None, err error) {
	c.meter.allow(c.s.c.Limits.NAR)
	defer c.meter.free()
	st, err := c.store(ctx)
	if err != nil {
		return none, &fatalError{err}
	}
	info, add, err := c.vouched(st, o)
	if err != nil {
		return none, errors.Join(err, c.skip(ctx))
	}
	release, err := c.acct.adds.take(ctx)
	if err != nil {
		return none, &fatalError{err}
	}
	defer release()
	switch err := add(ctx, *info, c.r.Raw()); {
	case err == nil:
		return none, nil
	case errors.As(err, new(*store.UnprovenError)), errors.As(err, new(*store.HashMismatchError)):
		return none, err // the archive has been read to its end
	case errors.Is(err, io.ErrUnexpectedEOF): // it goes on behind its size, or the client has gone
		return none, &fatalError{fmt.Errorf("what came of %.300s is no archive of %d bytes", o.Path, o.Size)}
	default:
		return none, &fatalError{err} // nobody knows where the archive ends
	}
}

// vouched decides whether an object may be added as it is described, and how. Of a
// client that is not trusted nothing is taken but what a signature covers or the content
// proves: not who has made it.
func (c *conn) vouched(st *store.Store, o calls.Object) (info *store.Info, add func(context.Context, store.Info, io.Reader) error, err error) {
	sum, err := hex.DecodeString(o.Hash)
	switch {
	case err != nil || len(sum) != sha256.Size:
		return nil, nil, fmt.Errorf("%.100q is no SHA-256 of an archive", o.Hash)
	case o.Size > uint64(c.s.c.Limits.NAR):
		return nil, nil, &wire.LimitError{What: "what you send", Max: c.s.c.Limits.NAR}
	case o.Repair:
		return nil, nil, errors.New("an object is repaired by building it, not by sending it")
	case o.Unchecked && !c.trusted:
		return nil, nil, errVouch
	}
	info = &store.Info{
		Path: o.Path, NarHash: sum, NarSize: int64(o.Size), References: o.References, Deriver: o.Deriver, ContentAddress: o.ContentAddress,
	}
	if o.Unchecked {
		return info, st.AddForeign, nil
	}
	signed, err := c.signed(info, o.Signatures)
	if err != nil {
		return nil, nil, err
	}
	if !c.trusted {
		info.Deriver = ""
	}
	switch {
	case signed:
		return info, st.AddForeign, nil
	case info.ContentAddress != "":
		return info, st.AddProven, nil
	}
	return nil, nil, fmt.Errorf("%.300s is not signed by a key that is trusted here", o.Path)
}

// signObjects signs what is known of objects with the store's keys, for whoever asks: so
// does who serves the store to the world. Without a key there are no signatures.
func (c *conn) signObjects(ctx context.Context, paths []string) (pairs [][2]string, err error) {
	keys, err := c.s.c.SigningKeys()
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	st, err := c.store(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		i, err := st.Info(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			pairs = append(pairs, [2]string{p, k.Signature(narinfoOf(i)).String()})
		}
	}
	return pairs, nil
}

func narinfoOf(i *store.Info) *narinfo.Info {
	return &narinfo.Info{
		Path: i.Path, NarHash: hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}, NarSize: i.NarSize,
		References: i.References, Deriver: i.Deriver, CA: i.ContentAddress,
	}
}

// signed says whether a key that is trusted here has signed what is said of an object.
func (c *conn) signed(i *store.Info, signatures []string) (bool, error) {
	if len(signatures) == 0 {
		return false, nil
	}
	keys, err := c.s.c.Keys()
	if err != nil {
		return false, err
	}
	n := narinfoOf(i)
	for _, text := range signatures {
		s, err := narinfo.ParseSignature(text)
		if err != nil {
			return false, fmt.Errorf("a signature of %.300s: %w", i.Path, err)
		}
		n.Signatures = append(n.Signatures, s)
	}
	_, ok := n.SignedBy(keys)
	return ok, nil
}
