package progress

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// clock is a time that the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

const (
	drvA = "/frx/store/0c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-hello-2.12.drv"
	drvB = "/frx/store/1c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-linux.deb.drv"
	drvC = "/frx/store/2c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-broken-1.drv"
	drvF = "/frx/store/3c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-image.drv"
	drvG = "/frx/store/4c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-after.drv"

	pathD = "/frx/store/5c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-libd"
	pathE = "/frx/store/6c0bl8yqh9j7wyzwhz2v5dkn5bmmrjqr-libe"
)

// story is one run of builds, with a mark where the screen is looked at.
func story(r *Reporter, c *clock, look func(string)) {
	event := func(e builder.Event) {
		r.Event(e)
		r.settle()
	}
	task := r.Task("verifying", "objects")
	r.settle()
	c.pass(300 * time.Millisecond)
	task.Set(30, 100)
	r.settle()
	look("task")
	task.End()
	r.settle()
	event(builder.Offered{Objects: 2, Bytes: 3 << 20})
	event(builder.Fetching{Drv: pathD, Name: "libd", Location: "cache.example", Done: 1 << 20, Total: -1})
	event(builder.Fetched{Path: pathD, From: "cache.example", Duration: time.Second})
	event(builder.Fetched{Path: pathE, From: "cache.example", Err: errors.New("it is damaged")})
	event(builder.Planned{Drvs: []string{drvA, drvB, drvC, drvF, drvG}})
	event(builder.Started{Drv: drvB, Name: "linux.deb"})
	event(builder.Fetching{Drv: drvB, Name: "linux.deb", Location: "https://a.example/linux.deb", Done: 0, Total: 80 << 20})
	event(builder.Started{Drv: drvC, Name: "broken-1", LogPath: "/log/br/oken.gz"})
	look("started")
	c.pass(2 * time.Second)
	event(builder.Fetching{Drv: drvB, Name: "linux.deb", Location: "https://a.example/linux.deb", Done: 20 << 20, Total: 80 << 20})
	event(builder.Phase{Drv: drvC, Name: "broken-1", Phase: "build"})
	event(builder.Line{Drv: drvC, Name: "broken-1", Text: "10%\r20%\r\x1b[1mcompiling\x1b[0m\ta rather long line that does not fit into the width of the terminal at all"})
	event(builder.Started{Drv: drvF, Name: "image", Machine: "far"})
	event(builder.Step{Drv: drvF, Name: "image", What: "writing disk.img", Done: 1 << 20, Total: 10 << 20})
	c.pass(time.Second)
	event(builder.Fetching{Drv: drvB, Name: "linux.deb", Location: "https://a.example/linux.deb", Done: 30 << 20, Total: 80 << 20})
	event(builder.Step{Drv: drvF, Name: "image", What: "writing disk.img", Done: 6 << 20, Total: 10 << 20})
	look("under way")
	r.Note("a note")
	r.settle()
	event(builder.Finished{Drv: drvB, Name: "linux.deb", Duration: 3 * time.Second})
	event(builder.Finished{Drv: drvC, Name: "broken-1", Err: &builder.BuildError{Drv: drvC, Status: "exit code 1", LogPath: "/log/br/oken.gz", Err: errors.New("builder failed with exit code 1")}})
	event(builder.Finished{Drv: drvF, Name: "image", Err: fmt.Errorf("stopped: %w", context.Canceled)})
	event(builder.Waiting{Drv: drvA, Path: "/frx/store/x-hello-2.12", Holder: "process 42"})
	c.pass(65 * time.Second)
	look("waiting")
	event(builder.Queued{Drv: drvG, Name: "last", Running: 2})
	look("its turn")
	event(builder.Started{Drv: drvG, Name: "last"})
	event(builder.Finished{Drv: drvA, Elsewhere: true})
	r.Close()
	event(builder.Started{Drv: drvA})
	look("closed")
}

func TestStory(t *testing.T) {
	for name, o := range map[string]Options{
		"plain":   {Verbosity: 1},
		"verbose": {Verbosity: 3},
		"quiet":   {Quiet: true, Verbosity: 3},
		"silent":  {TTY: true},
		"live":    {TTY: true, Verbosity: 1},
		"color":   {TTY: true, Verbosity: 3, Color: true},
		"json":    {JSON: true, TTY: true, Verbosity: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var b, golden bytes.Buffer
			c := &clock{t: time.Unix(1000000, 0)}
			o.Now, o.Interval = c.now, -1
			o.Size = func() (int, int) { return 60, 24 }
			r := New(&b, o)
			story(r, c, func(mark string) {
				text := b.String()
				if o.JSON && mark != "closed" {
					return // nothing is taken back: the end shows all
				}
				if o.TTY && !o.Color {
					text = apply(t, text, 60)
				}
				fmt.Fprintf(&golden, "-- %s --\n%s", mark, strings.ReplaceAll(text, "\x1b", "ESC"))
			})
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, golden.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if golden.String() != string(want) {
				t.Errorf("got\n%swant\n%s", golden.String(), want)
			}
		})
	}
}

// apply applies what was written to an endless screen of a width.
func apply(t *testing.T, s string, width int) string {
	t.Helper()
	lines := []string{""}
	for s != "" {
		switch {
		case s[0] == '\n':
			lines = append(lines, "")
			s = s[1:]
		case strings.HasPrefix(s, "\r\x1b["):
			var up int
			if _, err := fmt.Sscanf(s, "\r\x1b[%dA\x1b[J", &up); err != nil || up >= len(lines) {
				t.Fatalf("bad sequence in %q", s)
			}
			lines = append(lines[:len(lines)-1-up], "")
			s = s[strings.IndexByte(s, 'J')+1:]
		default:
			i := strings.IndexAny(s, "\n\r")
			if i < 0 {
				i = len(s)
			}
			lines[len(lines)-1] += s[:i]
			s = s[i:]
		}
	}
	for _, l := range lines {
		if n := len([]rune(l)); n >= width && strings.HasSuffix(l, "…") {
			t.Errorf("%q is %d wide", l, n)
		}
	}
	return strings.Join(lines, "\n")
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	var b bytes.Buffer
	r := New(&b, Options{TTY: true, Verbosity: 2, Interval: time.Millisecond, Size: func() (int, int) { return 40, 10 }})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			drv := fmt.Sprintf("/frx/store/x-%d.drv", i)
			for n := range 50 {
				r.Event(builder.Started{Drv: drv})
				r.Event(builder.Fetching{Drv: drv, Location: "l", Done: int64(n), Total: -1})
				r.Event(builder.Line{Drv: drv, Text: "x"})
				r.Event(builder.Finished{Drv: drv})
			}
		}()
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestTexts(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 80 << 20: "80.0 MiB", 3 << 40: "3.0 TiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{1500 * time.Millisecond: "1.5s", 42 * time.Second: "42s", 95 * time.Second: "1m35s", 2*time.Hour + 5*time.Minute: "2h05m"} {
		if got := durationText(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
	for s, want := range map[string]string{"a\rb\r": "b\r", "\x1b[31mx\x1b[0m": "x", "\x1b]0;title\x07y": "y", "a\x07\x00b": "ab", "x\x1b": "x"} {
		if got := clean(s); got != strings.TrimRight(want, "\r") {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31mb\x1b]0;x\x1b\\c\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		if got := clean(s); strings.ContainsFunc(got, control) {
			t.Errorf("%q", got)
		}
		cut(clean(s), 10)
	})
}

// TestForeign shows what builders, servers and machines say: nothing of it is a line of
// its own or reaches the terminal's state, and one builder does not fill the screen.
func TestForeign(t *testing.T) {
	const evil = "\x1b[31mred\x1b]0;title\x07\u009b\nfruix: error: run this"
	for name, o := range map[string]Options{"plain": {Verbosity: 3}, "terminal": {TTY: true, Verbosity: 3, Interval: -1}} {
		var b bytes.Buffer
		r := New(&b, o)
		for _, e := range []builder.Event{
			builder.Started{Drv: drvA + evil, Name: evil, Machine: evil},
			builder.Fetching{Drv: drvB, Name: evil, Location: evil, Total: 5},
			builder.Step{Drv: drvA, Name: evil, What: evil, Done: 1, Total: 2},
			builder.Phase{Drv: drvA, Name: evil, Phase: evil},
			builder.Line{Drv: drvA, Name: evil, Text: evil},
			builder.Waiting{Drv: drvA, Path: evil, Holder: evil},
			builder.Queued{Drv: drvC, Name: evil},
			builder.Moved{Drv: drvB, Name: evil, Machine: evil, Err: errors.New(evil)},
			builder.Fetched{Path: evil, From: evil, Err: errors.New(evil)},
			builder.Finished{Drv: evil, Err: errors.New(evil)},
		} {
			r.Event(e)
		}
		r.Close()
		text := b.String()
		if o.TTY {
			text = apply(t, text, 80)
		}
		for l := range strings.Lines(text) {
			if strings.HasPrefix(l, "fruix:") || strings.ContainsAny(l, "\x1b\x07\u009b") {
				t.Errorf("%s: %q", name, l)
			}
		}
	}
	var b bytes.Buffer
	r := New(&b, Options{Verbosity: 1})
	for i := range 1000 {
		r.Event(builder.Step{Drv: drvA, Name: "a", What: fmt.Sprint("fruix: error: ", i), Done: 1, Total: 1})
	}
	r.settle()
	if got := b.String(); strings.Count(got, "\n") != maxSteps || !strings.HasPrefix(got, "a: fruix: error: 0 (1 B)...\n") {
		t.Errorf("1000 steps are told so:\n%s", got)
	}
	b.Reset()
	r.Warn("one\ntwo \x1b[31m")
	r.settle()
	if got := b.String(); got != "fruix: warning: one\ntwo \n" {
		t.Errorf("a warning is %q", got)
	}
}
