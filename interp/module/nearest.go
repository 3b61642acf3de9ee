package module

import (
	"slices"
	"strings"
)

// Nearest returns the candidates, at most three, that name is most likely a
// misspelling of: those at the smallest edit distance (insertions, deletions,
// substitutions and swaps of neighbours), if that is small against the name's
// length.
func Nearest(name string, candidates []string) []string {
	limit := 1 + len(name)/4
	if limit > 4 {
		limit = 4
	}
	if len(name) <= 2 {
		limit = 1
	}
	var best []string
	for _, c := range candidates {
		if c == name {
			continue
		}
		d := Distance(name, c, limit)
		if d > limit || d >= len(name) {
			continue
		}
		if d < limit {
			limit = d
			best = best[:0]
		}
		best = append(best, c)
	}
	slices.Sort(best)
	best = slices.Compact(best)
	if len(best) > 3 {
		// Prefer those that begin alike.
		slices.SortStableFunc(best, func(a, b string) int { return common(b, name) - common(a, name) })
		best = best[:3]
	}
	return best
}

func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Distance is the optimal string alignment distance of a and b in bytes; a
// result above limit only says that it is above. Change of case alone counts
// as one.
func Distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	if strings.EqualFold(a, b) {
		return 1
	}
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		low := cur[0]
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j] = d
			low = min(low, d)
		}
		if low > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
