package db

import (
	"context"
	"database/sql"
	"errors"
)

// Graph is all objects and how they hang together, at one moment. Objects are
// numbered from 0 in the order in which they were registered.
type Graph struct {
	Paths []string
	Sizes []int64 // of the archives, in bytes
	// References and Derivers hold for each object those that it refers to, and
	// the valid derivations that it is an output of.
	References, Derivers Edges

	index map[string]int32
}

// Edges is a list of objects for each object.
type Edges struct {
	start []int32 // one more than objects
	to    []int32
}

// Of returns the list of object i. It must not be changed.
func (e *Edges) Of(i int32) []int32 { return e.to[e.start[i]:e.start[i+1]] }

// Index returns the number of the object path.
func (g *Graph) Index(path string) (int32, bool) {
	i, ok := g.index[path]
	return i, ok
}

// edges groups pairs by their first members, of which there are n.
func edges(pairs [][2]int32, n int) Edges {
	e := Edges{start: make([]int32, n+1), to: make([]int32, len(pairs))}
	for _, p := range pairs {
		e.start[p[0]+1]++
	}
	for i := range n {
		e.start[i+1] += e.start[i]
	}
	next := append([]int32(nil), e.start[:n]...)
	for _, p := range pairs {
		e.to[next[p[0]]] = p[1]
		next[p[0]]++
	}
	return e
}

// Graph loads the graph.
func (d *DB) Graph(ctx context.Context) (*Graph, error) {
	var g *Graph
	err := d.retry(ctx, func() error {
		tx, err := d.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		g, err = loadGraph(ctx, tx)
		return err
	})
	if errors.Is(err, errDangling) {
		// Taken for less than it says, what is alive would pass for dead.
		return nil, &DamagedError{d.file, err}
	}
	return g, explain(err, d.file)
}

func loadGraph(ctx context.Context, tx *sql.Tx) (*Graph, error) {
	g := &Graph{index: map[string]int32{}}
	number := map[int64]int32{}
	err := scan(ctx, tx, func(r *sql.Rows) error {
		var id, size int64
		var path string
		if err := r.Scan(&id, &path, &size); err != nil {
			return err
		}
		i := int32(len(g.Paths))
		number[id], g.index[path] = i, i
		g.Paths, g.Sizes = append(g.Paths, path), append(g.Sizes, size)
		return nil
	}, "SELECT id, path, narSize FROM ValidPaths ORDER BY id")
	if err != nil {
		return nil, err
	}
	var refs, derivers [][2]int32
	err = scan(ctx, tx, func(r *sql.Rows) error {
		var from, to int64
		if err := r.Scan(&from, &to); err != nil {
			return err
		}
		i, known := number[from]
		j, alsoKnown := number[to]
		if !known || !alsoKnown {
			return errDangling
		}
		refs = append(refs, [2]int32{i, j})
		return nil
	}, "SELECT referrer, reference FROM Refs")
	if err != nil {
		return nil, err
	}
	err = scan(ctx, tx, func(r *sql.Rows) error {
		var drv int64
		var output string
		if err := r.Scan(&drv, &output); err != nil {
			return err
		}
		j, known := number[drv]
		if !known {
			return errDangling
		}
		if i, ok := g.index[output]; ok {
			derivers = append(derivers, [2]int32{i, j})
		}
		return nil
	}, "SELECT drv, path FROM DerivationOutputs")
	g.References, g.Derivers = edges(refs, len(g.Paths)), edges(derivers, len(g.Paths))
	return g, err
}

// scan calls each for every row of a query.
func scan(ctx context.Context, tx *sql.Tx, each func(*sql.Rows) error, query string) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
