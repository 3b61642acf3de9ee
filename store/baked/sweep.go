package baked

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Limits say how much is kept; 0 means no limit.
type Limits struct {
	Age   time.Duration // since the last use
	Bytes int64         // of all archives
	// Current says of a form whether archives are made in it still, so that those of
	// others go when nobody has used them for [LeftAfter]; nil means all are.
	Current func(form string) bool
}

// LeftAfter is when archives whose form is not current go. Until then a program of
// another version may use them.
const LeftAfter = 24 * time.Hour

// entry is an archive that a sweep has found.
type entry struct {
	file string
	size int64
	used time.Time
}

// Sweep removes what was left half written, archives whose Name is not wanted, those
// that nobody has used for long and, as long as there are too many bytes, those that
// were used least recently. It returns how many bytes are left. Other files are not
// touched.
func (f *Folder) Sweep(ctx context.Context, l Limits, wanted func(name string) (bool, error)) (left int64, err error) {
	forms, err := os.ReadDir(f.dir)
	if err != nil {
		return 0, err
	}
	var kept []entry
	for _, form := range forms {
		if !form.IsDir() || !good(form.Name()) {
			continue
		}
		age := l.Age
		if l.Current != nil && !l.Current(form.Name()) && (age == 0 || age > LeftAfter) {
			age = LeftAfter
		}
		some, err := f.sweepForm(ctx, filepath.Join(f.dir, form.Name()), age, wanted)
		if err != nil {
			return 0, err
		}
		kept = append(kept, some...)
	}
	for _, e := range kept {
		left += e.size
	}
	if l.Bytes <= 0 || left <= l.Bytes {
		return left, nil
	}
	slices.SortFunc(kept, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range kept {
		if left <= l.Bytes-l.Bytes/10 { // room for the next ones
			break
		}
		if err := ignoreAbsent(os.Remove(e.file)); err != nil {
			return left, err
		}
		left -= e.size
	}
	return left, nil
}

// sweepForm goes through one folder, and returns what stays.
func (f *Folder) sweepForm(ctx context.Context, dir string, age time.Duration, wanted func(string) (bool, error)) ([]entry, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var kept []entry
	for _, d := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file := filepath.Join(dir, d.Name())
		if strings.HasPrefix(d.Name(), ".") && strings.HasSuffix(d.Name(), bakingSuffix) {
			if err := removeLeftover(file); err != nil {
				return nil, err
			}
			continue
		}
		name, ok := strings.CutSuffix(d.Name(), bakedSuffix)
		st, err := d.Info()
		if !ok || !good(name) || err != nil || !st.Mode().IsRegular() {
			continue
		}
		want, err := wanted(name)
		if err != nil {
			return nil, err
		}
		if !want || age > 0 && f.now().Sub(st.ModTime()) > age {
			if err := ignoreAbsent(os.Remove(file)); err != nil {
				return nil, err
			}
			continue
		}
		kept = append(kept, entry{file, st.Size(), st.ModTime()})
	}
	return kept, nil
}

// removeLeftover removes a file that was being written, unless somebody still writes
// it: then it is locked.
func removeLeftover(file string) error {
	t, err := os.Open(file)
	if err != nil {
		return ignoreAbsent(err)
	}
	defer t.Close()
	err = unix.Flock(int(t.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	return ignoreAbsent(os.Remove(file))
}
