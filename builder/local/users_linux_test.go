package local

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestUnlockedUser has a process give up the lock that kept its user for it, soon after
// somebody has looked at all processes: its user is nobody else's.
func TestUnlockedUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	const uid = 36101
	dir := filepath.Join(t.TempDir(), "pool")
	ours, theirs := NewUsers(dir, uid, 2, 36100), NewUsers(dir, uid, 2, 36100)
	looked := &processes{seen: time.Now().Add(time.Hour)} // so that nothing looks again
	theirs.taken = looked.have
	u, err := ours.Acquire(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Release()
	cat := exec.Command("/bin/cat") // it waits for its input's end
	cat.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID)}}
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cat.Stdout = io.Discard
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	defer cat.Wait()
	defer in.Close()
	if err := unix.Flock(int(u.lock.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	other, err := theirs.Acquire(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Release()
	if u.UID != uid || other.UID == uid {
		t.Errorf("user %d, and the other build has %d", u.UID, other.UID)
	}
}
