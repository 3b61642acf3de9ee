package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Limits bound what comes out of an archive.
type Limits struct {
	// Bytes is the most that all files may have together. Less is allowed when
	// the archive is small: see Ratio.
	Bytes int64
	// Ratio is how many times as large as the archive the files may be; but
	// 1 GiB is allowed in any case.
	Ratio int64
	// Members is how many there may be.
	Members int64
}

// DefaultLimits are far beyond what any source needs, and what a machine bears.
func DefaultLimits() Limits { return Limits{Bytes: 64 << 30, Ratio: 1000, Members: 10_000_000} }

// always is how much any archive may hold.
const always = 1 << 30

// LimitError is an archive that holds more than Limits allows.
type LimitError struct{ What string }

func (e *LimitError) Error() string { return e.What + ": it may be made to fill the disk" }

// budget makes of l what is left for an archive of size bytes.
func (l Limits) budget(size int64) Limits {
	if by := max(size, 1) * l.Ratio; by/l.Ratio == max(size, 1) {
		l.Bytes = min(l.Bytes, max(by, always))
	}
	return l
}

// tooMuch is the error for the member at which the files become too large.
func (u *unpacker) tooMuch(member string) error {
	return &LimitError{fmt.Sprintf("with the member %q the files are larger than %d bytes, for an archive of %d", member, u.most, u.size)}
}

// clean gives a member's name without "./" and "/" around it.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// name tells where a member goes, and whether it is wanted. A name that has ".."
// in it is refused, as tar(1) does; a leading "/" is dropped.
func (u *unpacker) name(member string) (string, bool, error) {
	if u.left.Members--; u.left.Members < 0 {
		return "", false, &LimitError{fmt.Sprintf("it has more than %d members", u.Limits.Members)}
	}
	if err := checkName(member); err != nil {
		return "", false, err
	}
	name, ok := u.target(member)
	return name, ok, nil
}

func checkName(member string) error {
	switch {
	case len(member) > maxName:
		return fmt.Errorf("a member's name has %d bytes: %.60q…", len(member), member)
	case strings.ContainsRune(member, 0):
		return fmt.Errorf("the member's name %q holds a NUL", member)
	}
	for part := range strings.SplitSeq(member, "/") {
		if part == ".." {
			return fmt.Errorf("the member's name %q leads out of the archive", member)
		}
	}
	return nil
}

// target is where a member with a proper name goes.
func (u *unpacker) target(member string) (string, bool) {
	name := clean(member)
	if len(u.Select) > 0 && !u.selected(name) {
		return "", false
	}
	parts := strings.Split(name, "/")
	if len(parts) <= u.Strip {
		return "", false
	}
	name = strings.Join(parts[u.Strip:], "/")
	return name, name != ""
}

func (u *unpacker) selected(name string) bool {
	for _, s := range u.Select {
		s = clean(s)
		if s == "" || name == s || strings.HasPrefix(name, s+"/") {
			u.found[s] = true
			return true
		}
	}
	return false
}

func (u *unpacker) parent(name string) error {
	if dir := path.Dir(name); dir != "." {
		return u.root.MkdirAll(dir, 0o755)
	}
	return nil
}

// clear makes room for a member that comes a second time: the last one counts.
func (u *unpacker) clear(name string) error {
	if err := u.parent(name); err != nil {
		return err
	}
	info, err := u.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// A folder goes when it is empty.
	if err := u.root.Remove(name); err != nil {
		if info.IsDir() {
			return fmt.Errorf("the archive holds %q as a folder with files, and again as something else", name)
		}
		return err
	}
	return nil
}

// regular makes a file of size bytes, as the archive says, from r.
func (u *unpacker) regular(name string, mode fs.FileMode, mtime time.Time, size int64, r io.Reader) error {
	if size < 0 || size > u.left.Bytes {
		return u.tooMuch(name)
	}
	if err := u.clear(name); err != nil {
		return err
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := u.copy(f, r)
	switch {
	case err != nil:
		return err
	case n > u.left.Bytes:
		return u.tooMuch(name)
	case n != size:
		return fmt.Errorf("member %q has %d of %d bytes", name, n, size)
	}
	u.left.Bytes -= n
	if err := f.Chmod(mode&^0o022 | 0o600); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return u.root.Chtimes(name, mtime, mtime)
}

// hole is how many zeros are worth a hole in a file.
const hole = 4096

// copy writes r to f, at most a little more than may be, and leaves holes
// where whole blocks are zero. It returns the size of the file.
func (u *unpacker) copy(f *os.File, r io.Reader) (int64, error) {
	if u.buf == nil {
		u.buf = make([]byte, 128<<10)
	}
	var size int64
	for size <= u.left.Bytes {
		n, err := fill(r, u.buf)
		for at := 0; at < n; at += hole {
			block := u.buf[at:min(at+hole, n)]
			if len(block) == hole && allZero(block) {
				continue
			}
			if _, err := f.WriteAt(block, size+int64(at)); err != nil {
				return 0, err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	return size, f.Truncate(size)
}

// fill reads until b is full or r ends; unlike io.ReadFull it passes on how.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var got int
		got, err = r.Read(b[n:])
		n += got
	}
	return n, err
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

func (u *unpacker) directory(name string, mode fs.FileMode, mtime time.Time) error {
	info, err := u.root.Lstat(name)
	if err == nil && !info.IsDir() && info.Mode()&fs.ModeSymlink == 0 {
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	if err := u.root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	if err := u.root.Chmod(name, mode&^0o022|0o700); err != nil {
		return err
	}
	u.dirs = append(u.dirs, dirTime{name, mtime})
	return nil
}

func (u *unpacker) symlink(name, target string) error {
	if target == "" || len(target) > maxName || strings.ContainsRune(target, 0) {
		return fmt.Errorf("the symbolic link %q has no proper target", name)
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Symlink(target, name)
}

// link makes name another name of the member called target.
func (u *unpacker) link(name, target string) error {
	if err := checkName(target); err != nil {
		return fmt.Errorf("the hard link %q: %w", name, err)
	}
	to, ok := u.target(target)
	if !ok {
		return fmt.Errorf("member %q is a hard link to %q, which is not unpacked", name, target)
	}
	if to == name {
		return nil
	}
	info, err := u.root.Lstat(to)
	if err != nil {
		return fmt.Errorf("member %q is a hard link to %q, which is not there", name, target)
	}
	if info.IsDir() {
		return fmt.Errorf("member %q is a hard link to the folder %q", name, target)
	}
	// It takes no room, but whoever reads what was unpacked reads all of it once more.
	if info.Mode().IsRegular() {
		if info.Size() > u.left.Bytes {
			return u.tooMuch(name)
		}
		u.left.Bytes -= info.Size()
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Link(to, name)
}

func (u *unpacker) finish() error {
	for i := len(u.dirs) - 1; i >= 0; i-- {
		d := u.dirs[i]
		if err := u.root.Chtimes(d.name, d.time, d.time); err != nil {
			return err
		}
	}
	return nil
}
