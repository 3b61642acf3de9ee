package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/nar"
)

// A canary is a tree that nothing may touch. Its modes are such that a change of
// mode or owner, a deletion, and a copy that was made of it all show.
type canary struct {
	dir  string
	want string
}

const secret = "the canary's secret"

func newCanary(t *testing.T, dir string) *canary {
	t.Helper()
	c := &canary{dir: filepath.Join(dir, "canary")}
	check(t,
		os.MkdirAll(filepath.Join(c.dir, "closed/inner"), 0o755),
		os.WriteFile(filepath.Join(c.dir, "secret"), []byte(secret), 0o600),
		os.WriteFile(filepath.Join(c.dir, "closed/file"), []byte(secret), 0o640),
		os.WriteFile(filepath.Join(c.dir, "closed/inner/file"), []byte(secret), 0o400),
		os.Chmod(filepath.Join(c.dir, "closed/inner"), 0o500),
		os.Chmod(filepath.Join(c.dir, "closed"), 0o510),
	)
	if os.Geteuid() == 0 {
		check(t, os.Lchown(filepath.Join(c.dir, "secret"), 4711, 4712))
	}
	c.want = c.look(t)
	return c
}

// look describes the canary, the times of its last change included.
func (c *canary) look(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	check(t, filepath.WalkDir(c.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %o %d:%d %d %d.%d\n", p, st.Mode, st.Uid, st.Gid, st.Size, st.Ctim.Sec, st.Ctim.Nsec)
		return nil
	}))
	return b.String()
}

func (c *canary) check(t *testing.T, what string) {
	t.Helper()
	if got := c.look(t); got != c.want {
		t.Fatalf("%s reached out of its tree:\n%s\nwas:\n%s", what, got, c.want)
	}
}

// A twin is a name in an open directory, and the name of a link beside it by which
// it can be replaced at any instant. The test itself is not led astray, either.
type twin struct {
	dir       int
	name, alt string
}

func (w twin) exchange() bool {
	return unix.Renameat2(w.dir, w.name, w.dir, w.alt, unix.RENAME_EXCHANGE) == nil
}

// prey makes a tree at root whose directories and files have each a twin, a link
// to the canary.
func (c *canary) prey(t *testing.T, root string) []twin {
	t.Helper()
	var twins []twin
	add := func(dir, name, target string) {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		check(t, err, os.Symlink(target, filepath.Join(dir, name+".twin")))
		twins = append(twins, twin{fd, name, name + ".twin"})
	}
	for i := range 6 {
		d := filepath.Join(root, fmt.Sprint("d", i))
		for _, sub := range []string{"closed", "e"} {
			p := filepath.Join(d, sub)
			check(t, os.MkdirAll(filepath.Join(p, "inner"), 0o755),
				os.WriteFile(filepath.Join(p, "file"), []byte("prey"), 0o600),
				os.WriteFile(filepath.Join(p, "secret"), []byte("prey"), 0),
				os.WriteFile(filepath.Join(p, "inner/file"), bytes.Repeat([]byte("prey"), 50<<10), 0o600))
			add(p, "inner", filepath.Join(c.dir, "closed/inner"))
			add(p, "file", filepath.Join(c.dir, "closed/file"))
			add(p, "secret", filepath.Join(c.dir, "secret"))
			add(d, sub, filepath.Join(c.dir, "closed"))
			// Modes that make Remove and Dump change them first.
			check(t, os.Chmod(filepath.Join(p, "inner"), 0o100), os.Chmod(p, 0o300))
		}
		add(root, fmt.Sprint("d", i), c.dir)
	}
	return twins
}

// swap exchanges twins until stop is called, which returns how often it did. The
// longer the pauses, the farther an operation gets before something goes wrong.
func swap(twins []twin, pause int) (stop func() int) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	var n [2]int
	for w := range n {
		r := rand.New(rand.NewPCG(uint64(w), 7))
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if twins[r.IntN(len(twins))].exchange() {
					n[w]++
				}
				for range r.IntN(pause) {
					runtime.Gosched()
				}
			}
		})
	}
	return func() int {
		close(done)
		wg.Wait()
		for _, w := range twins {
			unix.Close(w.dir)
		}
		return n[0] + n[1]
	}
}

// raceTime is how long each race goes on.
const raceTime = 600 * time.Millisecond

// memory is scratch on a file system in memory, where there is one: renames are
// faster there.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "fruix-tree-")
	if err != nil {
		return scratch(t)
	}
	t.Cleanup(func() { check(t, Remove(dir)) })
	return dir
}

// race lets op work on one tree after another while directories and files are
// exchanged for links to the canary. op may fail, but must stay in its tree.
func race(t *testing.T, pause int, op func(t *testing.T, root, dir string) error) {
	dir := memory(t)
	c := newCanary(t, dir)
	rounds, tries, failed, swaps := 0, 0, 0, 0
	for start := time.Now(); time.Since(start) < raceTime; rounds++ {
		root := filepath.Join(dir, fmt.Sprint("prey", rounds))
		stop := swap(c.prey(t, root), pause)
		var err error
		for range 30 {
			tries++
			if err = op(t, root, dir); err == nil {
				break
			}
			failed++
		}
		swaps += stop()
		c.check(t, fmt.Sprintf("round %d (%v)", rounds, err))
		check(t, Remove(root))
		c.check(t, "removal without a race")
	}
	if swaps == 0 {
		t.Error("nothing was exchanged")
	}
	t.Logf("%d trees, %d tries, %d of them failed, %d exchanges", rounds, tries, failed, swaps)
}

// TestRemoveRace is CVE-2025-46415: deletion that goes by names can be led out
// of its tree. Defences: openat without following, chmodat without following.
func TestRemoveRace(t *testing.T) {
	race(t, 50, func(t *testing.T, root, _ string) error { return Remove(root) })
}

// TestSealRace is CVE-2025-52993: a change of owner that goes by names can be
// led to any file. Defences: openat and chown without following.
func TestSealRace(t *testing.T) {
	var owner *Owner
	if os.Geteuid() == 0 {
		owner = &Owner{UID: 35001, GID: 35000}
	}
	race(t, 2000, func(t *testing.T, root, _ string) error {
		_, err := Dump(t.Context(), new(bytes.Buffer), root, Options{Seal: true, Owner: owner})
		return err
	})
}

// TestCopyRace checks that what root copies out of somebody's folder is what lies
// in that folder, and never what a link there leads to.
func TestCopyRace(t *testing.T) {
	n := 0
	race(t, 2000, func(t *testing.T, root, dir string) error {
		n++
		var archive bytes.Buffer
		to := filepath.Join(dir, fmt.Sprint("copy", n))
		_, err := Dump(t.Context(), &archive, root, Options{CopyTo: to})
		if bytes.Contains(archive.Bytes(), []byte(secret)) {
			t.Error("the secret is in the archive")
		}
		check(t, filepath.WalkDir(to, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(p)
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds the secret", p)
			}
			return err
		}))
		return errors.Join(err, Remove(to), Sync(root, 1))
	})
}

// TestRestoreRace unpacks an archive while its directories are replaced, as they
// appear, by links to the canary.
func TestRestoreRace(t *testing.T) {
	dir := memory(t)
	c := newCanary(t, dir)
	source := filepath.Join(dir, "source")
	c.prey(t, source)
	var archive bytes.Buffer
	_, err := Dump(t.Context(), &archive, source, Options{Seal: true})
	check(t, err)
	rounds, caught := 0, 0
	for start := time.Now(); time.Since(start) < raceTime; rounds++ {
		dest := filepath.Join(dir, fmt.Sprint("dest", rounds))
		stop := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; ; i = (i + 1) % 6 {
				select {
				case <-stop:
					return
				default:
				}
				if c.replace(dest, fmt.Sprint("d", i), i) {
					caught++
				}
			}
		}()
		_, err := Restore(t.Context(), nar.NewReader(bytes.NewReader(archive.Bytes())), dest, nil)
		close(stop)
		<-ended
		c.check(t, fmt.Sprintf("round %d (%v)", rounds, err))
		check(t, Remove(dest))
	}
	if caught == 0 {
		t.Error("no directory was replaced in time")
	}
	t.Logf("%d rounds, %d exchanges", rounds, caught)
}

// replace puts a link to the canary in the place of the directory called name, or
// of one in it.
func (c *canary) replace(dest, name string, i int) bool {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Open(dest, flags, 0)
	if err != nil {
		return false
	}
	defer func() { unix.Close(fd) }()
	to := c.dir
	if i%2 == 1 {
		sub, err := unix.Openat(fd, name, flags, 0)
		if err != nil {
			return false
		}
		unix.Close(fd)
		fd, name, to = sub, "closed", filepath.Join(c.dir, "closed")
	}
	return unix.Symlinkat(to, fd, "link") == nil && twin{fd, name, "link"}.exchange()
}

// TestChmodRace changes the mode of something that is a directory now and a link
// then.
func TestChmodRace(t *testing.T) {
	dir := memory(t)
	c := newCanary(t, dir)
	p := filepath.Join(dir, "p")
	check(t, os.Mkdir(p, 0o700), os.Symlink(filepath.Join(c.dir, "closed"), p+".twin"))
	fd, err := unix.Open(dir, unix.O_RDONLY, 0)
	check(t, err)
	stop := swap([]twin{{fd, "p", "p.twin"}}, 1)
	changed, refused := 0, 0
	for start := time.Now(); time.Since(start) < raceTime/2; {
		switch err := chmodat(unix.AT_FDCWD, p, 0o700); err {
		case nil:
			changed++
		case unix.ELOOP:
			refused++
		default:
			t.Fatal(err)
		}
	}
	stop()
	c.check(t, "chmod")
	if changed == 0 || refused == 0 {
		t.Errorf("changed %d times, refused %d times: no race", changed, refused)
	}
}

// TestPlantedNames is the kind of CVE-2026-39860: links that a builder puts where
// a copy will be made. Defence: the copy's file is made anew (O_EXCL) or not at
// all, under a name that is free.
func TestPlantedNames(t *testing.T) {
	dir := scratch(t)
	c := newCanary(t, dir)
	root := filepath.Join(dir, "x")
	check(t, os.Mkdir(root, 0o755), os.WriteFile(filepath.Join(root, "f"), []byte("own"), 0o644),
		os.Link(filepath.Join(root, "f"), filepath.Join(dir, "elsewhere")))
	for i := range 3 {
		check(t, os.Symlink(filepath.Join(c.dir, "secret"), filepath.Join(root, fmt.Sprintf("f.fruix-unlink-%d", i))))
	}
	// A file of somebody else's that was linked into the tree, too.
	other := filepath.Join(dir, "other")
	check(t, os.WriteFile(other, []byte("other"), 0o640), os.Link(other, filepath.Join(root, "linked")))
	dump(t, root, Options{Seal: true, Owner: &Owner{UID: os.Geteuid(), GID: os.Getegid()}})
	c.check(t, "sealing")
	if fi, err := os.Lstat(other); err != nil || fi.Mode() != 0o640 {
		t.Errorf("the other file: %v %v", fi, err)
	}
	var a, b unix.Stat_t
	check(t, unix.Lstat(filepath.Join(root, "f"), &a), unix.Lstat(filepath.Join(dir, "elsewhere"), &b))
	if a.Ino == b.Ino {
		t.Error("a sealed file has a second name elsewhere")
	}
}

// TestStillWritten seals files that somebody can still write: CVE-2024-27297,
// whatever way the descriptor went. Defence: checkUnwritten.
func TestStillWritten(t *testing.T) {
	for _, name := range []string{"a descriptor", "a mapping"} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(scratch(t), "x")
			check(t, os.Mkdir(root, 0o755), os.WriteFile(filepath.Join(root, "f"), []byte("good"), 0o644))
			f, err := os.OpenFile(filepath.Join(root, "f"), os.O_RDWR, 0)
			check(t, err)
			done := f.Close
			if name == "a mapping" {
				m, err := unix.Mmap(int(f.Fd()), 0, 4, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
				check(t, err, f.Close())
				done = func() error { return unix.Munmap(m) }
			}
			_, err = Dump(t.Context(), new(bytes.Buffer), root, Options{Seal: true})
			var busy *BusyError
			if !errors.As(err, &busy) || busy.Path != filepath.Join(root, "f") {
				t.Fatalf("error %v", err)
			}
			// One that is closed soon is waited for.
			time.AfterFunc(20*time.Millisecond, func() { done() })
			dump(t, root, Options{Seal: true})
		})
	}
}

// TestDeep removes a tree with more levels than there may be descriptors.
func TestDeep(t *testing.T) {
	var old unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	low := old
	low.Cur = 256
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &low))
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
	root := filepath.Join(memory(t), "x")
	check(t, os.Mkdir(root, 0o755))
	fd, err := unix.Open(root, unix.O_RDONLY, 0)
	check(t, err)
	for i := range 700 {
		check(t, unix.Mkdirat(fd, "d", 0o700))
		if i%97 == 0 { // names of its own that removal uses, too
			check(t, unix.Mkdirat(fd, ".fruix-lifted-0", 0), unix.Symlinkat("/", fd, ".fruix-lifted-1"))
		}
		next, err := unix.Openat(fd, "d", unix.O_RDONLY, 0)
		check(t, err, unix.Close(fd))
		fd = next
	}
	check(t, unix.Close(fd), Remove(root))
	if _, err := os.Lstat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// TestNothingComesIn seals directories to which their owner goes on adding files: what
// is there in the end is what is in the archive. Defence: directories are taken from
// their owner before they are listed.
func TestNothingComesIn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can take a directory from its owner")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("a program that adds files is missing: ", err)
	}
	dir := memory(t)
	check(t, os.Chmod(dir, 0o755))
	root := filepath.Join(dir, "x")
	for i := range 40 {
		d := filepath.Join(root, fmt.Sprint("d", i))
		check(t, os.MkdirAll(d, 0o755), os.Chown(d, 35001, 35000))
		for j := range 20 {
			f := filepath.Join(d, fmt.Sprint("f", j))
			check(t, os.WriteFile(f, bytes.Repeat([]byte("x"), 5000), 0o644), os.Chown(f, 35001, 35000))
		}
	}
	cmd := exec.Command(sh, "-c", "i=0; while :; do i=$((i+1)); for d in "+root+"/d*; do : > $d/new$i; done; done 2>/dev/null")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 35001, Gid: 35000}}
	check(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		if m, _ := filepath.Glob(root + "/d39/new*"); len(m) > 0 {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("nobody adds files")
		}
	}
	archive := dump(t, root, Options{Seal: true, Owner: &Owner{}})
	time.Sleep(20 * time.Millisecond)
	if !bytes.Equal(dump(t, root, Options{}), archive) {
		t.Error("what is there is not what is in the archive")
	}
}
