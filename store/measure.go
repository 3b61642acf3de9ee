package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	gohash "hash"
	"io"
	"io/fs"

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
	other     gohash.Hash // hash of the archive by another function, or of the file's bytes; else nil
	refs      *refscan.Scanner
	size      int64 // bytes of the archive
	nodes     int
}

// newMeasurement returns a measurement for a content hash of the given kind
// (algo 0 when none is needed). refs may be nil.
func newMeasurement(recursive bool, algo hash.Algo, refs *refscan.Scanner) *measurement {
	m := &measurement{algo: algo, recursive: recursive, nar: sha256.New(), refs: refs}
	if algo != 0 && (!recursive || algo != hash.SHA256) {
		m.other = algo.New()
	}
	return m
}

// Write takes a part of the archive.
func (m *measurement) Write(b []byte) (int, error) {
	m.size += int64(len(b))
	m.nar.Write(b)
	if m.other != nil && m.recursive {
		m.other.Write(b)
	}
	if m.refs != nil {
		m.refs.Write(b)
	}
	return len(b), nil
}

// fixed returns the content hash that was asked for.
func (m *measurement) fixed() hash.Digest {
	if m.other != nil {
		return hash.Digest{Algo: m.algo, Sum: m.other.Sum(nil)}
	}
	return hash.Digest{Algo: hash.SHA256, Sum: m.nar.Sum(nil)}
}

// read measures what lies at hostPath, and copies it to copyTo unless that is "".
func (m *measurement) read(ctx context.Context, hostPath string, filter func(string, fs.FileInfo) bool, copyTo string, owner *tree.Owner) error {
	if m.recursive {
		var err error
		m.nodes, err = tree.Dump(ctx, m, hostPath, tree.Options{Filter: filter, CopyTo: copyTo, Owner: owner})
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
// bytes, and unpacks its archive to copyTo unless that is "".
func (m *measurement) flat(ctx context.Context, f io.Reader, name string, size int64, copyTo string, owner *tree.Owner) error {
	if copyTo == "" {
		return m.writeFlat(m, f, name, size)
	}
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 1<<20)
		err := m.writeFlat(io.MultiWriter(m, b), f, name, size)
		if err == nil {
			err = b.Flush()
		}
		w.CloseWithError(err)
	}()
	err := tree.Restore(ctx, r, copyTo, owner)
	r.CloseWithError(err)
	return err
}

func (m *measurement) writeFlat(to io.Writer, f io.Reader, name string, size int64) error {
	w := nar.NewWriter(to)
	if err := w.WriteHeader(nar.Header{Type: nar.Regular, Size: size}); err != nil {
		return err
	}
	n, err := io.CopyBuffer(io.MultiWriter(w, m.other), io.LimitReader(f, size), make([]byte, 1<<20))
	if err == nil && n < size {
		err = &tree.ChangedError{Path: name}
	}
	if err != nil {
		return err
	}
	return w.Close()
}

// unpack measures the archive that r holds while unpacking it to place.
func (m *measurement) unpack(ctx context.Context, r io.Reader, place string, owner *tree.Owner) error {
	// The reader must not be ahead of what is hashed: bufio hands on exactly
	// what the archive's reader takes.
	in := bufio.NewReaderSize(r, 256<<10)
	pr, pw := io.Pipe()
	go func() {
		pw.CloseWithError(copyNAR(io.MultiWriter(m, pw), in, &m.nodes))
	}()
	err := tree.Restore(ctx, pr, place, owner)
	pr.CloseWithError(err)
	return err
}

// copyNAR copies one archive from r to w, checking it, and counts its nodes.
func copyNAR(w io.Writer, r *bufio.Reader, nodes *int) error {
	in, out := nar.NewReader(r), nar.NewWriter(w)
	buf := make([]byte, 256<<10)
	for {
		h, err := in.Next()
		if err == io.EOF {
			return out.Close()
		}
		if err != nil {
			return err
		}
		*nodes++
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		if h.Type == nar.Regular {
			if _, err := io.CopyBuffer(onlyWriter{out}, in, buf); err != nil {
				return err
			}
		}
	}
}

// onlyWriter hides other methods, so that the buffer given is used.
type onlyWriter struct{ io.Writer }
