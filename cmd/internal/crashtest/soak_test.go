package crashtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// variant writes a file that declares the same things each time for the same
// number: what one process builds another may be collecting, or building, too.
func (w *world) variant(n int) string {
	return w.file(fmt.Sprintf("expr/variant-%d.scm", n), fmt.Sprintf(`(use-modules (guix gexp))
(define base
  (computed-file "%[1]s-v%[2]d-base"
    #~(begin
        (mkdir #$output)
        (call-with-output-file (string-append #$output "/data")
          (lambda (port) (display (make-string 10000 #\%[3]c) port))))))
(computed-file "%[1]s-v%[2]d"
  #~(begin
      (mkdir #$output)
      (symlink #$base (string-append #$output "/base"))))
`, w.tag, n, 'a'+rune(n%5)))
}

// there says what is missing of an object that must be there: itself, or what it
// leads to.
func (w *world) there(p string) error {
	_, err := os.Stat(filepath.Join(w.root, p))
	if err != nil {
		return err
	}
	base, err := os.Readlink(filepath.Join(w.root, p, "base"))
	if err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(w.root, base, "data"))
	return err
}

// TestBuildAgainstCollection builds something, mostly the same as before, while
// garbage is collected, again and again. What was built must be there.
func TestBuildAgainstCollection(t *testing.T) {
	rounds, first := number(t, "FRUIX_CRASH_RACES", 100), seed(t)
	const worlds = 2
	var wg sync.WaitGroup
	for i := range worlds {
		w := newWorld(t, fmt.Sprintf("r%d", i), first)
		wg.Go(func() {
			for round := range rounds / worlds {
				if err := w.race(); err != nil {
					w.Errorf("round %d: %v", round, err)
					return
				}
			}
			if err := errors.Join(w.do(operation{name: "gc", args: []string{"gc", "-q"}}).fails(), w.holds(collected)); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
}

// race is one round of TestBuildAgainstCollection.
func (w *world) race() error {
	link := w.path(fmt.Sprintf("kept-%d", w.r.IntN(3)))
	build := w.command("build", "-q", "-f", w.variant(w.r.IntN(6)), "-r", link)
	collect := w.command("gc", "-q")
	var built, collected *outcome
	var wg sync.WaitGroup
	wait := time.Duration(w.r.Int64N(int64(60 * time.Millisecond)))
	wg.Go(func() { built = w.run(build, nil, nil) })
	wg.Go(func() { time.Sleep(wait); collected = w.run(collect, nil, nil) })
	wg.Wait()
	if err := errors.Join(built.fails(), collected.fails()); err != nil {
		return err
	}
	for _, p := range built.paths() {
		if err := w.there(p); err != nil {
			return fmt.Errorf("%s was built: %w", p, err)
		}
	}
	if w.r.IntN(3) == 0 {
		if err := os.Remove(link); err != nil {
			return err
		}
	}
	if w.r.IntN(10) == 0 {
		return w.holds(settled)
	}
	return nil
}

// soak is many processes at work on one store.
type soak struct {
	*world
	until time.Time

	mu      sync.Mutex
	done    map[string]int           // commands, by what they are
	longest map[string]time.Duration // that one took
	waits   int                      // how often somebody was told of a wait
	err     error
}

// TestSoak lets 8 builders, 2 collectors, 4 adders and 50 readers work on one store.
func TestSoak(t *testing.T) {
	first := seed(t)
	w := newWorld(t, "soak", first)
	w.patience = 10 * time.Minute // nobody gets much of the machine
	const variants = 12
	always := w.path("always")
	w.must("build", "-q", "-f", w.variant(variants), "-r", always)
	for n := range variants {
		w.variant(n)
	}
	s := &soak{world: w, until: time.Now().Add(duration(t, "FRUIX_CRASH_SOAK", 5*time.Second)), done: map[string]int{}, longest: map[string]time.Duration{}}
	var wg sync.WaitGroup
	workers := 0
	start := func(n int, what string, work func(r *rand.Rand, me string, round int) error) {
		for i := range n {
			workers++
			r := rand.New(rand.NewPCG(first, uint64(workers)))
			wg.Go(func() { s.loop(what, func(round int) error { return work(r, fmt.Sprintf("%s-%d", what, i), round) }) })
		}
	}
	start(8, "builder", func(r *rand.Rand, me string, round int) error {
		link := w.path("kept-" + me)
		o, err := s.command("build", "build", "-f", w.path(fmt.Sprintf("expr/variant-%d.scm", r.IntN(variants))), "-r", link)
		if err != nil {
			return err
		}
		for _, p := range o.paths() {
			if err := w.there(p); err != nil {
				return fmt.Errorf("%s was built: %w", p, err)
			}
		}
		if r.IntN(2) == 0 {
			return os.Remove(link)
		}
		return nil
	})
	start(2, "collector", func(r *rand.Rand, _ string, round int) error {
		_, err := s.command("collect", "gc", "-q")
		time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
		return err
	})
	start(4, "adder", func(r *rand.Rand, me string, round int) error {
		file := w.path("src", me)
		text := strings.Repeat(fmt.Sprint(me, r.IntN(3)), 5000)
		if err := errors.Join(os.MkdirAll(file, 0o755), os.WriteFile(filepath.Join(file, "f"), []byte(text), 0o644)); err != nil {
			return err
		}
		_, err := s.command("add", "store", "add", file)
		return err
	})
	questions := [][]string{
		{"store", "path-info", always}, {"store", "requisites", always}, {"store", "size", always}, {"gc", "--list-roots"},
		{"gc", "--list-live"}, {"store", "derivers", always}, {"store", "ls", always}, {"gc", "-n"},
	}
	start(50, "reader", func(r *rand.Rand, _ string, round int) error {
		q := questions[r.IntN(len(questions))]
		o, err := s.command("ask", q...)
		if err == nil && o.stdout == "" && q[1] != "-n" {
			err = fmt.Errorf("fruix %s gave no answer", o.what)
		}
		time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
		return err
	})
	wg.Wait()
	if s.err != nil {
		t.Error(s.err)
	}
	t.Logf("commands: %v; the longest took: %v; %d waits were told of", s.done, s.longest, s.waits)
	for _, what := range []string{"build", "collect", "add", "ask"} {
		if s.done[what] == 0 {
			t.Errorf("nobody came to %s", what)
		}
	}
	if err := errors.Join(w.holds(settled), w.do(operation{name: "gc", args: []string{"gc", "-q"}}).fails(), w.holds(collected)); err != nil {
		t.Error(err)
	}
}

// loop works once, and on until the time is over or something fails.
func (s *soak) loop(what string, work func(round int) error) {
	for round := 0; round == 0 || time.Now().Before(s.until); round++ {
		s.mu.Lock()
		failed := s.err != nil
		s.mu.Unlock()
		if failed {
			return
		}
		if err := work(round); err != nil {
			s.mu.Lock()
			s.err = errors.Join(s.err, fmt.Errorf("a %s: %w", what, err))
			s.mu.Unlock()
			return
		}
	}
}

// told is what somebody who waits is told.
var told = regexp.MustCompile(`(?m)^waiting .*$`)

// named is a wait that says for what and for whom.
var named = regexp.MustCompile(`^waiting (for /frx/store/\S+, which process \d+ is |until (process|processes) \d+)`)

// command runs fruix, which must succeed.
func (s *soak) command(what string, args ...string) (*outcome, error) {
	o := s.run(s.world.command(args...), nil, nil)
	waits := told.FindAllString(o.stderr, -1)
	s.mu.Lock()
	s.done[what]++
	s.waits += len(waits)
	s.longest[what] = max(s.longest[what], o.took)
	s.mu.Unlock()
	err := o.fails()
	if i := slices.IndexFunc(waits, func(l string) bool { return !named.MatchString(l) }); i >= 0 {
		err = errors.Join(err, fmt.Errorf("fruix %s does not say for whom it waits: %s", o.what, waits[i]))
	}
	return o, err
}
