package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/drv"
)

// chain makes texts of which each refers to the one before it.
func chain(t testing.TB, s *store.Store, n int) []string {
	t.Helper()
	var out []string
	for i := range n {
		var refs []string
		if i > 0 {
			refs = out[i-1:]
		}
		out = append(out, must(s.AddText(t.Context(), fmt.Sprint("t", i), fmt.Append(nil, i), refs))(t))
	}
	return out
}

// closed makes something in a store and closes it, so that nothing stays
// protected.
func closed(t testing.TB, root string, f func(*store.Store)) {
	t.Helper()
	s := must(store.Open(t.Context(), config(root)))(t)
	defer s.Close()
	f(s)
}

func TestCollect(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	var texts []string
	var alone string
	link := filepath.Join(root, "link")
	closed(t, root, func(s *store.Store) {
		texts = chain(t, s, 4)
		alone = must(s.AddText(ctx, "alone", nil, nil))(t)
		if err := s.AddRoot(ctx, link, texts[2]); err != nil {
			t.Fatal(err)
		}
	})
	s := open(t, root)
	l := must(s.Liveness(ctx, store.CollectOptions{}))(t)
	if want := slices.Sorted(slices.Values(texts[:3])); !slices.Equal(l.Live, want) {
		t.Errorf("live: %v, want %v", l.Live, want)
	}
	if want := slices.Sorted(slices.Values([]string{texts[3], alone})); !slices.Equal(l.Dead, want) {
		t.Errorf("dead: %v, want %v", l.Dead, want)
	}
	var alive *store.AliveError
	if _, err := s.Delete(ctx, []string{texts[0]}, store.CollectOptions{}); !errors.As(err, &alive) {
		t.Fatalf("what is in use was deleted: %v", err)
	}
	if alive.Root != "the root "+link {
		t.Errorf("the root is called %q", alive.Root)
	}
	if want := []string{texts[2], texts[1], texts[0]}; !slices.Equal(alive.Chain, want) {
		t.Errorf("chain %v, want %v", alive.Chain, want)
	}
	got := must(s.Collect(ctx, store.CollectOptions{}))(t)
	slices.Sort(got.Paths)
	if !slices.Equal(got.Paths, l.Dead) || got.Bytes != l.DeadBytes || got.Stray != 0 {
		t.Errorf("collected %+v, want %v", got, l.Dead)
	}
	if _, err := os.Lstat(s.Physical(alone)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the tree of what is dead: %v", err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if got := must(s.Collect(ctx, store.CollectOptions{}))(t); !slices.Equal(got.Paths, []string{texts[2], texts[1], texts[0]}) {
		t.Errorf("without its root collected %v", got.Paths)
	}
	if left := must(os.ReadDir(s.StatePath("gcroots", "auto")))(t); len(left) != 0 {
		t.Errorf("indirect roots are left: %v", left)
	}
	if n := checkStore(t, root); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

// TestCollectElsewhere collects the garbage of a machine whose disk is mounted here: what
// its users have made roots of lives, and its links stay.
func TestCollectElsewhere(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	// What only the mounted machine has; nothing on this one has such a name.
	for _, home := range []string{"home-of-fruix-tests/a", "home-of-fruix-tests/b"} {
		text := must(s.AddText(ctx, filepath.Base(home), []byte(home), nil))(t)
		auto := s.StatePath("gcroots", "auto")
		if filepath.Base(home) == "b" {
			auto = filepath.Join(auto, "1000")
		}
		err := errors.Join(
			os.MkdirAll(filepath.Join(root, home), 0o755), os.MkdirAll(auto, 0o755),
			os.Symlink(text, filepath.Join(root, home, "result")),
			os.Symlink("/"+home+"/result", filepath.Join(auto, "made-there")),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	dead := must(s.AddText(ctx, "dead", nil, nil))(t)
	s.Close()
	s = open(t, root) // what was just added is protected for as long as it is open
	for range 2 {
		if got := must(s.Collect(ctx, store.CollectOptions{}))(t); slices.ContainsFunc(got.Paths, func(p string) bool { return p != dead }) {
			t.Errorf("collected %v", got.Paths)
		}
	}
	if got := must(s.All(ctx))(t); len(got) != 2 {
		t.Errorf("%v are left", got)
	}
	if err := os.RemoveAll(filepath.Join(root, "home-of-fruix-tests")); err != nil {
		t.Fatal(err)
	}
	if got := must(s.Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 2 {
		t.Errorf("without the links collected %v", got.Paths)
	}
	if got := must(s.Roots(ctx))(t); len(got) != 0 {
		t.Errorf("roots are left: %v", got)
	}
}

// TestCollectSome stops after a number of bytes, and deletes referrers first.
func TestCollectSome(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	var texts []string
	closed(t, root, func(s *store.Store) { texts = chain(t, s, 5) })
	s := open(t, root)
	would := must(s.Collect(ctx, store.CollectOptions{MaxFreed: 1, DryRun: true}))(t)
	if !slices.Equal(would.Paths, texts[4:]) || would.Bytes <= 0 {
		t.Errorf("would collect %v, want %v", would, texts[4:])
	}
	would = must(s.Delete(ctx, texts[3:4], store.CollectOptions{DryRun: true}))(t)
	if !slices.Equal(would.Paths, []string{texts[4], texts[3]}) {
		t.Errorf("would delete %v", would.Paths)
	}
	if n := checkStore(t, root); n != 5 {
		t.Fatalf("a dry run has left %d objects of 5", n)
	}
	got := must(s.Collect(ctx, store.CollectOptions{MaxFreed: 1}))(t)
	if !slices.Equal(got.Paths, texts[4:]) {
		t.Errorf("collected %v, want %v", got.Paths, texts[4:])
	}
	if got := must(s.Delete(ctx, texts[2:3], store.CollectOptions{}))(t); !slices.Equal(got.Paths, []string{texts[3], texts[2]}) {
		t.Errorf("deleted %v", got.Paths)
	}
	if n := checkStore(t, root); n != 2 {
		t.Errorf("%d objects are left, not 2", n)
	}
	var invalid *store.NotValidError
	if _, err := s.Delete(ctx, texts[2:3], store.CollectOptions{}); !errors.As(err, &invalid) {
		t.Errorf("deleting what is not there: %v", err)
	}
}

// TestCollectDerivations: a living output keeps its derivation unless that is
// asked not to be so; a living derivation keeps its output only when asked to.
func TestCollectDerivations(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		o       store.CollectOptions
		root    string // what the root names
		drv, to bool   // what is left
	}{
		{store.CollectOptions{}, "out", true, true},
		{store.CollectOptions{DropDerivations: true}, "out", false, true},
		{store.CollectOptions{}, "drv", true, false},
		{store.CollectOptions{KeepOutputs: true}, "drv", true, true},
	} {
		root := scratch(t)
		d := derivation("out")
		var drvPath, out string
		closed(t, root, func(s *store.Store) {
			drvPath, out = finishOne(t, s, d)
			if err := s.AddRoot(ctx, filepath.Join(root, "link"), map[string]string{"out": out, "drv": drvPath}[c.root]); err != nil {
				t.Fatal(err)
			}
		})
		s := open(t, root)
		must(s.Collect(ctx, c.o))(t)
		valid := must(s.ValidMany(ctx, []string{drvPath, out}))(t)
		if valid[drvPath] != c.drv || valid[out] != c.to {
			t.Errorf("%+v, root to %s: the derivation is left: %v, the output: %v", c.o, c.root, valid[drvPath], valid[out])
		}
	}
}

// finishOne registers d, which has one output, and makes the output.
func finishOne(t testing.TB, s *store.Store, d *drv.Derivation) (drvPath, out string) {
	t.Helper()
	ctx := t.Context()
	drvPath = must(s.AddDerivation(ctx, "pkg", d))(t)
	out = d.Outputs["out"].Path
	phys := must(s.TempOutput(out))(t)
	if err := os.WriteFile(phys, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(s.Finish(ctx, []store.Built{{Path: out, Physical: phys, Deriver: drvPath}}))(t)
	return drvPath, out
}

// TestCollectSparesWhatIsInUse: what an open store has said is valid stays
// until that store is closed, and what a program has as its directory until
// that program ends.
func TestCollectSparesWhatIsInUse(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	var texts []string
	var dir string
	closed(t, root, func(s *store.Store) {
		texts = chain(t, s, 3)
		tree := filepath.Join(root, "tree")
		grow(t, tree, map[string]string{"f": "1"})
		dir = must(s.AddPath(ctx, "dir", tree, store.AddOptions{Recursive: true}))(t)
	})
	user := must(store.Open(ctx, config(root)))(t)
	must(user.IsValid(ctx, texts[1]))(t)
	cmd := exec.Command("sleep", "60")
	cmd.Dir = user.Physical(dir)
	program := runtime.GOOS == "linux" // elsewhere the list of processes may be empty in a jail
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := open(t, root)
	used := must(s.Used(ctx))(t)
	temp := func(r store.Root) bool { return strings.HasPrefix(r.Name, "{temp") && r.Target == texts[1] }
	runs := store.Root{Name: fmt.Sprintf("{process:%d}", cmd.Process.Pid), Target: dir}
	if !slices.ContainsFunc(used, temp) || program && !slices.Contains(used, runs) {
		t.Errorf("in use are %v, without %s or %v", used, texts[1], runs)
	}
	if of := must(s.UsedBy(ctx, os.Geteuid()))(t); program && !slices.Contains(of, runs) {
		t.Errorf("in use by this user are %v", of)
	}
	if of := must(s.UsedBy(ctx, os.Geteuid()+1))(t); len(of) != 0 {
		t.Errorf("in use by another user are %v", of)
	}
	got := must(s.Collect(ctx, store.CollectOptions{}))(t)
	if want := []string{texts[2]}; program && !slices.Equal(got.Paths, want) {
		t.Errorf("collected %v, want %v", got.Paths, want)
	}
	var alive *store.AliveError
	if _, err := s.Delete(ctx, texts[:1], store.CollectOptions{}); !errors.As(err, &alive) || !strings.Contains(alive.Root, "going on") {
		t.Errorf("deleted what an open store uses: %v", err)
	}
	// A root is told before what does not last.
	kept := filepath.Join(root, "kept")
	if err := user.AddRoot(ctx, kept, texts[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(ctx, texts[:1], store.CollectOptions{}); !errors.As(err, &alive) || !strings.Contains(alive.Root, "the root ") {
		t.Errorf("deleted what a root keeps: %v", err)
	}
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(ctx, []string{dir}, store.CollectOptions{}); program && (!errors.As(err, &alive) || !strings.Contains(alive.Root, fmt.Sprint("process ", cmd.Process.Pid))) {
		t.Errorf("deleted what a program uses: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	user.Close()
	must(s.Collect(ctx, store.CollectOptions{}))(t)
	// This store itself has asked for some of them: it is not asked again.
	if n := checkStore(t, root); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

// TestInUseInOddPlaces: what an open store uses is found, whatever characters the name of
// the root directory has.
func TestInUseInOddPlaces(t *testing.T) {
	ctx, top := t.Context(), scratch(t)
	for _, name := range []string{"a[b]", "[", "*", "a?", `back\slash`, "new\nline"} {
		root := filepath.Join(top, name)
		user := open(t, root)
		used := must(user.AddText(ctx, "used", nil, nil))(t)
		if got := must(open(t, root).Collect(ctx, store.CollectOptions{}))(t); len(got.Paths) != 0 || !must(user.IsValid(ctx, used))(t) {
			t.Errorf("below %q what is in use was collected: %v", name, got.Paths)
		}
	}
}

// TestCollectRemovesWhatCrashesLeft removes trees that are no objects, but
// nothing that somebody is making and nothing that is not the store's.
func TestCollectRemovesWhatCrashesLeft(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	s := open(t, root)
	d := derivation("a", "b")
	must(s.AddDerivation(ctx, "pkg", d))(t)
	left, locked := d.Outputs["a"].Path, d.Outputs["b"].Path
	for _, p := range []string{left, locked} {
		grow(t, s.Physical(p), map[string]string{"deep/er/x": "1"})
		if err := os.Chmod(filepath.Join(s.Physical(p), "deep"), 0o555); err != nil {
			t.Fatal(err)
		}
	}
	foreign := s.Physical(s.Dir() + "/lost+found")
	grow(t, foreign, map[string]string{"x": "1"})
	lock := must(open(t, root).LockOutputs(ctx, []string{locked}))(t)
	defer lock.Release()
	if got := must(s.Collect(ctx, store.CollectOptions{}))(t); got.Stray != 1 {
		t.Errorf("%d stray trees were removed, not 1", got.Stray)
	}
	for p, want := range map[string]bool{s.Physical(left): false, s.Physical(locked): true, foreign: true} {
		if _, err := os.Lstat(p); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", p, err == nil, want)
		}
	}
}

// collectorSeed marks helpers that collect rather than add.
const collectorSeed = 1 << 20

// collectLoop collects garbage again and again.
func collectLoop(ctx context.Context, s *store.Store, r *rand.Rand, rounds int) error {
	for i := 0; rounds == 0 || i < rounds; i++ {
		o := store.CollectOptions{MaxFreed: r.Int64N(3) * 2000, KeepOutputs: r.IntN(2) == 0, DropDerivations: r.IntN(2) == 0}
		if _, err := s.Collect(ctx, o); err != nil {
			return err
		}
		time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
	}
	return nil
}

// TestCollectorsAmongBuilders lets processes add, build and check what they have
// made while others collect.
func TestCollectorsAmongBuilders(t *testing.T) {
	root := scratch(t)
	growSource(t, root)
	var builders, collectors sync.WaitGroup
	var stop []*exec.Cmd
	for i := range 2 {
		cmd, errs := startHelper(t, root, collectorSeed+i, 0)
		stop = append(stop, cmd)
		collectors.Go(func() {
			cmd.Wait()
			if errs.Len() > 0 {
				t.Errorf("collector %d: %s", i, errs)
			}
		})
	}
	for i := range 4 {
		builders.Go(func() {
			for j := range 3 { // each time another process, so that garbage arises
				cmd, errs := startHelper(t, root, i*10+j, 20)
				if err := cmd.Wait(); err != nil {
					t.Errorf("builder %d: %v\n%s", i, err, errs)
				}
			}
		})
	}
	builders.Wait()
	for _, cmd := range stop {
		cmd.Process.Signal(syscall.SIGKILL)
	}
	collectors.Wait()
	checkStore(t, root)
	s := open(t, root)
	must(s.Collect(t.Context(), store.CollectOptions{}))(t)
	if n := checkStore(t, root); n != 0 {
		t.Errorf("%d objects are left without a root", n)
	}
	checkEmpty(t, root)
}

// checkEmpty fails if anything but the store's own files lies in the store
// directory.
func checkEmpty(t testing.TB, root string) {
	t.Helper()
	for _, e := range must(os.ReadDir(filepath.Join(root, "frx/store")))(t) {
		if !slices.Contains([]string{".tmp", ".links", ".fruix-id", ".fruix-journal"}, e.Name()) {
			t.Errorf("%s is left on the disk", e.Name())
		}
	}
	if links, err := os.ReadDir(filepath.Join(root, "frx/store/.links")); err == nil && len(links) > 0 {
		t.Errorf("shared files are left on the disk: %v", links)
	}
}

// TestCollectorKilled kills processes that collect while others add, and looks
// whether database and disk agree and all rubbish goes.
func TestCollectorKilled(t *testing.T) {
	root := scratch(t)
	growSource(t, root)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 25 {
		adder, _ := startHelper(t, root, i, 0)
		collector, errs := startHelper(t, root, collectorSeed+i, 0)
		time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
		victims := []*exec.Cmd{collector, adder}
		if i%2 == 0 {
			slices.Reverse(victims)
		}
		for _, v := range victims {
			v.Process.Signal(syscall.SIGKILL)
			v.Wait()
		}
		if errs.Len() > 0 {
			t.Fatalf("round %d: the collector said: %s", i, errs)
		}
		if i%5 == 4 {
			checkStore(t, root)
		}
	}
	closed(t, root, func(s *store.Store) { must(s.Collect(t.Context(), store.CollectOptions{}))(t) })
	if n := checkStore(t, root); n != 0 {
		t.Errorf("%d objects are left without a root", n)
	}
	checkEmpty(t, root)
	checkTidy(t, root)
}

// TestRootTakesOver lets processes that protect an object make a root of it, and end,
// at any instant of a collection: it must stay.
func TestRootTakesOver(t *testing.T) {
	ctx, root := t.Context(), scratch(t)
	collector := open(t, root)
	closed(t, root, func(s *store.Store) {
		other := must(s.AddText(ctx, "other", []byte("other"), nil))(t)
		// Many roots, so that it takes a while to read them.
		for i := range 200 {
			if err := s.AddRoot(ctx, filepath.Join(root, fmt.Sprint("link", i)), other); err != nil {
				t.Fatal(err)
			}
		}
	})
	user := must(store.Open(ctx, config(root)))(t)
	text := must(user.AddText(ctx, "kept", []byte("kept"), nil))(t)
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		link := filepath.Join(root, fmt.Sprint("kept", round))
		wait := time.Duration(r.IntN(4000)) * time.Microsecond
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(wait)
			if err := errors.Join(user.AddRoot(ctx, link, text), user.Close()); err != nil {
				t.Error(err)
			}
		})
		if _, err := collector.Collect(ctx, store.CollectOptions{}); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		user = must(store.Open(ctx, config(root)))(t)
		if valid := must(user.IsValid(ctx, text))(t); !valid {
			t.Fatalf("round %d: %s has a root and was collected", round, text)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	user.Close()
}
