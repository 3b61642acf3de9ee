package tree

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKeepRace exchanges a kept tree for a link as soon as it is there, which its new
// owner can do. Defence: nothing is done by that name any more.
func TestKeepRace(t *testing.T) {
	dir := memory(t)
	victim := filepath.Join(dir, "victim")
	check(t, os.Mkdir(victim, 0o755))
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	check(t, err)
	defer unix.Close(fd)
	rounds := 0
	for start := time.Now(); time.Since(start) < raceTime/2; rounds++ {
		from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
		check(t, os.Mkdir(from, 0o755), os.WriteFile(filepath.Join(from, "f"), nil, 0o600), os.Mkdir(to, 0o700), os.Symlink(victim, to+".link"))
		done := make(chan bool)
		go func() {
			var st unix.Stat_t
			for unix.Fstatat(fd, "to/f", &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			}
			done <- twin{fd, "to", "to.link"}.exchange()
		}()
		check(t, Keep(from, to, nil, Added{"added", []byte("x")}))
		if !<-done {
			t.Fatal("nothing was exchanged")
		}
		if names, err := os.ReadDir(victim); err != nil || len(names) > 0 {
			t.Fatalf("round %d: elsewhere there is %v (%v)", rounds, names, err)
		}
		if b, err := os.ReadFile(to + ".link/added"); err != nil || string(b) != "x" {
			t.Fatalf("what was added: %q, %v", b, err)
		}
		check(t, Remove(to), Remove(to+".link"))
	}
	t.Logf("%d rounds", rounds)
}

// TestKeepPlanted keeps trees in which the name of what is added is taken, or which are
// a link themselves.
func TestKeepPlanted(t *testing.T) {
	for name, plant := range map[string]func(from, outside string) error{
		"link":     func(from, outside string) error { return os.Symlink(outside+"/new", from+"/added") },
		"tree":     func(from, outside string) error { return os.Mkdir(from+"/added", 0o700) },
		"pipe":     func(from, outside string) error { return unix.Mkfifo(from+"/added", 0o600) },
		"file":     func(from, outside string) error { return os.WriteFile(from+"/added", []byte("its own"), 0o600) },
		"the tree": func(from, outside string) error { return os.Symlink(outside, from+".link") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := scratch(t)
			from, to, outside := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "outside")
			check(t, os.Mkdir(from, 0o755), os.Mkdir(to, 0o700), os.Mkdir(outside, 0o750), plant(from, outside))
			if name == "the tree" {
				from += ".link"
			}
			err := Keep(from, to, nil, Added{"added", []byte("x")})
			if (err != nil) != (name == "the tree") {
				t.Error(err)
			}
			names, err := os.ReadDir(outside)
			if mode := lstat(t, outside).Mode(); err != nil || len(names) > 0 || mode != fs.ModeDir|0o750 {
				t.Errorf("outside: %v, mode %v (%v)", names, mode, err)
			}
			if name == "file" {
				if b, err := os.ReadFile(to + "/added"); err != nil || string(b) != "its own" {
					t.Errorf("the tree's own file: %q, %v", b, err)
				}
			}
		})
	}
}

// TestKeepForeign keeps a tree in which files of somebody else's have names: they are
// given to nobody. Defence: tamer.foreign.
func TestKeepForeign(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving files to others needs root")
	}
	dir := scratch(t)
	c := newCanary(t, dir)
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	check(t, os.MkdirAll(from+"/sub", 0o755), os.Mkdir(to, 0o700))
	for _, f := range []string{"secret", "closed/file"} {
		check(t, os.Link(filepath.Join(c.dir, f), filepath.Join(from, "sub", filepath.Base(f))))
	}
	check(t, os.WriteFile(from+"/own", []byte("x"), 0o600), os.Link(from+"/own", from+"/again"))
	for _, f := range []string{"", "/sub", "/own"} {
		check(t, os.Lchown(from+f, 35001, 35000))
	}
	before := map[string]fs.FileInfo{}
	for _, f := range []string{"secret", "closed/file"} {
		before[f] = lstat(t, filepath.Join(c.dir, f))
	}
	check(t, Keep(from, to, &Owner{4713, 4714}))
	for f, was := range before {
		now := lstat(t, filepath.Join(c.dir, f))
		if owner(now) != owner(was) || now.Mode() != was.Mode() {
			t.Errorf("%s belongs to %d and has mode %v, and belonged to %d and had %v", f, owner(now), now.Mode(), owner(was), was.Mode())
		}
	}
	if names, err := os.ReadDir(to + "/sub"); err != nil || len(names) > 0 {
		t.Errorf("of others' files there are %v (%v)", names, err)
	}
	for _, f := range []string{"", "/own", "/again"} {
		if uid := owner(lstat(t, to+f)); uid != 4713 {
			t.Errorf("%q belongs to %d", f, uid)
		}
	}
}

func lstat(t *testing.T, name string) fs.FileInfo {
	t.Helper()
	fi, err := os.Lstat(name)
	check(t, err)
	return fi
}

func owner(fi fs.FileInfo) int { return int(fi.Sys().(*syscall.Stat_t).Uid) }
