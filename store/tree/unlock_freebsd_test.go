package tree

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// locked makes a tree whose nodes nobody may change: a file, a directory that holds one,
// a link, and a name that may not go.
func locked(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	root := filepath.Join(t.TempDir(), "tree")
	for _, d := range []string{root, filepath.Join(root, "dir"), filepath.Join(root, "dir/deeper")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"file", "append", "dir/file", "dir/deeper/file"} {
		if err := os.WriteFile(filepath.Join(root, f), []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("file", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	const immutable, appendOnly, noUnlink = 0x2, 0x4, 0x10
	for _, x := range []struct {
		name  string
		flags uint32
	}{
		{"file", immutable}, {"append", appendOnly}, {"link", immutable}, {"dir/file", noUnlink}, {"dir/deeper/file", immutable},
		{"dir/deeper", noUnlink}, {"dir", immutable}, {".", appendOnly},
	} {
		if err := chflagsat(unix.AT_FDCWD, filepath.Join(root, x.name), x.flags); err != nil {
			t.Skipf("no flags on this file system: %v", err)
		}
	}
	if err := os.RemoveAll(root); err == nil {
		t.Fatal("flags keep nobody from deleting")
	}
	return root
}

// TestRemoveLocked deletes what its owner has locked.
func TestRemoveLocked(t *testing.T) {
	root := locked(t)
	if err := Remove(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(root); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// TestUnlock unlocks a tree, after which it can be sealed and deleted by anybody's means.
func TestUnlock(t *testing.T) {
	root := locked(t)
	if err := Unlock(root); err != nil {
		t.Fatal(err)
	}
	if _, err := Dump(t.Context(), io.Discard, root, Options{Seal: true, Owner: &Owner{}}); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Error(err)
	}
}

// TestSealAttributes seals a file with an attribute of its owner's, a flag and, where
// the file system has lists of that kind, one that lets somebody else write.
func TestSealAttributes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	dir := t.TempDir()
	if d := os.Getenv("FRUIX_TEST_NFS4ACLS"); d != "" {
		dir = d
	}
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("x"), 0o444); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd := int(f.Fd())
	value := []byte("v")
	if _, err := unix.ExtattrSetFd(fd, unix.EXTATTR_NAMESPACE_USER, "x", uintptr(unsafe.Pointer(&value[0])), 1); err != nil {
		t.Logf("no attributes: %v", err)
	}
	lists := false
	if n, err := unix.Fpathconf(fd, hasNFS4); err == nil && n == 1 {
		lists = true
		l := acl{max: 254, count: 2}
		l.entries[0] = aclEntry{tag: 0x02, id: 1001, perm: 0x10 | 0x2000, kind: aclAllow} // a user: write, and change the list
		l.entries[1] = aclEntry{tag: aclEveryone, id: aclNobody, perm: aclLook | aclReadData | 0x2000, kind: aclAllow}
		if err := aclCall(unix.SYS___ACL_SET_FD, fd, &l); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Fchflags(fd, 0x2); err != nil {
		t.Logf("no flags: %v", err)
	}
	if err := seal(fd, unix.AT_FDCWD, name, FileMode, &Owner{}); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Flags&locking != 0 || uint32(st.Mode)&0o7777 != FileMode {
		t.Errorf("flags %x, mode %o, %v", st.Flags, st.Mode, err)
	}
	if n, err := unix.ExtattrListFd(fd, unix.EXTATTR_NAMESPACE_USER, 0, 0); err == nil && n != 0 {
		t.Errorf("%d bytes of attributes are left", n)
	}
	if !lists {
		t.Log("no access lists of NFSv4 here")
		return
	}
	l := acl{max: 254}
	if err := aclCall(unix.SYS___ACL_GET_FD, fd, &l); err != nil {
		t.Fatal(err)
	}
	if !l.plain() {
		t.Errorf("the list is %+v", l.entries[:l.count])
	}
}
