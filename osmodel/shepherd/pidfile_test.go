package shepherd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPIDFileOfOthers: whoever may write a PID file has root end none but his own
// processes.
func TestPIDFileOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root ends processes of others")
	}
	dir := t.TempDir()
	write := func(name string, owner int) string {
		full := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(full, fmt.Appendln(nil, os.Getpid()), 0o644), os.Chown(full, owner, owner)); err != nil {
			t.Fatal(err)
		}
		return full
	}
	ours, theirs, linked := write("ours", 0), write("theirs", 1000), write("linked", 0)
	if err := errors.Join(os.Symlink(ours, filepath.Join(dir, "link")), os.Link(linked, filepath.Join(dir, "name"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file string
		user int // of the service
		want bool
	}{
		{ours, -1, true},
		{ours, 1000, false},
		{theirs, -1, false},
		{filepath.Join(dir, "link"), -1, false},
		{filepath.Join(dir, "name"), -1, false},
	} {
		pid, user := readPID(tt.file, tt.user)
		if got := pid == os.Getpid() && mayName(user, pid); got != tt.want {
			t.Errorf("%s of a service of user %d may name a process of root's: %v", filepath.Base(tt.file), tt.user, got)
		}
	}
}
