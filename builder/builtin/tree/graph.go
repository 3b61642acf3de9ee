package tree

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// ParseGraph reads a reference graph, as the variable exportReferencesGraph of
// a derivation asks for (Nix manual, "Advanced attributes"): for each store
// item its path, its deriver, the number of references and these, one a line.
// It returns the paths of the items in the order of the file.
func ParseGraph(r io.Reader) ([]string, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	line := 0
	next := func(what string) (string, error) {
		if !s.Scan() {
			if err := s.Err(); err != nil {
				return "", err
			}
			return "", fmt.Errorf("the reference graph ends in line %d, where %s should be", line+1, what)
		}
		line++
		return s.Text(), nil
	}
	var items []string
	for s.Scan() {
		line++
		item := s.Text()
		if item == "" {
			return nil, fmt.Errorf("the reference graph has an empty path in line %d", line)
		}
		if _, err := next("a deriver"); err != nil {
			return nil, err
		}
		count, err := next("a number of references")
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("the reference graph has %q in line %d, where a number of references should be", shorten(count), line)
		}
		for ; n > 0; n-- {
			if _, err := next("a reference"); err != nil {
				return nil, err
			}
		}
		items = append(items, item)
	}
	return items, s.Err()
}

// ReadGraphs reads the reference graphs of the given names from a folder.
func ReadGraphs(dir string, names []string) (map[string][]string, error) {
	graphs := make(map[string][]string, len(names))
	for _, name := range names {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("the reference graph %q: %w", name, err)
		}
		graphs[name], err = ParseGraph(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return graphs, nil
}

// graphNames returns the graphs that entries name, sorted.
func graphNames(lists ...[]Entry) []string {
	var names []string
	for _, list := range lists {
		for _, e := range list {
			if e.Kind == Closure {
				names = append(names, e.Graph)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Graphs returns the names of the reference graphs that the plan needs.
func (p *Plan) Graphs() []string {
	var lists [][]Entry
	for _, part := range p.Partitions {
		if part.FileSystem != nil {
			lists = append(lists, part.FileSystem.Tree)
		}
	}
	return graphNames(lists...)
}

// Graphs returns the names of the reference graphs that the plan needs.
func (p *InitrdPlan) Graphs() []string { return graphNames(p.Tree) }
