package tree

import (
	"crypto/sha256"
	"errors"
	gohash "hash"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// Sharing lets files that are the same in all that an archive knows become names
// of one.
type Sharing struct {
	// From is the size of the smallest files that are shared.
	From int64
	// Find is told of each regular file of at least that size. It returns the path
	// of another that is the same, and in the canonical form; "" when there is none.
	// Several goroutines call it.
	Find func(File) string
}

// File is a regular file whose content is known.
type File struct {
	Rel        string // its path in the tree, with slashes; "" for the root
	Executable bool
	Size       int64
	Sum        []byte // SHA-256 of the archive that holds this file alone
}

// wants says whether files of this size are shared.
func (s *Sharing) wants(size int64) bool { return s != nil && size >= s.From && size > 0 }

// summer computes File.Sum of what is written to it.
type summer struct {
	h gohash.Hash
	w *nar.Writer
}

func newSummer(executable bool, size int64) *summer {
	h := sha256.New()
	s := &summer{h, nar.NewWriter(h)}
	// Neither can fail: a hash takes everything.
	_ = s.w.WriteHeader(nar.Header{Type: nar.Regular, Executable: executable, Size: size})
	return s
}

func (s *summer) Write(b []byte) (int, error) { return s.w.Write(b) }

func (s *summer) sum() ([]byte, error) {
	err := s.w.Close()
	return s.h.Sum(nil), err
}

// sumOf is File.Sum of b.
func sumOf(executable bool, b []byte) ([]byte, error) {
	s := newSummer(executable, int64(len(b)))
	if _, err := s.Write(b); err != nil {
		return nil, err
	}
	return s.sum()
}

// FileSum returns File.Sum of the regular file at path.
func FileSum(path string) ([]byte, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &ForbiddenError{path, "no regular file"}
	}
	s := newSummer(st.Mode()&0o100 != 0, st.Size())
	buf := make([]byte, min(max(st.Size(), 1), chunk))
	if _, err := io.CopyBuffer(onlyWriter{s}, f, buf); err != nil {
		return nil, err
	}
	sum, err := s.sum()
	if err != nil {
		return nil, &ChangedError{path}
	}
	return sum, nil
}

// onlyWriter hides what else a writer can do, so that a buffer is used.
type onlyWriter struct{ io.Writer }

// linkTo makes name in dir, where nothing lies, another name of the file at path,
// and says whether it is one. That it cannot be is no error: too many names, or the
// file is gone.
func linkTo(path string, dir int, name string) bool {
	return again(func() error { return unix.Linkat(unix.AT_FDCWD, path, dir, name, 0) }) == nil
}

// replaceByLink makes name in dir, which is a file, another name of the file at
// path, in one step, and says whether it is one.
func replaceByLink(path string, dir int, name string) (bool, error) {
	temp, err := freeName(name, func(temp string) error {
		return again(func() error { return unix.Linkat(unix.AT_FDCWD, path, dir, temp, 0) })
	})
	if err != nil {
		return false, nil
	}
	if err := again(func() error { return unix.Renameat(dir, temp, dir, name) }); err != nil {
		return false, errors.Join(err, unix.Unlinkat(dir, temp, 0))
	}
	return true, nil
}

// Share makes the file at place another name of the one at path, which is the same,
// in one step. That it cannot be one is no error.
func Share(path, place string) error {
	_, err := replaceByLink(path, unix.AT_FDCWD, place)
	return pathError("share", place, err)
}
