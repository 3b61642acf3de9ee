package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fruix/store"
	"fruix/store/hash"
)

// The test binary is its own helper process: with this variable set it does
// not test, but works on the store whose root the variable names.
const (
	helperRoot = "FRUIX_STORE_TEST_ROOT"
	helperSeed = "FRUIX_STORE_TEST_SEED"
	helperLoop = "FRUIX_STORE_TEST_LOOP" // how many rounds; 0: until killed
)

func TestMain(m *testing.M) {
	if root := os.Getenv(helperRoot); root != "" {
		var seed uint64
		var rounds int
		fmt.Sscan(os.Getenv(helperSeed), &seed)
		fmt.Sscan(os.Getenv(helperLoop), &rounds)
		if err := helper(context.Background(), root, seed, rounds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helper adds texts, trees and build outputs. Half of them are the same for
// every helper.
func helper(ctx context.Context, root string, seed uint64, rounds int) error {
	c := config(root)
	c.OnWait = func(store.Wait) {}
	s, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("started")
	r := rand.New(rand.NewPCG(seed, 0))
	if seed >= collectorSeed {
		return collectLoop(ctx, s, r, rounds)
	}
	for i := 0; rounds == 0 || i < rounds; i++ {
		tag := fmt.Sprintf("shared %d", i/2)
		if i%2 == 1 {
			tag = fmt.Sprintf("own %d %d", seed, r.Uint64())
		}
		if err := helperRound(ctx, s, root, tag, seed); err != nil {
			return fmt.Errorf("%s: %w", tag, err)
		}
	}
	return nil
}

func helperRound(ctx context.Context, s *store.Store, root, tag string, seed uint64) error {
	text, err := s.AddText(ctx, "text", []byte(tag), nil)
	if err != nil {
		return err
	}
	src, err := s.AddPath(ctx, "src", filepath.Join(root, "source"), store.AddOptions{Recursive: true, References: []string{text}})
	if err != nil {
		return err
	}
	d := derivation("out", "lib")
	d.InputSrcs = []string{text, src}
	d.Env["tag"] = tag
	drvPath, err := s.AddDerivation(ctx, "pkg", d)
	if err != nil {
		return err
	}
	var built []store.Built
	var outs []string
	for _, name := range d.OutputNames() {
		outs = append(outs, d.Outputs[name].Path)
	}
	lock, err := s.LockOutputs(ctx, outs)
	if err != nil {
		return err
	}
	defer lock.Release()
	for _, out := range outs {
		phys, err := s.TempOutput(out)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(phys, "bin"), 0o755); err != nil {
			return err
		}
		// Like a build that is not quite reproducible.
		if err := os.WriteFile(filepath.Join(phys, "bin/x"), fmt.Appendf(nil, "%s %s %d", outs[1], text, seed), 0o755); err != nil {
			return err
		}
		built = append(built, store.Built{Path: out, Physical: phys, Deriver: drvPath, Candidates: []string{text, src}})
	}
	if _, err = s.Finish(ctx, built); err != nil {
		return err
	}
	return stillThere(ctx, s, append(outs, text, src, drvPath))
}

// stillThere fails unless paths, which s has made, are valid and on the disk.
func stillThere(ctx context.Context, s *store.Store, paths []string) error {
	for _, p := range paths {
		if _, err := s.Info(ctx, p); err != nil {
			return err
		}
		if _, err := os.Lstat(s.Physical(p)); err != nil {
			return err
		}
	}
	return nil
}

// startHelper starts a helper process and waits until it works.
func startHelper(t testing.TB, root string, seed, rounds int) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	exe := must(os.Executable())(t)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperRoot+"="+root, fmt.Sprintf("%s=%d", helperSeed, seed), fmt.Sprintf("%s=%d", helperLoop, rounds))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		cmd.Wait()
		t.Fatalf("the helper did not start: %v %s", err, errs.String())
	}
	return cmd, &errs
}

// checkStore fails unless what the database says is what lies on the disk, and
// returns how many valid objects there are.
func checkStore(t testing.TB, root string) int {
	t.Helper()
	ctx := t.Context()
	s := must(store.Open(ctx, config(root)))(t)
	defer s.Close()
	all := must(s.All(ctx))(t)
	for _, p := range all {
		info := must(s.Info(ctx, p))(t)
		h := hash.SHA256.New()
		if err := s.DumpNAR(ctx, p, h); err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		if !bytes.Equal(h.Sum(nil), info.NarHash) {
			t.Errorf("%s: the content is not what was registered", p)
		}
		checkCanonical(t, s.Physical(p))
		for p, ok := range must(s.ValidMany(ctx, info.References))(t) {
			if !ok {
				t.Errorf("%s is referred to and not valid", p)
			}
		}
	}
	return len(all)
}

// checkTidy fails if temporary files are left.
func checkTidy(t testing.TB, root string) {
	t.Helper()
	if left := must(os.ReadDir(filepath.Join(root, "frx/store/.tmp")))(t); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestKilledAtAnyInstant(t *testing.T) {
	root := scratch(t)
	growSource(t, root)
	r := rand.New(rand.NewPCG(3, 4))
	const rounds = 40
	before := 0
	for i := range rounds {
		// The first rounds kill it while it makes the database.
		cmd, errs := startHelper(t, root, i, 0)
		time.Sleep(time.Duration(r.IntN(150)*min(i+1, 10)/10) * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
		if errs.Len() > 0 {
			t.Fatalf("round %d: the helper said: %s", i, errs)
		}
		if i%4 != 3 {
			continue // let some rubbish of several crashes pile up
		}
		n := checkStore(t, root)
		checkTidy(t, root)
		if n < before {
			t.Fatalf("round %d: %d objects are valid, %d were", i, n, before)
		}
		before = n
	}
	if before < 10 {
		t.Errorf("only %d objects after %d rounds: the test kills too early", before, rounds)
	}
	// And it still works.
	if err := helper(t.Context(), root, 1000, 4); err != nil {
		t.Fatal(err)
	}
	checkStore(t, root)
}

func growSource(t testing.TB, root string) {
	nodes := map[string]string{"big": strings.Repeat("0123456789", 5<<10)}
	for i := range 20 {
		nodes[fmt.Sprintf("d%d/f%d", i%4, i)] = strings.Repeat("x", 100*i)
	}
	grow(t, filepath.Join(root, "source"), nodes)
}

func TestManyProcesses(t *testing.T) {
	root := scratch(t)
	growSource(t, root)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			cmd, errs := startHelper(t, root, i, 12)
			if err := cmd.Wait(); err != nil {
				t.Errorf("helper %d: %v\n%s", i, err, errs)
			}
		})
	}
	wg.Wait()
	// Of each round: text, source, derivation and two outputs. Six rounds are
	// shared by all, six are each helper's own.
	if n, want := checkStore(t, root), 5*(6+6*6); n != want {
		t.Errorf("%d objects are valid, not %d", n, want)
	}
	checkTidy(t, root)
	if left := must(os.ReadDir(filepath.Join(root, "frx/var/fruix/locks")))(t); len(left) != 0 {
		t.Errorf("lock files are left: %v", left)
	}
}

func TestManyGoroutines(t *testing.T) {
	root := scratch(t)
	growSource(t, root)
	s := open(t, root)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 6 {
				if err := helperRound(t.Context(), s, root, fmt.Sprint("round ", j), uint64(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	checkStore(t, root)
}

// TestAsOrdinaryUser runs this package's tests again as a user without rights.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the other tests have just run as an ordinary user")
	}
	const uid = 12345
	dir := scratch(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	exe := filepath.Join(dir, "test")
	bin := must(os.ReadFile(must(os.Executable())(t)))(t)
	if err := os.WriteFile(exe, bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, uid, uid); err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.v", "-test.skip=AsNix|AsOrdinaryUser|Killed|ManyProcesses|Builders|Full"}
	cmd := exec.Command(exe, args...)
	cmd.Dir, cmd.Env = home, []string{"HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("--- PASS: TestFinish")) {
		t.Errorf("the tests did not run:\n%s", out)
	}
}
