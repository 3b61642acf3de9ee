package store

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"fruix/store/path"
	"fruix/store/refscan"
)

// Mentions finds out where in the tree at a physical path objects are mentioned,
// which is what makes it refer to them: in a file's bytes, in the target of a
// symbolic link, or in a name. The result holds for each object that is
// mentioned the first such place in the order of names, relative to the tree; ""
// is the tree itself.
func (s *Store) Mentions(ctx context.Context, physical string, objects []string) (map[string]string, error) {
	parts := make(map[string]string, len(objects)) // hash part -> object
	for _, o := range objects {
		q, err := s.parse(o)
		if err != nil {
			return nil, err
		}
		parts[q.Base()[:path.HashLen]] = o
	}
	out := make(map[string]string, len(objects))
	err := filepath.WalkDir(physical, func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(physical, name)
		if err != nil {
			return err
		}
		if rel == "." {
			rel = ""
		}
		scan := refscan.New(slices.Collect(maps.Keys(parts)))
		if err := mentioned(scan, name, rel, d); err != nil {
			return err
		}
		for part, object := range parts {
			if scan.Found(part) {
				out[object] = rel
				delete(parts, part)
			}
		}
		if len(parts) == 0 {
			return fs.SkipAll
		}
		return nil
	})
	return out, err
}

// mentioned lets scan see what the entry d at name contributes to an archive.
func mentioned(scan *refscan.Scanner, name, rel string, d fs.DirEntry) error {
	if rel != "" {
		io.WriteString(scan, d.Name())
		io.WriteString(scan, "/") // a name and what follows are apart
	}
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		to, err := os.Readlink(name)
		if err != nil {
			return err
		}
		_, err = io.WriteString(scan, to)
		return err
	case d.Type().IsRegular():
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyBuffer(scan, struct{ io.Reader }{f}, make([]byte, 256<<10))
		return err
	}
	return nil
}
