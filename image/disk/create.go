package disk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"fruix/image/tree"
)

// CreateOptions change what CreateFile does.
type CreateOptions struct {
	// Hash asks for the SHA-256 of the image, holes included.
	Hash bool
	// NoSync leaves out waiting until the image is on the disk. A crash of
	// the machine can then leave an image with missing parts.
	NoSync bool
	// Mode holds the permission bits of the file, from which the process's
	// umask is taken; 0 is 0666.
	Mode os.FileMode
	// Progress is told, from one goroutine at a time, up to where the image is
	// written; it may be nil.
	Progress func(done, total int64)
}

// Result tells about an image that CreateFile wrote.
type Result struct {
	Size int64
	// SHA256 of the whole image, if it was asked for.
	SHA256 [sha256.Size]byte
}

// CreateFile writes an image to a sparse file that appears at path when it is
// complete, in place of what was there. It is written under a temporary name
// beside path. Whatever goes wrong, be it a full disk or that ctx is done, the
// temporary file is removed and what was at path is as before.
func CreateFile(ctx context.Context, path string, w Writer, o CreateOptions) (Result, error) {
	res, err := createFile(ctx, path, w, o)
	if err != nil {
		return Result{}, fmt.Errorf("writing the image %s (%d bytes): %w", path, w.Size(), err)
	}
	return res, nil
}

func createFile(ctx context.Context, path string, w Writer, o CreateOptions) (res Result, err error) {
	if err := ctx.Err(); err != nil {
		return res, err
	}
	f, err := createTemp(path, o.Mode)
	if err != nil {
		return res, err
	}
	defer func() {
		f.Close() // twice is harmless
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	res.Size = w.Size()
	if err := f.Truncate(res.Size); err != nil {
		return res, err
	}
	guard := tree.Guard{W: f, Err: ctx.Err}
	var watchers watchers
	if o.Progress != nil {
		watchers = append(watchers, &meter{size: res.Size, tell: o.Progress})
	}
	var hash *hasher
	if o.Hash {
		hash = startHasher(ctx, f, res.Size)
		defer hash.stop()
		watchers = append(watchers, hash)
	}
	if len(watchers) > 0 {
		guard.Watch = watchers
	}
	if err := w.WriteTo(tree.Section{W: guard, Limit: res.Size}); err != nil {
		return res, err
	}
	if o.Hash {
		if res.SHA256, err = hash.finish(); err != nil {
			return res, err
		}
	}
	if !o.NoSync {
		if err := f.Sync(); err != nil {
			return res, err
		}
	}
	// Some file systems find out that they are full only now.
	if err := f.Close(); err != nil {
		return res, err
	}
	if err := ctx.Err(); err != nil {
		return res, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return res, err
	}
	if !o.NoSync {
		syncDir(filepath.Dir(path))
	}
	return res, nil
}

// createTemp makes a new file beside path. Its name is hidden, tells what it
// belongs to, and is free.
func createTemp(path string, mode os.FileMode) (*os.File, error) {
	if mode == 0 {
		mode = 0o666
	}
	dir, base := filepath.Split(path)
	if len(base) > 200 {
		base = base[:200] // leave room in the name
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s.%s.%d-%d.part", dir, base, os.Getpid(), n)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode.Perm())
		if !errors.Is(err, os.ErrExist) || n == 1000 {
			return f, err
		}
	}
}

// syncDir makes a rename in dir last. Where that is not supported nothing is
// lost but that.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
