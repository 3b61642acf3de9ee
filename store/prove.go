package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"fruix/store/hash"
	"fruix/store/path"
)

// UnprovenError reports an object whose path does not follow from its content.
type UnprovenError struct{ Path string }

func (e *UnprovenError) Error() string {
	return e.Path + " does not follow from the content that came with it"
}

// AddProven is [Store.AddForeign] for an object of which nobody is believed: its
// path must follow from its content and its references in the way that
// i.ContentAddress says, as that of a text, a source, a derivation or a fixed
// output without references does. Otherwise the error is an *UnprovenError. A deriver
// is not noted, since nobody vouches for it.
func (s *Store) AddProven(ctx context.Context, i Info, nar io.Reader) error {
	p, err := s.newProof(i)
	if err != nil {
		return err
	}
	i.Deriver = ""
	return s.addForeign(ctx, i, nar, p, true)
}

// proof is the way in which a path is to follow from content.
type proof struct {
	storeDir  string
	want      path.Path
	refs      []path.Path
	text      bool      // as MakeText computes it; otherwise as MakeFixed does
	recursive bool      // by the archive, not by a file's bytes
	algo      hash.Algo // of the content
}

func (s *Store) newProof(i Info) (*proof, error) {
	p := &proof{storeDir: s.c.StoreDir}
	var err error
	if p.want, err = s.parse(i.Path); err != nil {
		return nil, err
	}
	for _, r := range i.References {
		q, err := s.parse(r)
		if err != nil {
			return nil, err
		}
		p.refs = append(p.refs, q)
	}
	rest, isText := strings.CutPrefix(i.ContentAddress, "text:")
	rest, isFixed := strings.CutPrefix(rest, "fixed:")
	if isText == isFixed {
		return nil, &UnprovenError{i.Path}
	}
	p.text = isText
	rest, p.recursive = strings.CutPrefix(rest, "r:")
	name, _, _ := strings.Cut(rest, ":")
	if p.algo, err = hash.ParseAlgo(name); err != nil || p.text && (p.recursive || p.algo != hash.SHA256) {
		return nil, &UnprovenError{i.Path}
	}
	return p, nil
}

// archive is the hash of the archive that the proof takes, 0 when none.
func (p *proof) archive() hash.Algo {
	if p == nil || !p.recursive {
		return 0
	}
	return p.algo
}

// check holds what lies at place, as measured, to the proof, and returns its content
// address; "" when there is no proof.
func (p *proof) check(place string, m *measurement) (string, error) {
	if p == nil {
		return "", nil
	}
	sum := m.fixed().Sum
	if !p.recursive {
		var err error
		if sum, err = p.fileSum(place); err != nil {
			return "", err
		}
	}
	digest := hash.Digest{Algo: p.algo, Sum: sum}
	ca := contentAddress(p.recursive, digest)
	var got path.Path
	var err error
	switch {
	case p.text:
		ca = "text:" + digest.String()
		got, err = path.MakeTextOf(p.storeDir, p.want.Name, sum, p.refs)
	default:
		got, err = path.MakeFixed(p.storeDir, p.want.Name, p.recursive, p.algo, sum, p.refs)
	}
	if err != nil || got != p.want {
		return "", &UnprovenError{p.want.In(p.storeDir)}
	}
	return ca, nil
}

// fileSum is the hash of the bytes of the plain file at place.
func (p *proof) fileSum(place string) ([]byte, error) {
	st, err := os.Lstat(place)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Mode()&0o111 != 0 {
		return nil, &UnprovenError{p.want.In(p.storeDir)}
	}
	f, _, err := openRegular(place)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := p.algo.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return h.Sum(nil), nil
}

// AddressOf says how the path of an object whose tree lies at place follows from its
// content and its references, in the form of [Info.ContentAddress], for texts, sources and
// derivations, and for files that are fixed outputs by their SHA-256; "" when it does not.
// The hash of the archive is believed.
func AddressOf(ctx context.Context, storeDir string, i *Info, place string) (string, error) {
	q, err := path.Parse(storeDir, i.Path)
	if err != nil {
		return "", err
	}
	var refs []path.Path
	for _, r := range i.References {
		p, err := path.Parse(storeDir, r)
		if err != nil {
			return "", err
		}
		refs = append(refs, p)
	}
	archive := hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}
	if source, err := path.MakeFixed(storeDir, q.Name, true, hash.SHA256, i.NarHash, refs); err == nil && source == q {
		return contentAddress(true, archive), nil
	}
	content, err := flatDigest(ctx, place)
	if err != nil || content.Sum == nil {
		return "", err
	}
	if text, err := path.MakeTextOf(storeDir, q.Name, content.Sum, refs); err == nil && text == q {
		return "text:" + content.String(), nil
	}
	if flat, err := path.MakeFixed(storeDir, q.Name, false, hash.SHA256, content.Sum, refs); err == nil && flat == q {
		return contentAddress(false, content), nil
	}
	return "", nil
}
