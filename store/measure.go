package store

import (
	"context"
	"crypto/sha256"
	gohash "hash"
	"io"

	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/refscan"
	"fruix/store/tree"
)

// measurement learns in one pass over a tree all that its registration needs:
// the archive's hash and size, the hash that its path or a promise is about,
// and what it refers to. It is the writer that the archive goes to.
type measurement struct {
	algo      hash.Algo
	recursive bool
	nar       gohash.Hash // SHA-256 of the archive
	other     gohash.Hash // hash of the archive by another function; nil when not needed
	content   gohash.Hash // hash of a file's bytes; nil when not needed
	refs      *refscan.Scanner
	share     *sharing
	size      int64 // bytes of the archive
	nodes     int
}

// newMeasurement returns a measurement for a content hash of the given kind
// (algo 0 when none is needed). refs may be nil.
func newMeasurement(recursive bool, algo hash.Algo, refs *refscan.Scanner) *measurement {
	m := &measurement{algo: algo, recursive: recursive, nar: sha256.New(), refs: refs}
	switch {
	case algo == 0:
	case !recursive:
		m.content = algo.New()
	case algo != hash.SHA256:
		m.other = algo.New()
	}
	return m
}

// measurement returns one for an object that arrives, whose files are shared.
func (s *Store) measurement(recursive bool, algo hash.Algo, refs *refscan.Scanner) *measurement {
	m := newMeasurement(recursive, algo, refs)
	m.share = s.sharing()
	return m
}

// Write takes a part of the archive.
func (m *measurement) Write(b []byte) (int, error) {
	m.size += int64(len(b))
	m.nar.Write(b)
	if m.other != nil {
		m.other.Write(b)
	}
	if m.refs != nil {
		m.refs.Write(b)
	}
	return len(b), nil
}

// fixed returns the content hash that was asked for.
func (m *measurement) fixed() hash.Digest {
	switch {
	case m.content != nil:
		return hash.Digest{Algo: m.algo, Sum: m.content.Sum(nil)}
	case m.other != nil:
		return hash.Digest{Algo: m.algo, Sum: m.other.Sum(nil)}
	}
	return hash.Digest{Algo: hash.SHA256, Sum: m.nar.Sum(nil)}
}

// read measures what lies at hostPath, and copies it to copyTo unless that is "".
func (m *measurement) read(ctx context.Context, hostPath string, filter func(string) bool, copyTo string, owner *tree.Owner) error {
	if m.recursive {
		var err error
		m.nodes, err = tree.Dump(ctx, m, hostPath, tree.Options{Filter: filter, CopyTo: copyTo, Owner: owner, Share: m.share.options()})
		return err
	}
	f, size, err := openRegular(hostPath)
	if err != nil {
		return err
	}
	defer f.Close()
	m.nodes = 1
	return m.flat(ctx, f, hostPath, size, copyTo, owner)
}

// flat measures a file of the given size that is added by the hash of its
// bytes, and copies it to copyTo unless that is "".
func (m *measurement) flat(ctx context.Context, f io.Reader, name string, size int64, copyTo string, owner *tree.Owner) error {
	if copyTo == "" {
		return m.copyFlat(ctx, io.Discard, f, name, size)
	}
	err := tree.WriteFile(copyTo, owner, func(w io.Writer) error { return m.copyFlat(ctx, w, f, name, size) })
	if err != nil {
		return err
	}
	return m.share.single(copyTo, size)
}

func (m *measurement) copyFlat(ctx context.Context, to io.Writer, f io.Reader, name string, size int64) error {
	w := nar.NewWriter(m)
	if err := w.WriteHeader(nar.Header{Type: nar.Regular, Size: size}); err != nil {
		return err
	}
	buf := make([]byte, min(max(size, 512), 1<<20))
	for left := size; left > 0; {
		n, err := io.ReadFull(f, buf[:min(left, int64(len(buf)))])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = &tree.ChangedError{Path: name}
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			return err
		}
		w.Write(buf[:n]) // m never fails, and the size is right
		m.content.Write(buf[:n])
		left -= int64(n)
	}
	return w.Close()
}

// unpack measures the archive that r holds while unpacking it to place.
func (m *measurement) unpack(ctx context.Context, r io.Reader, place string, owner *tree.Owner) (err error) {
	m.nodes, err = tree.RestoreSharing(ctx, nar.NewTeeReader(r, m), place, owner, m.share.options())
	return err
}
