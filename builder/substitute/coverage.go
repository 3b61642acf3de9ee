package substitute

import (
	"cmp"
	"slices"
)

// Hindrance is something that is missing although nothing that it is made from is:
// whoever makes it brings others nearer.
type Hindrance struct {
	Name string
	// Dependents is how many of those that were asked for are missing, and need it.
	Dependents int
}

// Hindrances are what keeps most of asked from being there, those with the most
// dependents first. needs says of each name what it is made from; missing of which ones
// something is missing. What is missing, but has not been asked for and is needed by
// nothing missing that has, is left out.
func Hindrances(needs map[string][]string, asked []string, missing func(name string) bool) []Hindrance {
	g := coverage{users: map[string][]string{}, asked: map[string]bool{}}
	for _, name := range asked {
		g.asked[name] = true
	}
	var lowest []string
	for name, below := range needs {
		if !missing(name) {
			continue
		}
		low := true
		for _, b := range below {
			if missing(b) {
				low = false
				g.users[b] = append(g.users[b], name)
			}
		}
		if low {
			lowest = append(lowest, name)
		}
	}
	var list []Hindrance
	for _, name := range lowest {
		if n := g.dependents(name); n > 0 || g.asked[name] {
			list = append(list, Hindrance{name, n})
		}
	}
	slices.SortFunc(list, func(a, b Hindrance) int {
		return cmp.Or(cmp.Compare(b.Dependents, a.Dependents), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// coverage is a graph of what is missing.
type coverage struct {
	users map[string][]string // what is made from something
	asked map[string]bool
}

// dependents counts those that were asked for among all that need name.
func (g *coverage) dependents(name string) int {
	seen := map[string]bool{name: true}
	n := 0
	for left := []string{name}; len(left) > 0; {
		last := len(left) - 1
		at := left[last]
		left = left[:last]
		for _, user := range g.users[at] {
			if seen[user] {
				continue
			}
			seen[user] = true
			left = append(left, user)
			if g.asked[user] {
				n++
			}
		}
	}
	return n
}
