package graph

import (
	"errors"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parse makes a graph of lines "a,alias: b c".
func parse(t *testing.T, text string) *Graph {
	t.Helper()
	g := &Graph{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		names, reqs, _ := strings.Cut(line, ":")
		if err := g.Add(Node{strings.Split(strings.TrimSpace(names), ","), strings.Fields(reqs)}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestOrder(t *testing.T) {
	const system = `
root:
fs-a: root
file-systems: root fs-a
user: file-systems
syslogd: user
lo:
networking,dhcp: user lo
sshd: networking syslogd
`
	for _, c := range []struct{ name, graph, targets, start, stop string }{
		{"all", system, "sshd", "root fs-a file-systems user lo networking syslogd sshd", "sshd"},
		{"alias", system, "dhcp lo", "root fs-a file-systems user lo networking", "sshd networking lo"},
		{"bottom", system, "root", "root", "fs-a,file-systems"},
		{"diamond", "a:\nb: a\nc: a\nd: b c", "d", "a b c d", "d"},
		{"twice", "a:\nb: a a", "b a", "a b", "b a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := parse(t, c.graph)
			got, err := g.StartOrder(strings.Fields(c.targets)...)
			if err != nil || strings.Join(got, " ") != c.start {
				t.Errorf("start: %v %v, want %s", got, err, c.start)
			}
			stop := g.StopOrder(strings.Fields(c.targets)...)
			if c.name == "bottom" {
				if len(stop) != 7 || stop[6] != "root" || slices.Index(stop, "sshd") > slices.Index(stop, "networking") {
					t.Errorf("stop: %v", stop)
				}
			} else if strings.Join(stop, " ") != c.stop {
				t.Errorf("stop: %v, want %s", stop, c.stop)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	g := parse(t, "a: b\nb: c\nc: a\nd: nothing\ne: d")
	_, err := g.StartOrder("a")
	var circle *CircleError
	if !errors.As(err, &circle) || strings.Join(circle.Path, " ") != "a b c a" {
		t.Errorf("got %v", err)
	}
	if _, err = g.StartOrder("e"); err == nil || err.Error() != "service d requires nothing, which no service provides" {
		t.Errorf("got %v", err)
	}
	if _, err = g.StartOrder("x"); err == nil || err.Error() != "there is no service x" {
		t.Errorf("got %v", err)
	}
	if errs := g.Check(); len(errs) != 4 {
		t.Errorf("check: %v", errs)
	}
	for _, n := range []Node{{}, {Provides: []string{"a"}}, {Provides: []string{"n", "n"}}, {Provides: []string{""}}} {
		if g.Add(n) == nil {
			t.Errorf("%v was accepted", n)
		}
	}
	g.Remove("c")
	if err := g.Add(Node{Provides: []string{"c"}}); err != nil {
		t.Error(err)
	}
	if got, err := g.StartOrder("a"); err != nil || strings.Join(got, " ") != "c b a" {
		t.Errorf("after replacing: %v %v", got, err)
	}
}

// TestRandom checks both orders on random graphs without circles.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for round := 0; round < 200; round++ {
		g := &Graph{}
		n := 1 + r.Intn(30)
		requires := map[string][]string{}
		for i := 0; i < n; i++ {
			var req []string
			for j := 0; j < i; j++ {
				if r.Intn(4) == 0 {
					req = append(req, strconv.Itoa(j))
				}
			}
			requires[strconv.Itoa(i)] = req
			if err := g.Add(Node{[]string{strconv.Itoa(i)}, req}); err != nil {
				t.Fatal(err)
			}
		}
		start, err := g.StartOrder(g.Names()...)
		if err != nil || len(start) != n {
			t.Fatal(start, err)
		}
		stop := g.StopOrder(strconv.Itoa(0))
		for name, reqs := range requires {
			for _, q := range reqs {
				if slices.Index(start, q) > slices.Index(start, name) {
					t.Fatalf("%s before %s", name, q)
				}
				if i := slices.Index(stop, q); i >= 0 && slices.Index(stop, name) > i {
					t.Fatalf("stop %s before %s", q, name)
				}
			}
		}
	}
}
