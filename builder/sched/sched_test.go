package sched

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// parse reads a toy graph: "a: b c; b: c; c:" (a depends on b and c, …).
func parse(s string) []Job {
	var jobs []Job
	for _, part := range strings.Split(s, ";") {
		id, deps, _ := strings.Cut(part, ":")
		jobs = append(jobs, Job{strings.TrimSpace(id), strings.Fields(deps)})
	}
	return jobs
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name, graph string
		fail        string
		o           Options
		order       string // of calls, with one worker
		blocked     string
		left        string
	}{
		{name: "empty chain", graph: "a:", order: "a"},
		{name: "chain", graph: "a: b; b: c; c:", order: "c b a"},
		{name: "diamond", graph: "top: l r; l: base; r: base; base:", order: "base l r top"},
		{name: "repeated dependency", graph: "a: b b b; b:", order: "b a"},
		{name: "longest chain first", graph: "x:; y:; end: mid; mid: start; start:", order: "start mid x y end"},
		{name: "stops", graph: "a:; b: a; c:", fail: "a", order: "a", blocked: "b<a", left: "c"},
		{name: "keeps going", graph: "a:; b: a; d: b c; c:", fail: "a", o: Options{KeepGoing: true}, order: "a c", blocked: "b<a d<a"},
		{name: "two failures", graph: "a:; b:; c: a b; d: c; e:", fail: "a b", o: Options{KeepGoing: true}, order: "a b e", blocked: "c<a d<a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fail := strings.Fields(tt.fail)
			var calls []string
			res, err := Run(t.Context(), parse(tt.graph), tt.o, func(_ context.Context, id string) error {
				calls = append(calls, id)
				if slices.Contains(fail, id) {
					return errors.New(id)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var blocked []string
			for _, id := range slices.Sorted(maps.Keys(res.Blocked)) {
				blocked = append(blocked, id+"<"+res.Blocked[id])
			}
			got := fmt.Sprint(calls, blocked, res.Left, slices.Sorted(maps.Keys(res.Failed)))
			want := fmt.Sprint(strings.Fields(tt.order), strings.Fields(tt.blocked), strings.Fields(tt.left), fail)
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if n := len(res.Done) + len(res.Failed) + len(res.Blocked) + len(res.Left); n != len(parse(tt.graph)) {
				t.Errorf("%d jobs are accounted for", n)
			}
		})
	}
}

func TestBadGraphs(t *testing.T) {
	long, around := make([]Job, 50000), ""
	for i := range long {
		long[i] = Job{fmt.Sprint(i), []string{fmt.Sprint((i + 1) % len(long))}}
		if i < 9 {
			around += fmt.Sprint(i, " -> ")
		}
	}
	if _, err := Order(long); err == nil || err.Error() != "each of these needs the next: "+around+"49991 more -> 0" {
		t.Errorf("a long circle: %.300v", err)
	}
	for graph, want := range map[string]string{
		"a: b; b: c; c: b; d: a": "each of these needs the next: b -> c -> b",
		"a: a":                   "each of these needs the next: a -> a",
		"a: b":                   "job a depends on b, which is no job",
		"a:; a:":                 "job a occurs twice",
	} {
		_, err := Run(t.Context(), parse(graph), Options{}, func(context.Context, string) error {
			t.Error("a job was run")
			return nil
		})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", graph, err)
		}
	}
}

// TestRandom checks on random graphs that each job runs once, after what it
// depends on, and that the limit holds.
func TestRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n, workers := 1+rnd.IntN(200), 1+rnd.IntN(8)
		jobs := make([]Job, n)
		for i := range jobs {
			jobs[i].ID = fmt.Sprint(i)
			for range rnd.IntN(4) {
				if i > 0 {
					jobs[i].Deps = append(jobs[i].Deps, fmt.Sprint(rnd.IntN(i)))
				}
			}
		}
		rnd.Shuffle(n, func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		deps := map[string][]string{}
		for _, j := range jobs {
			deps[j.ID] = j.Deps
		}
		var mu sync.Mutex
		done, running, most := map[string]bool{}, 0, 0
		res, err := Run(t.Context(), jobs, Options{Workers: workers}, func(_ context.Context, id string) error {
			mu.Lock()
			running++
			most = max(most, running)
			for _, d := range deps[id] {
				if !done[d] {
					t.Errorf("%s before %s", id, d)
				}
			}
			mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			running--
			if done[id] {
				t.Errorf("%s twice", id)
			}
			done[id] = true
			return nil
		})
		if err != nil || len(res.Done) != n || most > workers {
			t.Errorf("%v, %d of %d, %d of %d", err, len(res.Done), n, most, workers)
		}
	}
}

// TestKinds takes the first of all jobs when each is of another kind, in far less time than
// looking at all kinds for each would need.
func TestKinds(t *testing.T) {
	const n = 20000
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i].ID = fmt.Sprint(i)
		if i >= n/2 {
			jobs[i].Deps = []string{fmt.Sprint(i - n/2)}
		}
	}
	g := new(kinds)
	res, err := Run(t.Context(), jobs, Options{Gate: g}, func(context.Context, string) error { return nil })
	if err != nil || len(res.Done) != n {
		t.Fatal(err, len(res.Done))
	}
	if !slices.Equal(g.order[:3], []string{"0", "1", "2"}) {
		t.Errorf("began with %v", g.order[:3])
	}
}

// kinds is a gate that lets everything in, each a kind of its own.
type kinds struct{ order []string }

func (*kinds) Kind(id string) string    { return id }
func (*kinds) Changed() <-chan struct{} { return nil }
func (*kinds) Settled()                 {}
func (g *kinds) Enter(id string) bool {
	g.order = append(g.order, id)
	return true
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	res, err := Run(ctx, parse("a:; b:; c: a; d:"), Options{Workers: 2, KeepGoing: true}, func(ctx context.Context, id string) error {
		cancel()
		<-ctx.Done()
		return fmt.Errorf("%s: %w", id, ctx.Err())
	})
	if err != nil || len(res.Done)+len(res.Failed)+len(res.Blocked) != 0 || len(res.Left) != 4 {
		t.Errorf("%+v %v", res, err)
	}
}

// TestFailureCancels checks that a failure ends what runs beside it, and that
// those do not count as failed.
func TestFailureCancels(t *testing.T) {
	started := make(chan struct{})
	res, err := Run(t.Context(), parse("slow:; bad:"), Options{Workers: 2}, func(ctx context.Context, id string) error {
		if id == "bad" {
			<-started
			return errors.New("bad")
		}
		close(started)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Second):
			return nil
		}
	})
	if err != nil || len(res.Failed) != 1 || fmt.Sprint(res.Left) != "[slow]" {
		t.Errorf("%+v %v", res, err)
	}
}

// places is a gate of several places; a job whose name begins with a letter may only
// enter the place called so.
type places struct {
	mu      sync.Mutex
	free    map[string]int
	asked   int
	changed chan struct{}
	// since is who was refused since the last one that entered; settled, each time that
	// was all.
	since   []string
	settled []string
	first   chan struct{} // closed then, if there is one
}

func (p *places) Kind(id string) string    { return id[:1] }
func (p *places) Changed() <-chan struct{} { return p.changed }
func (p *places) Settled() {
	if p.settled = append(p.settled, strings.Join(p.since, " ")); len(p.settled) == 1 && p.first != nil {
		close(p.first)
	}
	p.since = nil
}
func (p *places) Enter(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.free[id[:1]] == 0 {
		p.since = append(p.since, id)
		return false
	}
	p.since = nil
	p.free[id[:1]]--
	return true
}

func (p *places) leave(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[id[:1]]++
}

// TestGate: a place that is full does not keep others from working, however many
// jobs wait for it.
func TestGate(t *testing.T) {
	var jobs []Job
	for i := range 2000 {
		jobs = append(jobs, Job{ID: fmt.Sprint("a", i)})
	}
	for i := range 5 {
		jobs = append(jobs, Job{ID: fmt.Sprint("b", i)})
	}
	g := &places{free: map[string]int{"a": 2, "b": 1}}
	var mu sync.Mutex
	var order []string
	res, err := Run(t.Context(), jobs, Options{Gate: g}, func(_ context.Context, id string) error {
		defer g.leave(id)
		mu.Lock()
		order = append(order, id)
		mu.Unlock()
		if id[0] == 'a' {
			time.Sleep(50 * time.Microsecond)
		}
		return nil
	})
	if err != nil || len(res.Done) != len(jobs) {
		t.Fatalf("%d done, %v", len(res.Done), err)
	}
	if last := slices.Index(order, "b4"); last > 500 {
		t.Errorf("the last of the other kind was the %dth", last)
	}
	if g.asked > 5*len(jobs) {
		t.Errorf("the gate was asked %d times", g.asked)
	}
}

// TestSettled: a gate is told whenever all who may want to enter have been refused, or
// none wants to any more.
func TestSettled(t *testing.T) {
	g := &places{free: map[string]int{"a": 1, "b": 1}, first: make(chan struct{})}
	res, err := Run(t.Context(), parse("b:; a1:; a2:; c:"), Options{Gate: g}, func(_ context.Context, id string) error {
		<-g.first
		g.leave(id)
		g.leave("c")
		return nil
	})
	if n := len(g.settled); err != nil || len(res.Done) != 4 || g.settled[0] != "a2 c" || g.settled[n-1] != "" {
		t.Errorf("%q %+v %v", g.settled, res, err)
	}
	// What waits when a run is ended is refused no more.
	g = &places{free: map[string]int{"a": 1}, first: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Run(ctx, parse("a1:; a2:; b:"), Options{Gate: g}, func(ctx context.Context, id string) error {
		<-g.first
		cancel()
		return ctx.Err()
	})
	if len(g.settled) < 2 || g.settled[0] != "a2 b" || g.settled[1] != "" || err != nil {
		t.Errorf("%q %v", g.settled, err)
	}
}

// TestChanged: a closed gate is asked again when it says so, and an end of the
// context does not wait for it.
func TestChanged(t *testing.T) {
	g := &places{free: map[string]int{}, changed: make(chan struct{}, 1)}
	time.AfterFunc(20*time.Millisecond, func() {
		g.leave("a")
		g.changed <- struct{}{}
	})
	res, err := Run(t.Context(), parse("a:"), Options{Gate: g}, func(context.Context, string) error { return nil })
	if err != nil || len(res.Done) != 1 {
		t.Errorf("%+v %v", res, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	res, err = Run(ctx, parse("a:; b: a"), Options{Gate: g}, func(context.Context, string) error { return nil })
	if err != nil || fmt.Sprint(res.Left) != "[a b]" {
		t.Errorf("%+v %v", res, err)
	}
}

// TestAgain: what could not be done is done again, before what depends on it.
func TestAgain(t *testing.T) {
	for _, workers := range []int{1, 4} {
		var mu sync.Mutex
		tries := map[string]int{}
		res, err := Run(t.Context(), parse("a: b c; b:; c: d; d:"), Options{Workers: workers}, func(_ context.Context, id string) error {
			mu.Lock()
			defer mu.Unlock()
			if tries[id]++; tries[id] < 3 {
				return fmt.Errorf("%s: %w", id, ErrAgain)
			}
			return nil
		})
		if err != nil || len(res.Done) != 4 || len(res.Failed) != 0 || res.Done[3] != "a" {
			t.Errorf("%+v %v", res, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	res, err := Run(ctx, parse("a:; b: a"), Options{}, func(context.Context, string) error { cancel(); return ErrAgain })
	if err != nil || fmt.Sprint(res.Left) != "[a b]" {
		t.Errorf("%+v %v", res, err)
	}
}

func BenchmarkRun(b *testing.B) {
	const n = 20000
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i].ID = fmt.Sprint(i)
		for d := 1; d <= 3 && i-d*7 >= 0; d++ {
			jobs[i].Deps = append(jobs[i].Deps, fmt.Sprint(i-d*7))
		}
	}
	for b.Loop() {
		if _, err := Run(b.Context(), jobs, Options{Workers: 2}, func(context.Context, string) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/n, "ns/job")
}

func TestOrder(t *testing.T) {
	jobs := []Job{{ID: "top", Deps: []string{"b", "a", "a"}}, {ID: "b", Deps: []string{"base"}}, {ID: "alone"}, {ID: "a", Deps: []string{"base"}}, {ID: "base"}}
	got, err := Order(jobs)
	if err != nil || fmt.Sprint(got) != "[alone base b a top]" {
		t.Errorf("%v %v", got, err)
	}
	var circle *CycleError
	if _, err := Order([]Job{{ID: "a", Deps: []string{"b"}}, {ID: "b", Deps: []string{"a"}}}); !errors.As(err, &circle) {
		t.Error(err)
	}
}

// What is lost blocks what depends on it, and nothing else.
func TestLost(t *testing.T) {
	jobs := []Job{{ID: "lost"}, {ID: "waits", Deps: []string{"lost"}}, {ID: "other"}, {ID: "last", Deps: []string{"other"}}}
	res, err := Run(t.Context(), jobs, Options{}, func(_ context.Context, id string) error {
		if id == "lost" {
			return fmt.Errorf("%w: it is gone", ErrLost)
		}
		return nil
	})
	if err != nil || fmt.Sprint(res.Done) != "[other last]" || res.Blocked["waits"] != "lost" || !errors.Is(res.Failed["lost"], ErrLost) {
		t.Errorf("%+v %v", res, err)
	}
}
