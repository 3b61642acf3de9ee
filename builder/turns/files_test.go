package turns

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Each book counts as a process of its own: locks belong to who has opened a file.

// envHold tells the test binary to take all turns of a place in that folder.
const envHold = "FRUIX_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envHold); dir != "" {
		got := newPlay(NewBook(dir, func(text string) { fmt.Println(text) }).At("far"), 2).act("x x x")
		fmt.Println(got)
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// process returns the turns of a place, as another process has them.
func process(t *testing.T, dir string) *Turns {
	ts := NewBook(dir, func(text string) { t.Error(text) }).At("far")
	ts.files.pause = 2 * time.Millisecond
	return ts
}

// comes does what words say, of which nothing is to be heard but that a turn comes, at
// once or later.
func (p *play) comes(t *testing.T, does, want string) {
	t.Helper()
	got := p.act(does)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if got != "" {
			if got != want {
				t.Fatalf("%s comes, not %s", got, want)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", want)
		}
		got = strings.Join(p.woken(), " ")
	}
}

// queues waits until a process is the first of those that wait.
func (p *play) queues(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		p.t.mu.Lock()
		queues := p.t.files.queue != nil
		p.t.mu.Unlock()
		if queues {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not become the first")
		}
	}
}

// rests sees to it that a process which has waited for a turn, and leaves the next one
// to others now, goes on to do so.
func (p *play) rests(t *testing.T) {
	t.Helper()
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	if p.t.files.after.IsZero() {
		t.Error("it leaves nothing to others")
	}
	p.t.files.after = time.Now().Add(time.Hour)
}

// rested ends that.
func (p *play) rested() {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.t.files.after = time.Time{}
}

func (p *play) expect(t *testing.T, does, want string) {
	t.Helper()
	if got := p.act(does); got != want {
		t.Fatalf("%s: %s, want %s", does, got, want)
	}
}

// TestFiles: processes have no more turns together than there are, and one that has
// many does not keep another waiting.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "machines")
	p, q := newPlay(process(t, dir), 2), newPlay(process(t, dir), 2)
	p.expect(t, "a a a", "a a -")
	q.expect(t, "b", "-")
	q.queues(t)
	p.expect(t, "/a", "") // though a waits
	q.comes(t, "", "(b)")
	q.rests(t)
	q.expect(t, "b b", "b -")
	p.queues(t)
	p.comes(t, "/a", "(a)")
	p.rests(t)
	p.expect(t, "a a", "a -")
	q.rested()
	q.queues(t)
	p.expect(t, "/a", "")
	q.comes(t, "", "(b)")
	q.expect(t, "b /b /b", "b")
	p.rested()
	p.comes(t, "", "(a)") // nobody else is left
	p.expect(t, "a a", "a a")
	p.end(t)
	q.end(t)
	if len(p.t.files.slots)+len(q.t.files.slots) != 0 || p.t.files.queue != nil || q.t.files.queue != nil || p.t.again != nil || q.t.again != nil {
		t.Error("something is left")
	}
}

// TestFilesAhead: more are sent ahead for as long as no other process wants any.
func TestFilesAhead(t *testing.T) {
	dir := t.TempDir()
	p, q := newPlay(process(t, dir), 2), newPlay(process(t, dir), 2)
	p.expect(t, "a=2+2 a a a a a", "a a a a -")
	q.expect(t, "b", "-")
	q.queues(t)
	p.expect(t, "/a /a", "")
	q.expect(t, "b", "-") // as many are left as may go on
	p.expect(t, "/a", "")
	q.comes(t, "", "(b)")
	p.queues(t)
	q.expect(t, "b /b", "b")
	p.comes(t, "", "(a)")
	p.expect(t, "a a", "a a") // one ahead
	q.expect(t, "b", "-")
	q.queues(t)
	p.expect(t, "a", "-")
	q.expect(t, "!b", "")
	p.comes(t, "", "(a)") // ahead again
	p.end(t)
	q.end(t)
}

// TestFilesSizes: those who say how many turns there are need not agree.
func TestFilesSizes(t *testing.T) {
	dir := t.TempDir()
	p, q := newPlay(process(t, dir), 1), newPlay(process(t, dir), 3)
	p.expect(t, "a", "a")
	q.expect(t, "b b b", "b b -")
	p.expect(t, "a", "-")
	p.expect(t, "a=2 a", "-")
	q.expect(t, "!b", "")
	q.expect(t, "/b", "")
	q.expect(t, "/b", "")
	p.comes(t, "", "(a)")
	p.end(t)
	q.end(t)
}

// TestFilesCrash: what a process had that was killed is free at once.
func TestFilesCrash(t *testing.T) {
	dir := t.TempDir()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), envHold+"="+dir)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "x x -\n" {
		t.Errorf("the other has %q, %v", said, err)
	}
	p := newPlay(process(t, dir), 2)
	p.expect(t, "a", "-")
	other.Process.Kill()
	other.Wait()
	p.comes(t, "", "(a)")
	p.expect(t, "a", "a")
	if p.act("a") == "-" { // it has waited
		p.comes(t, "", "(a)")
	}
	p.end(t)
}

// TestFilesTogether has users of several processes take turns.
func TestFilesTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	var mu sync.Mutex
	running, most := 0, 0
	for range 3 {
		ts := process(t, dir)
		for user := range 4 {
			c := ts.Client(user, 2)
			all.Go(func() {
				for i := range 5 {
					ctx, cancel := context.WithCancel(t.Context())
					if i == user {
						go cancel()
					}
					release, err := c.Wait(ctx, func(int) {})
					cancel()
					if err != nil {
						continue
					}
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(100 * time.Microsecond)
					mu.Lock()
					running--
					mu.Unlock()
					release()
				}
			})
		}
	}
	all.Wait()
	if most > 2 {
		t.Errorf("%d at a time", most)
	}
}

// TestFilesBroken: where nothing can be locked, that is said once, and this process
// counts alone.
func TestFilesBroken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "machines")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	p := newPlay(NewBook(dir, func(text string) { said = append(said, text) }).At("far"), 1)
	p.expect(t, "a=1+1 a a a /a", "a a - (a)")
	p.end(t)
	if len(said) != 1 || !strings.HasPrefix(said[0], "what other processes") {
		t.Errorf("said: %q", said)
	}
}

// TestBook: a name is the same place each time, and no way out of the folder.
func TestBook(t *testing.T) {
	dir := t.TempDir()
	b := NewBook(dir, func(text string) { t.Error(text) })
	x := b.At("x")
	if again, other := b.At("x"), b.At("y"); again != x || other == x {
		t.Error("places are mixed up")
	}
	p := newPlay(b.At("../x:1"), 1)
	p.expect(t, "a", "a")
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 2 {
		t.Errorf("%q %v", names, err)
	}
	p.end(t)
}
