package lang

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sort"
	"strings"

	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/path"
)

type (
	reader   = io.Reader
	hashAlgo = hash.Algo
)

// File is a file of a tree that is added to the store from memory.
type File struct {
	Path       string // relative, with slashes; "" for a tree that is one file
	Content    []byte
	Executable bool
	Target     string // of a symbolic link; Content is empty then
}

// Archive returns the NAR of a tree of files; directories are implied.
func Archive(files []File) ([]byte, error) {
	sort.Slice(files, func(i, j int) bool { return pathLess(files[i].Path, files[j].Path) })
	var b bytes.Buffer
	w := nar.NewWriter(&b)
	if len(files) != 1 || files[0].Path != "" {
		if err := w.WriteHeader(nar.Header{Type: nar.Directory}); err != nil {
			return nil, err
		}
	}
	open := ""
	for i, f := range files {
		if i > 0 && files[i-1].Path == f.Path {
			return nil, fmt.Errorf("file %q is given twice", f.Path)
		}
		dirs := strings.Split(f.Path, "/")
		for n := 1; n < len(dirs); n++ {
			dir := strings.Join(dirs[:n], "/")
			if open == dir || strings.HasPrefix(open, dir+"/") {
				continue
			}
			if err := w.WriteHeader(nar.Header{Path: dir, Type: nar.Directory}); err != nil {
				return nil, err
			}
			open = dir
		}
		open = strings.Join(dirs[:len(dirs)-1], "/")
		h := nar.Header{Path: f.Path, Type: nar.Regular, Executable: f.Executable, Size: int64(len(f.Content))}
		if f.Target != "" {
			h = nar.Header{Path: f.Path, Type: nar.Symlink, Target: f.Target}
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Type == nar.Regular {
			if _, err := w.Write(f.Content); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pathLess orders paths part by part, as an archive's directories are.
func pathLess(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

// addArchive adds a tree by the hash of its archive, unless it is there.
// archive is called only when it is not.
func (s *Session) addArchive(ctx context.Context, name string, narHash []byte, archive func() ([]byte, error)) (string, error) {
	p, err := path.MakeFixed(s.Store.Dir(), name, true, hash.SHA256, narHash, nil)
	if err != nil {
		return "", err
	}
	logical := p.In(s.Store.Dir())
	if ok, err := s.Store.IsValid(ctx, logical); err != nil || ok {
		return logical, err
	}
	b, err := archive()
	if err != nil {
		return "", err
	}
	return s.Store.AddNAR(ctx, name, bytes.NewReader(b), hash.SHA256, nil)
}

// AddFiles adds a tree of files under name and returns its logical path.
func (s *Session) AddFiles(ctx context.Context, name string, files []File) (string, error) {
	b, err := Archive(files)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(b)
	return s.addArchive(ctx, name, sum[:], func() ([]byte, error) { return b, nil })
}

// runtime adds the runtime for system and returns its logical path.
func (s *Session) runtime(ctx context.Context, system string) (string, error) {
	if s.Runtime == nil {
		return "", fmt.Errorf("this fruix carries no runtime for target systems; build it with \"make\"")
	}
	name, sum, archive, err := s.Runtime.Archive(system)
	if err != nil {
		return "", err
	}
	return s.addArchive(ctx, name, sum, archive)
}
