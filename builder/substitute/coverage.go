package substitute

import (
	"cmp"
	"maps"
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
	// What is missing gets numbers, in the order of names.
	var names []string
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if missing(name) {
			names = append(names, name)
		}
	}
	number := make(map[string]int, len(names))
	for n, name := range names {
		number[name] = n
	}
	g := coverage{users: make([][]int, len(names)), asked: make([]bool, len(names)), seen: make([]int, len(names))}
	for _, name := range asked {
		if n, ok := number[name]; ok {
			g.asked[n] = true
		}
	}
	var lowest []int
	for n, name := range names {
		low := true
		for _, b := range needs[name] {
			if below, ok := number[b]; ok {
				low = false
				g.users[below] = append(g.users[below], n)
			} else if missing(b) {
				low = false // of which nobody knows what it is made from
			}
		}
		if low {
			lowest = append(lowest, n)
		}
	}
	var list []Hindrance
	for _, at := range lowest {
		if n := g.dependents(at); n > 0 || g.asked[at] {
			list = append(list, Hindrance{names[at], n})
		}
	}
	slices.SortFunc(list, func(a, b Hindrance) int {
		return cmp.Or(cmp.Compare(b.Dependents, a.Dependents), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// coverage is a graph of what is missing, by numbers.
type coverage struct {
	users [][]int // what is made from something
	asked []bool
	seen  []int // in which walk it was met last
	walk  int
	left  []int // where a walk still has to go
}

// dependents counts those that were asked for among all that need from.
func (g *coverage) dependents(from int) int {
	g.walk++
	g.seen[from] = g.walk
	n := 0
	for g.left = append(g.left[:0], from); len(g.left) > 0; {
		last := len(g.left) - 1
		at := g.left[last]
		g.left = g.left[:last]
		for _, user := range g.users[at] {
			if g.seen[user] == g.walk {
				continue
			}
			g.seen[user] = g.walk
			g.left = append(g.left, user)
			if g.asked[user] {
				n++
			}
		}
	}
	return n
}
