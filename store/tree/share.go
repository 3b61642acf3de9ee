package tree

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
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
	// Find is told of each regular file of at least that size. It returns another
	// that is the same, and in the canonical form; nil when there is none. Several
	// goroutines call it.
	Find func(File) *Twin
}

// Twin is a file that is the same as another. It is held open, because while it is
// compared its path can become that of another file: only a link that leads to the
// open one is made, and as long as it is open nothing else can pass for it.
type Twin struct {
	path string
	file *os.File
}

// NewTwin returns the open file at path as a twin, which owns it from now on.
func NewTwin(path string, file *os.File) *Twin { return &Twin{path, file} }

// Close lets go of the file.
func (t *Twin) Close() error { return t.file.Close() }

// link makes name in dir, where nothing lies, another name of the file.
func (t *Twin) link(dir int, name string) error {
	err := again(func() error { return unix.Linkat(unix.AT_FDCWD, t.path, dir, name, 0) })
	if err != nil {
		return err
	}
	var want unix.Stat_t
	if err = again(func() error { return unix.Fstat(int(t.file.Fd()), &want) }); err == nil {
		var got unix.Stat_t
		if got, err = lstatat(dir, name); err == nil && (got.Dev != want.Dev || got.Ino != want.Ino) {
			err = unix.ESTALE
		}
	}
	if err != nil {
		return errors.Join(err, unix.Unlinkat(dir, name, 0))
	}
	return nil
}

// File is a regular file whose content is known.
type File struct {
	Rel        string // its path in the tree, with slashes; "" for the root
	Executable bool
	Size       int64
	// Key is what a file has in common with those that are the same: SHA-256 of the
	// archive that holds it alone, so that there are no others; but for a file that
	// is [File.Sampled] SHA-256 of parts of it, so that others may have it, too.
	Key []byte
	// Content is that of a sampled file, to be compared with others. It lasts as
	// long as the call that is told of the file.
	Content io.ReaderAt
}

// Sampled says whether the file's key is made of parts of it. A second hash of all
// of a large file would take longer than all else that is done with it, and two
// large files whose parts agree are nearly always the same.
func (f File) Sampled() bool { return f.Size > smallFile }

const (
	samples    = 16      // of a sampled file
	sampleSize = 4 << 10 // bytes of each; all of them are less than smallFile
)

// wants says whether files of this size are shared.
func (s *Sharing) wants(size int64) bool { return s != nil && size >= s.From && size > 0 }

// keyOfBytes is the key of a file that is not sampled.
func keyOfBytes(executable bool, b []byte) ([]byte, error) {
	h := sha256.New()
	w := nar.NewWriter(h)
	if err := w.WriteHeader(nar.Header{Type: nar.Regular, Executable: executable, Size: int64(len(b))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// keyOfSamples is the key of a sampled file.
func keyOfSamples(executable bool, size int64, content io.ReaderAt) ([]byte, error) {
	h := sha256.New()
	fmt.Fprintf(h, "sampled %v %d\n", executable, size)
	buf := make([]byte, sampleSize)
	for i := range int64(samples) {
		at := (size - sampleSize) / (samples - 1) * i
		if i == samples-1 {
			at = size - sampleSize
		}
		if _, err := content.ReadAt(buf, at); err != nil {
			return nil, err
		}
		h.Write(buf)
	}
	return h.Sum(nil), nil
}

// sampled returns the File of a sampled one.
func sampled(rel string, executable bool, size int64, content io.ReaderAt) (File, error) {
	key, err := keyOfSamples(executable, size, content)
	return File{rel, executable, size, key, content}, err
}

// OpenFile opens the regular file at path, which lies in no tree, and returns what
// is to be known of it. The caller closes it.
func OpenFile(path string) (*os.File, File, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, File{}, pathError("open", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	file, err := describe(f, path)
	if err != nil {
		f.Close()
		return nil, File{}, err
	}
	return f, file, nil
}

// describe returns what is to be known of an open file.
func describe(f *os.File, path string) (File, error) {
	st, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	if !st.Mode().IsRegular() {
		return File{}, &ForbiddenError{path, "no regular file"}
	}
	file := File{Executable: st.Mode()&0o100 != 0, Size: st.Size()}
	if file.Sampled() {
		file, err = sampled("", file.Executable, file.Size, f)
	} else {
		content := make([]byte, file.Size)
		if _, err = io.ReadFull(f, content); err == nil {
			file.Key, err = keyOfBytes(file.Executable, content)
		}
	}
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &ChangedError{path}
	}
	return file, err
}

// SameBytes says whether the first size bytes of a and b are the same.
func SameBytes(a, b io.ReaderAt, size int64) (bool, error) {
	const step = 128 << 10
	x, y := make([]byte, min(size, step)), make([]byte, min(size, step))
	for at := int64(0); at < size; at += step {
		n := min(size-at, step)
		if _, err := a.ReadAt(x[:n], at); err != nil && (err != io.EOF || at+n < size) {
			return false, err
		}
		if _, err := b.ReadAt(y[:n], at); err != nil && (err != io.EOF || at+n < size) {
			return false, err
		}
		if !bytes.Equal(x[:n], y[:n]) {
			return false, nil
		}
	}
	return true, nil
}

// linkTo makes name in dir, where nothing lies, another name of a file, and says
// whether it is one. That it cannot be is no error: too many names, or the file is
// gone.
func linkTo(same *Twin, dir int, name string) bool { return same.link(dir, name) == nil }

// replaceByLink makes name in dir, which is a file, another name of one that is the
// same, in one step, and says whether it is one.
func replaceByLink(same *Twin, dir int, name string) (bool, error) {
	temp, err := freeName(name, func(temp string) error { return same.link(dir, temp) })
	if err != nil {
		return false, nil
	}
	if err := again(func() error { return unix.Renameat(dir, temp, dir, name) }); err != nil {
		return false, errors.Join(err, unix.Unlinkat(dir, temp, 0))
	}
	return true, nil
}

// Link makes place, where nothing lies, another name of a file, and says whether it is.
func Link(same *Twin, place string) bool { return linkTo(same, unix.AT_FDCWD, place) }

// Share makes the file at place another name of one that is the same, in one step.
// That it cannot be one is no error.
func Share(same *Twin, place string) error {
	_, err := replaceByLink(same, unix.AT_FDCWD, place)
	return pathError("share", place, err)
}
