// Package transfer moves store objects between a store and a connection, and
// decides which of those that come are believed.
//
// What enters and leaves on one side are objects of package store, on the other
// messages of package protocol. Nothing that comes is visible before its archive
// has the hash that was announced.
package transfer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	gohash "hash"
	"io"
	"strings"

	"fruix/builder/remote/protocol"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/narinfo"
	"fruix/store/path"
	"fruix/store/tree"
)

// Store is where objects come from and go to: a *store.Store, or one behind a daemon.
type Store interface {
	Dir() string // logical store directory
	ValidMany(ctx context.Context, paths []string) (map[string]bool, error)
	Closure(ctx context.Context, paths ...string) ([]string, error)
	// InfosInOrder is what is known of valid objects, each once and behind those of
	// them that it refers to.
	InfosInOrder(ctx context.Context, paths []string) ([]*store.Info, error)
	DumpNAR(ctx context.Context, p string, w io.Writer) error
}

// Sign makes signatures of what is said of objects: a list for each of infos, which may be
// empty.
type Sign func(ctx context.Context, infos []*store.Info) ([][]string, error)

// SignWith signs with keys.
func SignWith(keys []narinfo.SecretKey) Sign {
	return func(_ context.Context, infos []*store.Info) ([][]string, error) {
		out := make([][]string, len(infos))
		for n, i := range infos {
			for _, k := range keys {
				out[n] = append(out[n], k.Signature(asNarinfo(i)).String())
			}
		}
		return out, nil
	}
}

// Describe says of an object what the other side must know, with signatures. storeDir is
// the store that it belongs to.
func Describe(storeDir string, i *store.Info, signatures []string) *protocol.Info {
	base := func(p string) string { return strings.TrimPrefix(p, storeDir+"/") }
	out := &protocol.Info{
		Name: base(i.Path), NarHash: hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}.String(), NarSize: i.NarSize,
		Deriver: base(i.Deriver), CA: i.ContentAddress, Signatures: signatures,
	}
	for _, r := range i.References {
		out.References = append(out.References, base(r))
	}
	return out
}

func asNarinfo(i *store.Info) *narinfo.Info {
	return &narinfo.Info{
		Path: i.Path, NarHash: hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}, NarSize: i.NarSize,
		References: i.References, Deriver: i.Deriver, CA: i.ContentAddress,
	}
}

// Understand is the inverse of Describe. Everything is checked that can be told
// from the description alone; the error is a *protocol.FormatError.
func Understand(storeDir string, i *protocol.Info) (*store.Info, []narinfo.Signature, error) {
	out, signatures, err := understand(storeDir, i)
	if err != nil {
		return nil, nil, &protocol.FormatError{Err: err}
	}
	return out, signatures, nil
}

func understand(storeDir string, i *protocol.Info) (*store.Info, []narinfo.Signature, error) {
	out := &store.Info{NarSize: i.NarSize, ContentAddress: i.CA}
	full := func(base string) (string, error) {
		p, err := path.ParseBase(base)
		return p.In(storeDir), err
	}
	var err error
	if out.Path, err = full(i.Name); err != nil {
		return nil, nil, err
	}
	digest, err := hash.Parse(i.NarHash, 0)
	if err != nil || digest.Algo != hash.SHA256 {
		return nil, nil, fmt.Errorf("%q is no SHA-256 of an archive", i.NarHash)
	}
	out.NarHash = digest.Sum
	if i.NarSize < 0 {
		return nil, nil, fmt.Errorf("an archive of %d bytes", i.NarSize)
	}
	for _, r := range i.References {
		p, err := full(r)
		if err != nil {
			return nil, nil, err
		}
		out.References = append(out.References, p)
	}
	if i.Deriver != "" {
		if out.Deriver, err = full(i.Deriver); err != nil {
			return nil, nil, err
		}
	}
	var signatures []narinfo.Signature
	for _, text := range i.Signatures {
		s, err := narinfo.ParseSignature(text)
		if err != nil {
			return nil, nil, err
		}
		signatures = append(signatures, s)
	}
	return out, signatures, nil
}

// Send writes objects of s, each behind those that it refers to, with the signatures that
// sign makes; nil makes none. sent, which may be nil, is told of each that is about to go.
func Send(ctx context.Context, s Store, w *protocol.Writer, paths []string, sign Sign, sent func(*store.Info)) error {
	infos, err := s.InfosInOrder(ctx, paths)
	if err != nil {
		return err
	}
	signatures := make([][]string, len(infos))
	if sign != nil {
		if signatures, err = sign(ctx, infos); err != nil {
			return err
		}
	}
	for n, i := range infos {
		if sent != nil {
			sent(i)
		}
		err := w.SendObject(Describe(s.Dir(), i, signatures[n]), func(to io.Writer) error { return s.DumpNAR(ctx, i.Path, to) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Taker adds an object that comes with an archive, if it believes what is said of it. An
// object that nobody who is trusted vouches for is an *UnsignedError.
type Taker func(ctx context.Context, i *store.Info, signatures []narinfo.Signature, archive io.Reader) error

// Trust says whom to believe about objects.
type Trust struct {
	// Everybody believes whoever is on the other side.
	Everybody bool
	// Keys are whose signatures are believed.
	Keys []narinfo.PublicKey
}

// UnsignedError reports an object that nobody who is trusted vouches for.
type UnsignedError struct{ Path string }

func (e *UnsignedError) Error() string {
	return e.Path + " is not signed by a key that is trusted here"
}

// Believes says whether an object is to be believed as it is described: because
// everybody is, or because a trusted key signed it.
func (t Trust) Believes(i *store.Info, signatures []narinfo.Signature) bool {
	if t.Everybody {
		return true
	}
	n := asNarinfo(i)
	n.Signatures = signatures
	_, ok := n.SignedBy(t.Keys)
	return ok
}

// Into takes objects into s that are believed, or whose path follows from their content.
func (t Trust) Into(s *store.Store) Taker {
	return func(ctx context.Context, i *store.Info, signatures []narinfo.Signature, archive io.Reader) error {
		if t.Believes(i, signatures) {
			info := *i
			if !t.Everybody {
				info.Deriver = "" // these signatures are not about it
			}
			return s.AddForeign(ctx, info, archive)
		}
		err := s.AddProven(ctx, *i, archive)
		if errors.As(err, new(*store.UnprovenError)) {
			return &UnsignedError{i.Path}
		}
		return err
	}
}

// Through takes objects that are believed, or say that their path follows from their
// content, by asking a daemon for it, which decides for itself: unchecked is whether it is
// asked to believe everything.
func (t Trust) Through(add func(ctx context.Context, i *store.Info, signatures []string, unchecked bool, archive io.Reader) error) Taker {
	return func(ctx context.Context, i *store.Info, signatures []narinfo.Signature, archive io.Reader) error {
		if !t.Believes(i, signatures) && i.ContentAddress == "" {
			return &UnsignedError{i.Path}
		}
		var texts []string
		for _, s := range signatures {
			texts = append(texts, s.String())
		}
		return add(ctx, i, texts, t.Everybody, archive)
	}
}

// DamagedError reports an archive that is not what was said of it.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("what came of %s is not what was announced: %v", e.Path, e.Err)
}

// Unwrap returns what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// Unpack restores the archive r, described by i, to dest, where nothing may lie.
// The error is a *DamagedError when the archive is not the one described, and is
// about reading or about files otherwise; whatever was written must then be
// removed by the caller.
func Unpack(ctx context.Context, i *store.Info, r io.Reader, dest string) error {
	sum := &sizedHash{Hash: sha256.New()}
	// One byte more than announced is enough to see that there is too much.
	in := bufio.NewReaderSize(io.LimitReader(r, i.NarSize+1), int(min(i.NarSize+1, readBuffer)))
	_, err := tree.Restore(ctx, nar.NewTeeReader(in, sum), dest, nil)
	var format *nar.FormatError
	switch {
	case errors.As(err, &format) && format.Err == nil:
		return &DamagedError{i.Path, err}
	case err != nil:
		return err
	case sum.n != i.NarSize || !bytes.Equal(sum.Sum(nil), i.NarHash):
		return &DamagedError{i.Path, errors.New("its archive has another hash")}
	}
	return nil
}

// readBuffer bounds what is read of an archive at once; most are smaller.
const readBuffer = 128 << 10

// sizedHash hashes and counts bytes.
type sizedHash struct {
	gohash.Hash
	n int64
}

func (h *sizedHash) Write(b []byte) (int, error) {
	h.n += int64(len(b))
	return h.Hash.Write(b)
}

// Seal brings the tree at physical, an output that is to be sent without having
// been registered, into the canonical form, and says what is to be said of it. path is its
// name.
func Seal(ctx context.Context, path, physical string) (*store.Info, error) {
	sum := &sizedHash{Hash: sha256.New()}
	if _, err := tree.Dump(ctx, sum, physical, tree.Options{Seal: true}); err != nil {
		return nil, err
	}
	return &store.Info{Path: path, NarHash: sum.Sum(nil), NarSize: sum.n}, nil
}
