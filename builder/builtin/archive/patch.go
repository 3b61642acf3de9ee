package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// ApplyPatch applies the unified diff file to the files below dir, dropping
// strip leading parts of the names in it. Nothing is written unless all of it
// fits.
func ApplyPatch(file, dir string, strip int) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	diffs, _, err := gitdiff.Parse(f)
	if err != nil {
		return fmt.Errorf("patch %s: %w", file, err)
	}
	if len(diffs) == 0 {
		return fmt.Errorf("patch %s: it holds no unified diff", file)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var changes []change
	for _, d := range diffs {
		c, err := patched(root, d, strip)
		if err != nil {
			return fmt.Errorf("patch %s does not fit: %w", file, err)
		}
		changes = append(changes, c)
	}
	for _, c := range changes {
		if err := c.write(root); err != nil {
			return err
		}
	}
	return nil
}

// change is what a patch makes of one file.
type change struct {
	from, to string // "" when the file is made or deleted
	content  []byte
	mode     fs.FileMode
}

func patched(root *os.Root, d *gitdiff.File, strip int) (change, error) {
	var c change
	var err error
	if !d.IsNew {
		if c.from, err = stripName(d.OldName, strip); err != nil {
			return c, err
		}
	}
	if !d.IsDelete {
		if c.to, err = stripName(d.NewName, strip); err != nil {
			return c, err
		}
	}
	c.mode = 0o644
	var old []byte
	if c.from != "" {
		info, err := root.Stat(c.from)
		if err != nil {
			return c, err
		}
		c.mode = info.Mode().Perm()
		if old, err = root.ReadFile(c.from); err != nil {
			return c, err
		}
	}
	if d.NewMode != 0 {
		c.mode = d.NewMode.Perm()
	}
	var out bytes.Buffer
	if err := gitdiff.Apply(&out, bytes.NewReader(old), d); err != nil {
		var conflict *gitdiff.ApplyError
		if errors.As(err, &conflict) {
			return c, fmt.Errorf("%s, line %d: %w", c.from+c.to, conflict.Line, err)
		}
		return c, fmt.Errorf("%s: %w", c.from+c.to, err)
	}
	c.content = out.Bytes()
	return c, nil
}

// stripName drops leading parts of a name in a diff. The parser has already
// dropped "a/" and "b/" of git's diffs.
func stripName(name string, strip int) (string, error) {
	parts := strings.Split(path.Clean(name), "/")
	if strip > 0 && (parts[0] == "a" || parts[0] == "b") || len(parts) <= strip {
		strip = min(strip, len(parts)-1)
	}
	if len(parts) == 0 || name == "" {
		return "", errors.New("a file has no name")
	}
	return strings.Join(parts[strip:], "/"), nil
}

func (c change) write(root *os.Root) error {
	if c.to == "" {
		return root.Remove(c.from)
	}
	if dir := path.Dir(c.to); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := root.WriteFile(c.to, c.content, c.mode|0o200); err != nil {
		return err
	}
	if c.from != "" && c.from != c.to {
		return root.Remove(c.from)
	}
	return root.Chmod(c.to, c.mode|0o200)
}
