package tree

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/store/nar"
)

// TestTwinReplaced gives the path of a file that was compared to another one before a
// link to it is made: no link may lead to that.
func TestTwinReplaced(t *testing.T) {
	for _, size := range []int{smallFile / 2, smallFile * 2} {
		content := bytes.Repeat([]byte("x"), size)
		other := bytes.Repeat([]byte("y"), size)
		for _, stable := range []bool{true, false} {
			dir := t.TempDir()
			write := func(name string, content []byte) string {
				t.Helper()
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, content, 0o644); err != nil {
					t.Fatal(err)
				}
				return path
			}
			shared := filepath.Join(dir, "shared")
			found := 0
			find := func(File) *Twin {
				found++
				write("shared", content)
				open, err := os.Open(shared)
				if err != nil {
					t.Fatal(err)
				}
				if !stable { // the collector takes the name, which another file gets
					if err := os.Rename(write("other", other), shared); err != nil {
						t.Fatal(err)
					}
				}
				return NewTwin(shared, open)
			}
			look := func(what, path string) {
				t.Helper()
				if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, content) {
					t.Errorf("%d bytes, %s: it holds something else, %v", size, what, err)
				}
				a, errA := os.Stat(path)
				b, errB := os.Stat(shared)
				if errA != nil || errB != nil || os.SameFile(a, b) != stable {
					t.Errorf("%d bytes, %s: it is shared: %v, %v, %v", size, what, !stable, errA, errB)
				}
				names, err := os.ReadDir(filepath.Dir(path))
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range names {
					if strings.Contains(n.Name(), "fruix") {
						t.Errorf("%d bytes, %s: %s is left", size, what, n.Name())
					}
				}
				if err := os.RemoveAll(shared); err != nil {
					t.Fatal(err)
				}
			}
			share := &Sharing{Find: find}

			var archive bytes.Buffer
			write("tree/file", content)
			o := Options{CopyTo: filepath.Join(dir, "copy"), Share: share}
			if _, err := Dump(t.Context(), &archive, filepath.Join(dir, "tree"), o); err != nil {
				t.Fatal(err)
			}
			look("copied", filepath.Join(dir, "copy/file"))

			if _, err := Dump(t.Context(), new(bytes.Buffer), filepath.Join(dir, "tree"), Options{Seal: true, Share: share}); err != nil {
				t.Fatal(err)
			}
			look("sealed", filepath.Join(dir, "tree/file"))

			if _, err := RestoreSharing(t.Context(), nar.NewReader(&archive), filepath.Join(dir, "restored"), nil, share); err != nil {
				t.Fatal(err)
			}
			look("restored", filepath.Join(dir, "restored/file"))

			same := find(File{})
			if err := Share(same, write("single/file", content)); err != nil {
				t.Fatal(err)
			}
			same.Close()
			look("single", filepath.Join(dir, "single/file"))

			same = find(File{})
			place := filepath.Join(dir, "linked")
			if Link(same, place) != stable {
				t.Errorf("%d bytes: linked: %v", size, !stable)
			}
			same.Close()
			if _, err := os.Lstat(place); (err == nil) != stable {
				t.Errorf("%d bytes: there is a link: %v", size, err == nil)
			}
			if found != 5 {
				t.Errorf("asked %d times", found)
			}
		}
	}
}
