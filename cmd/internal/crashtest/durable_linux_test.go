package crashtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// disk is what POSIX promises of a loss of power: a file's bytes and attributes
// survive once the file has been synced after their last change, and a name once
// its directory has been.
type disk struct {
	files map[string]string // changed since the last sync, and by what
	names map[string]string // made, or gone, since their directories were synced
}

func newDisk() *disk { return &disk{map[string]string{}, map[string]string{}} }

// note follows a call.
func (d *disk) note(c call) {
	switch c.name {
	case "write", "pwrite64", "ftruncate", "copy_file_range", "fallocate", "fchmod", "fchown", "fchmodat", "fchownat", "chmod", "chown", "utimensat":
		if st, err := os.Lstat(c.path); err == nil && st.Mode()&os.ModeSymlink != 0 {
			return // there is no call that syncs a link
		}
		d.files[c.path] = c.name
	case "open", "openat":
		if c.arg&unix.O_CREAT != 0 {
			if _, err := os.Lstat(c.path); err != nil {
				d.names[c.path] = c.name
			}
		}
	case "mkdir", "mkdirat":
		if _, err := os.Lstat(c.path); err != nil {
			d.names[c.path] = c.name
		}
	case "unlink", "unlinkat", "rmdir":
		d.drop(c.path)
		d.names[c.path] = c.name
	case "symlink", "symlinkat":
		d.names[c.path] = c.name
	case "link", "linkat":
		d.names[c.to] = c.name
	case "rename", "renameat", "renameat2":
		d.move(d.files, c.path, c.to)
		d.move(d.names, c.path, c.to)
		d.names[c.path], d.names[c.to] = c.name, c.name
	case "fsync", "fdatasync":
		delete(d.files, c.path)
		maps.DeleteFunc(d.names, func(name, _ string) bool { return filepath.Dir(name) == c.path })
	case "syncfs":
		clear(d.files)
		clear(d.names)
	}
}

// drop forgets what lay at a path.
func (d *disk) drop(path string) {
	delete(d.files, path)
	delete(d.names, path)
}

// move gives what is noted of a tree its new name.
func (d *disk) move(m map[string]string, from, to string) {
	for name, what := range maps.Clone(m) {
		if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '/') {
			delete(m, name)
			m[to+rest] = what
		}
	}
}

// lost lists what a loss of power could take of the tree at path, and of its name.
func (d *disk) lost(path string) []string {
	var out []string
	for _, m := range []map[string]string{d.files, d.names} {
		for name, what := range m {
			if name == path || strings.HasPrefix(name, path+"/") {
				out = append(out, fmt.Sprintf("%s (%s)", name, what))
			}
		}
	}
	slices.Sort(out)
	return out
}

// losses runs an operation and lists what a loss of power could take that must not
// go: of what the database takes in, when it does; of database, roots and what is
// above them, at the end. registered is how many objects the database took in.
func (w *world) losses(o operation) (list []string, registered int) {
	w.Helper()
	d := newDisk()
	placed := map[string]bool{}
	lost := func(when string, paths ...string) {
		for _, p := range paths {
			for _, l := range d.lost(filepath.Join(w.root, p)) {
				list = append(list, when+": "+l)
			}
		}
	}
	got := w.runWatched(o.args, o.input(), func(c call) verdict {
		if !c.below(w.dir) {
			return verdict{}
		}
		if c.name == "fsync" && c.path == w.database()+"-wal" && len(placed) > 0 {
			for base := range placed {
				lost("when "+base+" is registered", storeDir+"/"+base, storeDir+"/.fruix-journal", storeDir+"/.fruix-id")
			}
			registered += len(placed)
			clear(placed)
		}
		d.note(c)
		if dir, base := filepath.Split(c.to); dir == filepath.Join(w.root, storeDir)+"/" && base[0] != '.' {
			placed[base] = true
		}
		return verdict{}
	})
	check(w, got.fails())
	for base := range placed {
		list = append(list, base+" is never registered")
	}
	lost("at the end", "frx/var/fruix/db/db.sqlite", "frx/var/fruix/gcroots/auto")
	for _, p := range []string{"frx", "frx/store", "frx/var", "frx/var/fruix", "frx/var/fruix/db", "frx/var/fruix/gcroots"} {
		if what := d.names[filepath.Join(w.root, p)]; what != "" {
			list = append(list, fmt.Sprintf("at the end: the name of %s (%s)", p, what))
		}
	}
	for link := range d.names {
		if filepath.Dir(link) == w.dir && strings.HasPrefix(filepath.Base(link), "kept") {
			list = append(list, "at the end: the root "+link)
		}
		if filepath.Dir(link) == w.path("profile") && !strings.HasSuffix(link, ".lock") {
			list = append(list, "at the end: the link "+link)
		}
	}
	return list, registered
}

// TestSyncedBeforeRegistered follows the system calls of operations that add
// something: what could be lost must be on the disk in time.
func TestSyncedBeforeRegistered(t *testing.T) {
	w := newWorld(t, "durable", 1)
	for i, op := range w.operations() {
		o := op()
		switch o.name {
		case "add", "build", "keep", "import", "rebuild":
		default:
			continue
		}
		if i == 0 { // begin with nothing at all
			check(t, os.RemoveAll(w.root))
			check(t, os.Mkdir(w.root, 0o755))
		}
		list, registered := w.losses(o)
		if len(list) > 0 || (registered == 0) != (o.name == "rebuild") {
			t.Errorf("operation %d, fruix %s, %d objects:\n%s", i, strings.Join(o.args, " "), registered, strings.Join(list, "\n"))
		}
	}
	// Generations of profiles, and their removal.
	p := w.path("profile/p")
	for _, args := range [][]string{
		{"build", "-q", "-f", w.expression(), "-p", p}, {"build", "-q", "-f", w.expression(), "-p", p},
		{"package", "-p", p, "--roll-back"}, {"package", "-p", p, "--delete-generations"},
	} {
		if list, _ := w.losses(operation{args: args}); len(list) > 0 {
			t.Errorf("fruix %s:\n%s", strings.Join(args, " "), strings.Join(list, "\n"))
		}
	}
	// That this test can fail is shown by who does not want to wait for the disk.
	if list, _ := w.losses(operation{name: "add", args: []string{"store", "add", "--no-sync", w.source()}}); len(list) == 0 {
		t.Error("nothing is lost without syncing")
	}
	list, _ := w.losses(operation{args: []string{"build", "-q", "--no-sync", "-f", w.expression(), "-p", p}})
	if !slices.ContainsFunc(list, func(l string) bool { return strings.HasPrefix(l, "at the end: the link ") }) {
		t.Errorf("no generation is lost without syncing: %q", list)
	}
}
