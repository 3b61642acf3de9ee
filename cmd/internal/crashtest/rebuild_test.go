package crashtest

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// says is all that the database says, without the numbers of its rows.
func (x *truth) says() []string {
	var out []string
	for base, o := range x.valid {
		slices.Sort(o.outputs)
		out = append(out, fmt.Sprint(base, o.narHash, o.narSize, o.refs, o.deriver, o.ca, o.time, o.outputs))
	}
	slices.Sort(out)
	return out
}

// database is the file of the database.
func (w *world) database() string { return filepath.Join(w.root, "frx/var/fruix/db/db.sqlite") }

// damages are ways to lose a database.
func (w *world) damages() map[string]func() error {
	file := w.database()
	overwrite := func(at int64, b []byte) func() error {
		return func() error {
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt(b, at)
			return err
		}
	}
	drop := func(what string) func() error {
		return func() error {
			db, err := sql.Open("sqlite", "file:"+file)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.Exec(what)
			return err
		}
	}
	all := map[string]func() error{
		"removed":              func() error { return os.Remove(file) },
		"emptied":              func() error { return os.Truncate(file, 0) },
		"rubbish":              func() error { return os.WriteFile(file, bytes.Repeat([]byte("rubbish "), 5000), 0o644) },
		"zeros":                func() error { return os.WriteFile(file, make([]byte, 40960), 0o644) },
		"text":                 func() error { return os.WriteFile(file, []byte("hello\n"), 0o644) },
		"folder removed":       func() error { return os.RemoveAll(filepath.Dir(file)) },
		"header":               overwrite(0, make([]byte, 100)),
		"magic":                overwrite(3, []byte("X")),
		"page size":            overwrite(16, []byte{0, 3}),
		"first page":           overwrite(100, bytes.Repeat([]byte{0xff}, 3996)),
		"table dropped":        drop("DROP TABLE Refs"),
		"table renamed":        drop("ALTER TABLE ValidPaths RENAME TO Others"),
		"rows of a wrong type": drop("UPDATE ValidPaths SET narSize = 'much'"),
	}
	for _, pages := range []int64{1, 2, 5} {
		all[fmt.Sprintf("cut to %d pages", pages)] = func() error { return os.Truncate(file, pages*4096) }
		all[fmt.Sprintf("page %d overwritten", pages)] = overwrite(pages*4096, bytes.Repeat([]byte{0xa5}, 4096))
	}
	return all
}

// TestRebuild damages the database in many ways. Commands must say so and name the
// command that helps, none may lose anything, and that command must bring back what
// was there.
func TestRebuild(t *testing.T) {
	w := newWorld(t, "rebuild", 1)
	w.must("build", "-q", "-f", w.expression(), "-r", w.path("kept"))
	w.must("store", "add", "-q", w.source(), w.source())
	for name, damage := range w.damages() {
		before := look(w.root)
		want, trees := before.says(), len(before.present)
		if len(before.problems) > 0 || len(want) == 0 {
			t.Fatal(before.problems, len(want))
		}
		check(t, damage())
		added := w.source()
		for _, args := range [][]string{{"gc"}, {"store", "add", added}, {"store", "verify"}, {"store", "optimise"}} {
			o := w.run(w.command(args...), nil, nil)
			if err := o.readable(false); err != nil {
				t.Errorf("%s: fruix %s: %v", name, o.what, err)
			}
			if o.code == 0 && args[0] != "gc" && args[1] != "verify" {
				continue // what it did not need to look at is damaged
			}
			if o.code == 0 || !strings.Contains(o.stderr, "fruix store rebuild") {
				t.Errorf("%s: fruix %s ended with status %d and said: %s", name, o.what, o.code, o.stderr)
			}
		}
		w.must("store", "rebuild", "-q")
		after := look(w.root)
		got := slices.DeleteFunc(after.says(), func(s string) bool { return strings.Contains(s, "-"+filepath.Base(added)) })
		if !slices.Equal(got, want) {
			t.Errorf("%s: it says\n%s\nnot\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(after.present) < trees {
			t.Errorf("%s: %d trees are left of %d", name, len(after.present), trees)
		}
		if err := w.holds(settled); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.must("store", "verify")
		if t.Failed() {
			return
		}
	}
}
