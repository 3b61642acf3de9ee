package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fruix/cmd/internal/repl"
	"fruix/interp/datum"
)

// replCommands are the commands of the dialogue that know of the store.
func (s *session) replCommands() map[string]repl.Command {
	const group = "Fruix"
	if s.lang == nil { // in a sandbox
		return nil
	}
	return map[string]repl.Command{
		"build": {Args: "EXPR", Group: group, Doc: "build what EXPR yields and print its store path",
			Run: func(ctx context.Context, r *repl.Session, args string) error { return s.replBuild(ctx, r, args, true) }},
		"lower": {Args: "EXPR", Group: group, Doc: "print the derivation of what EXPR yields",
			Run: func(ctx context.Context, r *repl.Session, args string) error { return s.replBuild(ctx, r, args, false) }},
		"run-in-store": {Args: "EXPR", Group: group, Doc: "run the store-monadic value that EXPR yields and print its result",
			Run: s.replRunInStore},
		"search": {Args: "REGEXP...", Group: group, Doc: "list the packages whose name, synopsis or description match",
			Run: s.replSearch},
	}
}

// replValue evaluates the expression of a command.
func replValue(ctx context.Context, r *repl.Session, args string) (datum.Value, error) {
	if args == "" {
		return datum.Value{}, errors.New("give an expression")
	}
	values, err := r.Eval(ctx, args, "command")
	if err != nil {
		return datum.Value{}, err
	}
	if len(values) != 1 {
		return datum.Value{}, fmt.Errorf("the expression yields %d values; one is wanted", len(values))
	}
	return values[0], nil
}

// replBuild is ",build" and, without building, ",lower".
func (s *session) replBuild(ctx context.Context, r *repl.Session, args string, build bool) error {
	v, err := replValue(ctx, r, args)
	if err != nil {
		return err
	}
	g, err := s.objectGoal(ctx, v)
	if err != nil {
		return err
	}
	if err := s.lang.Flush(ctx); err != nil {
		return err
	}
	if !build && g.drv != "" {
		return r.Print(datum.NewString(g.drv))
	}
	if err := s.buildGoals(ctx, []goal{g}); err != nil {
		return err
	}
	paths := make([]datum.Value, len(g.paths))
	for i, p := range g.paths {
		paths[i] = datum.NewString(p)
	}
	return r.Print(paths...)
}

// replRunInStore is ",run-in-store".
func (s *session) replRunInStore(ctx context.Context, r *repl.Session, args string) error {
	v, err := replValue(ctx, r, args)
	if err != nil {
		return err
	}
	store, err := s.call(ctx, "(guix store)", "open-connection")
	if err != nil {
		return err
	}
	result, err := s.call(ctx, "(guix store)", "run-with-store", store, v)
	if err != nil {
		return err
	}
	return r.Print(result)
}

// replSearch is ",search".
func (s *session) replSearch(ctx context.Context, r *repl.Session, args string) error {
	patterns := strings.Fields(args)
	if len(patterns) == 0 {
		return errors.New("give what to search for, a regular expression")
	}
	list := make([]datum.Value, len(patterns))
	for i, p := range patterns {
		list[i] = datum.NewString(strings.Trim(p, `"`))
	}
	found, err := s.call(ctx, "(fruix commands)", "search-packages", datum.List(list...))
	if err != nil {
		return err
	}
	type entry struct{ name, synopsis string }
	var entries []entry
	width := 0
	for ; found.IsPair(); found = found.Pair().Cdr {
		row := found.Pair().Car
		e := entry{r.Engine().Display(row.Pair().Car), r.Engine().Display(row.Pair().Cdr.Pair().Car)}
		entries, width = append(entries, e), max(width, len(e.name))
	}
	for _, e := range entries {
		fmt.Fprintf(r.Out(), "%-*s  %s\n", width, e.name, e.synopsis)
	}
	if len(entries) == 0 {
		fmt.Fprintf(r.Err(), "no package matches %s\n", args)
	}
	return nil
}
