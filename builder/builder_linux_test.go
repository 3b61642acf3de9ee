package builder_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/jail/native"
)

func asUser(id uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}

// TestFullDisk builds on a file system that is too small.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	j := native.New(native.Options{EUID: 0})
	if err := j.Available(); err != nil {
		t.Skip("no jails here: ", err)
	}
	root := t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=64m"); err != nil {
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() { unix.Unmount(root, unix.MNT_DETACH) })
	w := buildtest.In(t, root, j)
	small := w.Drv("small", "write out x", nil)
	d := w.Drv("d", "cat @small out ; fill out 100", map[string]string{"small": small})
	_, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: d})
	var be *builder.BuildError
	if !errors.As(err, &be) || !strings.Contains(strings.Join(be.LogTail, "\n"), "no space left on device") {
		t.Errorf("error %v", err)
	}
	if l := w.Litter(); len(l) > 0 {
		t.Errorf("litter: %v", l)
	}
	nobodyElses(t, filepath.Join(root, "frx"))
	var st unix.Statfs_t
	must(t, unix.Statfs(root, &st))
	if free := int64(st.Bavail) * st.Bsize; free < 20<<20 {
		t.Errorf("only %d bytes are free again", free)
	}
	next := w.Drv("next", "fill out 10", nil)
	build(w, builder.Options{}, next)
}
