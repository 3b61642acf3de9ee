package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// slowest keeps the tests that took longest.
type slowest []timed

// timed is a test, without subtests, and how many seconds it took. Time in which it
// waited for others that run beside it is not in it.
type timed struct {
	name    string
	seconds float64
}

const (
	slowShown = 15 // tests that are shown
	slowFrom  = 2  // seconds of those
)

// note notes a test that has ended.
func (s *slowest) note(e event) {
	if e.Elapsed < slowFrom || strings.Contains(e.Test, "/") {
		return
	}
	*s = append(*s, timed{e.Package + "." + e.Test, e.Elapsed})
	slices.SortFunc(*s, func(a, b timed) int {
		return cmp.Or(cmp.Compare(b.seconds, a.seconds), cmp.Compare(a.name, b.name))
	})
	*s = (*s)[:min(len(*s), slowShown)]
}

// show prints them, the slowest first.
func (s *slowest) show(w io.Writer) {
	for _, t := range *s {
		fmt.Fprintf(w, "slow %s %.1fs\n", t.name, t.seconds)
	}
}
