package tree

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRemoveLink removes a link if it is to be, and none in a directory that has come
// into the place of its own.
func TestRemoveLink(t *testing.T) {
	for name, tt := range map[string]struct{ unwanted, exchanged bool }{
		"wanted": {}, "unwanted": {unwanted: true}, "exchanged": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := scratch(t)
			own, other := filepath.Join(dir, "own"), filepath.Join(dir, "other")
			check(t, os.Mkdir(own, 0o755), os.Mkdir(other, 0o755), os.Symlink("target", own+"/x"), os.Symlink("else", other+"/x"))
			at := own
			check(t, RemoveLink(own+"/x", func(target string) bool {
				if target != "target" {
					t.Errorf("it points to %s", target)
				}
				if tt.exchanged {
					at = own + ".away"
					check(t, os.Rename(own, at), os.Symlink(other, own))
				}
				return tt.unwanted
			}))
			if _, err := os.Lstat(at + "/x"); (err == nil) == tt.unwanted {
				t.Errorf("afterwards: %v", err)
			}
			if _, err := os.Lstat(other + "/x"); err != nil {
				t.Errorf("the other: %v", err)
			}
		})
	}
}
