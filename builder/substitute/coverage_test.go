package substitute_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fruix/builder/substitute"
)

func TestHindrances(t *testing.T) {
	needs := map[string][]string{}
	for line := range strings.Lines(`gcc
glibc
hello gcc glibc
emacs gcc gtk
gtk glib
glib glibc
doc emacs hello
lonely
`) {
		words := strings.Fields(line)
		needs[words[0]] = words[1:]
	}
	for _, x := range []struct{ asked, missing, want string }{
		{"hello emacs", "", "[]"},
		{"hello emacs", "hello", "[{hello 0}]"},
		{"hello emacs doc", "gcc hello emacs doc", "[{gcc 3}]"},
		{"hello emacs doc", "gcc hello emacs", "[{gcc 2}]"},     // what is there needs nothing
		{"hello emacs doc", "gcc", "[]"},                        // nobody who was asked about needs it
		{"hello emacs doc gcc", "gcc", "[{gcc 0}]"},             // it was asked about itself
		{"doc", "doc emacs gtk glib gcc", "[{gcc 1} {glib 1}]"}, // both are needed, neither can be got round
		{"doc emacs hello", "doc glibc", "[{doc 0}]"},           // its inputs are there, so nothing below matters
		{"emacs doc", "doc emacs gtk", "[{gtk 2}]"},
		{"doc hello lonely", "doc hello gcc lonely emacs", "[{gcc 2} {lonely 0}]"},
	} {
		missing := strings.Fields(x.missing)
		got := fmt.Sprint(substitute.Hindrances(needs, strings.Fields(x.asked), func(name string) bool { return slices.Contains(missing, name) }))
		if got != x.want {
			t.Errorf("asked %q, missing %q: %s, want %s", x.asked, x.missing, got, x.want)
		}
	}
}

// TestHindrancesMany: many that keep the same many from being there need little memory.
func TestHindrancesMany(t *testing.T) {
	const lowest, users = 300, 300
	needs := map[string][]string{}
	var asked, below []string
	for n := range lowest {
		low := fmt.Sprintf("low%03d", n)
		needs[low] = nil
		below = append(below, low)
	}
	for n := range users {
		name := fmt.Sprintf("user%03d", n)
		needs[name], below = below, []string{name}
		asked = append(asked, name)
	}
	var list []substitute.Hindrance
	made := testing.AllocsPerRun(1, func() {
		list = substitute.Hindrances(needs, asked, func(string) bool { return true })
	})
	if len(list) != lowest || list[0] != (substitute.Hindrance{Name: "low000", Dependents: users}) {
		t.Errorf("%d hindrances, %v in front", len(list), list[0])
	}
	if made > 2*(lowest+users) {
		t.Errorf("%.0f allocations for %d walks over %d names", made, lowest, users)
	}
}
