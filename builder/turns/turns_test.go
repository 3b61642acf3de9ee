package turns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestTurns asks for turns of several users, and looks at whose come when.
func TestTurns(t *testing.T) {
	ts := New()
	given := make(chan int, 100)
	var told atomic.Int32 // how many know that they wait
	var releases sync.Map // by user, channels of functions
	want := func(user int) {
		c, _ := releases.LoadOrStore(user, make(chan func(), 100))
		waiting := ts.Waiting()
		go func() {
			release, err := ts.Client(user, 2).Wait(t.Context(), func(taken int) {
				if taken != 2 {
					t.Errorf("who waits is told that %d turns are taken", taken)
				}
				told.Add(1)
			})
			if err != nil {
				return // the test has ended
			}
			c.(chan func()) <- release
			given <- user
		}()
		for len(given) == 0 && ts.Waiting() == waiting { // until it is in the line
			time.Sleep(100 * time.Microsecond)
		}
	}
	free := func(user int) {
		c, _ := releases.Load(user)
		select {
		case release := <-c.(chan func()):
			release()
		default:
			t.Fatalf("user %d has no turn", user)
		}
	}
	for range 2 {
		want(1)
		<-given
	}
	for range 5 {
		want(1)
	}
	for _, user := range []int{2, 2, 2, 3} {
		want(user)
	}
	for deadline := time.Now().Add(time.Minute); told.Load() != 9; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d know that they wait, not 9", told.Load())
		}
	}
	if got := ts.Client(4, 2).Load(); got != 6 {
		t.Errorf("load %v", got)
	}
	var order []int
	next := func(user int) {
		free(user)
		order = append(order, <-given)
	}
	next(1) // 1 and another run
	next(1)
	next(2)
	next(3)
	next(order[len(order)-1])
	next(order[len(order)-1])
	// Those who have none come first, then whoever's last turn is longest ago.
	if got := fmt.Sprint(order[:2]); got != "[2 3]" {
		t.Errorf("first %s", got)
	}
	for _, user := range []int{1, 2} {
		if n := len(slices.DeleteFunc(slices.Clone(order[2:]), func(u int) bool { return u != user })); n != 2 {
			t.Errorf("%d of the others are of %d: %v", n, user, order[2:])
		}
	}
}

// TestTurnsLeave ends contexts while turns are given.
func TestTurnsLeave(t *testing.T) {
	ts := New()
	var all sync.WaitGroup
	var mu sync.Mutex
	running := 0
	for i := range 200 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			release, err := ts.Client(i%5, 3).Wait(ctx, func(int) {})
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			if running++; running > 3 {
				t.Errorf("%d at a time", running)
			}
			mu.Unlock()
			mu.Lock()
			running--
			mu.Unlock()
			release()
			release() // once is enough
		})
	}
	all.Wait()
	if ts.taken != 0 || len(ts.users) != 0 {
		t.Errorf("%d turns are taken, by %d users", ts.taken, len(ts.users))
	}
}

// TestLines has clients ask for turns without waiting. Clients are letters, of which a
// capital one is another of the same user; each has one line.
//
//	a        a asks, and gets a turn or not: "a" or "-"
//	/a       a gives a turn back
//	!a       a forgoes
//	a=2+3    for a there are 2 turns, and 3 more while it is alone
//
// Who is told that its turn has come is named in parentheses.
func TestLines(t *testing.T) {
	for name, tt := range map[string]struct{ does, want string }{
		"so many":                         {"a a a", "a a -"},
		"back":                            {"a a a /a a", "a a - (a) a"},
		"the other is next":               {"a a a b /a a b", "a a - - (b) - b"},
		"however often one asks":          {"a a a b a a a /a a a b", "a a - - - - - (b) - - b"},
		"fewest first":                    {"a=3 b=3 c=3 a a b a b c /a c /b /a", "a a b - - - (c) c (b) (a)"},
		"longest ago first":               {"a=3 b=3 c=3 b a c a b /c /b", "b a c - - (b) (a)"},
		"what is kept goes to the next":   {"a a a b /a !b", "a a - - (b) (a)"},
		"so it does when nobody waits":    {"a a b /a !b a", "a a - (b) a"},
		"who waits no more":               {"a a b c /a", "a a - - (b)"},
		"is not waited for":               {"a a b c !b /a", "a a - - (c)"},
		"forgone for nothing":             {"!a a !a a !a a", "a a -"},
		"two of a user":                   {"a A a b A /a /A", "a A - - - (b) (a)"},
		"two of a user, in order":         {"b b a A /b a a /b", "b b - - (a) a - (A)"},
		"ahead, alone":                    {"a=2+3 a a a a a a", "a a a a a -"},
		"ahead no more":                   {"a=2+3 a a a b a /a /a a", "a a a - - (b) -"},
		"nor when another has one":        {"a=2+3 b a a /b a", "b a - (a) a"},
		"ahead again":                     {"a=2+3 a b a /b a a a a a", "a b - (a) a a a a -"},
		"ahead again, for one who leaves": {"a=2+3 a a b a !b a", "a a - - (a) a"},
		"ahead, but not two of a user":    {"a=2+3 A=2+3 a a A a", "a a - -"},
		"ahead when that is known":        {"a a a a=2+1 a a", "a a - (a) a -"},
		"who may have fewer":              {"a=3 b=1 a a a b /a a /a /a a", "a a a - - (b) (a) a"},
		"who may have more":               {"a=1 b=3 a a b b b", "a - b - -"},
		"more that is known later":        {"a a a a=3", "a a - (a)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(New(), 2)
			if got := p.act(tt.does); got != tt.want {
				t.Errorf("%s\ngave %s\nwant %s", tt.does, got, tt.want)
			}
			p.end(t)
		})
	}
}

// play is clients who ask for turns.
type play struct {
	t       *Turns
	size    int
	clients map[string]*Client
	lines   map[string]*Line
	turns   map[string][]func()

	mu    sync.Mutex
	awake []string
}

func newPlay(t *Turns, size int) *play {
	return &play{t: t, size: size, clients: map[string]*Client{}, lines: map[string]*Line{}, turns: map[string][]func(){}}
}

func (p *play) client(name string) *Client {
	if p.clients[name] == nil {
		p.clients[name] = p.t.Client(int(strings.ToLower(name)[0]), p.size)
		p.lines[name] = p.clients[name].Line(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.awake = append(p.awake, "("+name+")")
		})
	}
	return p.clients[name]
}

// act does what words say and returns what has come of it.
func (p *play) act(words string) string {
	var out []string
	for _, word := range strings.Fields(words) {
		name := strings.Trim(word, "/!=+0123456789")
		c, l := p.client(name), p.lines[name]
		switch {
		case word == "/"+name:
			turns := p.turns[name]
			p.turns[name] = turns[1:]
			turns[0]()
		case word == "!"+name:
			l.Forgo()
		case word != name:
			var size, ahead int
			fmt.Sscanf(word[1:], "=%d+%d", &size, &ahead)
			c.Bound(size, ahead)
		default:
			said := "-"
			if release := l.Take(); release != nil {
				p.turns[name] = append(p.turns[name], release)
				said = name
			}
			out = append(out, said)
		}
		out = append(out, p.woken()...)
	}
	return strings.Join(out, " ")
}

func (p *play) woken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	awake := p.awake
	p.awake = nil
	return awake
}

// end gives everything back, and sees to it that nothing is left.
func (p *play) end(t *testing.T) {
	t.Helper()
	for _, l := range p.lines {
		l.Forgo()
	}
	for _, turns := range p.turns {
		for _, release := range turns {
			release()
			release()
		}
	}
	if p.t.taken != 0 || len(p.t.users) != 0 {
		t.Errorf("%d turns are taken, by %d users", p.t.taken, len(p.t.users))
	}
	for name, c := range p.clients {
		if c.taken != 0 || c.waiting != 0 {
			t.Errorf("%s has %d turns and waits for %d", name, c.taken, c.waiting)
		}
	}
}

// TestThousand: a user who wants a thousand builds has every turn until another comes,
// who has the next one.
func TestThousand(t *testing.T) {
	p := newPlay(New(), 3)
	p.act("a a a a")
	for i := range 300 {
		p.act("/a")
		if got := p.act("a a"); got != "a -" {
			t.Fatalf("%d: %s", i, got)
		}
		if i%100 != 50 {
			continue
		}
		if got := p.act("b /a a b /b"); got != "- (b) - b (a)" {
			t.Fatalf("%d: %s", i, got)
		}
		if got := p.act("a a"); got != "a -" {
			t.Fatalf("%d: %s", i, got)
		}
	}
	p.end(t)
}
