package store

import (
	"context"
	"slices"

	"fruix/store/db"
)

// Why returns the shortest chain of references that leads from one valid object
// to another, both included; nil when from does not need to.
func (s *Store) Why(ctx context.Context, from, to string) ([]string, error) {
	bases, err := s.bases([]string{from, to})
	if err != nil {
		return nil, err
	}
	d, err := s.using(ctx, bases...)
	if err != nil {
		return nil, err
	}
	g, err := d.Graph(ctx)
	if err != nil {
		return nil, s.explain("query", err)
	}
	start, ok := g.Index(bases[0])
	if !ok {
		return nil, &NotValidError{from}
	}
	end, ok := g.Index(bases[1])
	if !ok {
		return nil, &NotValidError{to}
	}
	var chain []string
	for _, i := range shortest(g, start, end) {
		chain = append(chain, s.c.StoreDir+"/"+g.Paths[i])
	}
	return chain, nil
}

// shortest finds a shortest way by breadth-first search.
func shortest(g *db.Graph, start, end int32) []int32 {
	from := map[int32]int32{start: start}
	queue := []int32{start}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		if i == end {
			way := []int32{i}
			for i != start {
				i = from[i]
				way = append(way, i)
			}
			slices.Reverse(way)
			return way
		}
		for _, j := range g.References.Of(i) {
			if _, seen := from[j]; !seen {
				from[j] = i
				queue = append(queue, j)
			}
		}
	}
	return nil
}
