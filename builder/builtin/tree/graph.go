package tree

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"fruix/store/journal"
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

// ReadRegistrations reads the registrations of the given names, journals of stores,
// from a folder.
func ReadRegistrations(dir string, names []string) (map[string][]journal.Record, error) {
	all := make(map[string][]journal.Record, len(names))
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("the registrations %q: %w", name, err)
		}
		if all[name], err = ParseRegistrations(text); err != nil {
			return nil, fmt.Errorf("the registrations %q: %w", name, err)
		}
	}
	return all, nil
}

// ParseRegistrations reads the journal of a store, of which every line counts.
func ParseRegistrations(text []byte) ([]journal.Record, error) {
	var records []journal.Record
	err := journal.Lines(bytes.NewReader(text), func(line []byte) error {
		r, err := journal.Parse(line)
		records = append(records, r)
		return err
	})
	return records, err
}

// ReadSources reads all that a plan wants to know of closures from the folder of a
// build.
func ReadSources(dir string, plan interface {
	Graphs() []string
	Registrations() []string
}) (Sources, error) {
	var s Sources
	var err error
	if s.Graphs, err = ReadGraphs(dir, plan.Graphs()); err != nil {
		return s, err
	}
	s.Registrations, err = ReadRegistrations(dir, plan.Registrations())
	return s, err
}

// closureNames returns what entries of kind Closure name, sorted.
func closureNames(name func(Entry) string, lists ...[]Entry) []string {
	var names []string
	for _, list := range lists {
		for _, e := range list {
			if n := name(e); e.Kind == Closure && n != "" {
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func graphOf(e Entry) string         { return e.Graph }
func registrationsOf(e Entry) string { return e.Registrations }

// trees are the lists of entries of all partitions.
func (p *Plan) trees() (lists [][]Entry) {
	for _, part := range p.Partitions {
		if part.FileSystem != nil {
			lists = append(lists, part.FileSystem.Tree)
		}
	}
	return lists
}

// Graphs returns the names of the reference graphs that the plan needs.
func (p *Plan) Graphs() []string { return closureNames(graphOf, p.trees()...) }

// Registrations returns the names of the registrations that the plan needs.
func (p *Plan) Registrations() []string { return closureNames(registrationsOf, p.trees()...) }

// Graphs returns the names of the reference graphs that the plan needs.
func (p *InitrdPlan) Graphs() []string { return closureNames(graphOf, p.Tree) }

// Registrations returns the names of the registrations that the plan needs.
func (p *InitrdPlan) Registrations() []string { return closureNames(registrationsOf, p.Tree) }
