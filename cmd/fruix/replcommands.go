package main

import (
	"context"
	"errors"
	"fmt"

	"fruix/cmd/internal/repl"
	"fruix/interp/datum"
)

// replCommands are the commands of the dialogue that know of the store.
func (s *session) replCommands() map[string]repl.Command {
	const group = "Fruix"
	return map[string]repl.Command{
		"build": {Args: "EXPR", Group: group, Doc: "build what EXPR yields and print its store path",
			Run: func(ctx context.Context, r *repl.Session, args string) error { return s.replBuild(ctx, r, args, true) }},
		"lower": {Args: "EXPR", Group: group, Doc: "print the derivation of what EXPR yields",
			Run: func(ctx context.Context, r *repl.Session, args string) error { return s.replBuild(ctx, r, args, false) }},
		"run-in-store": {Args: "EXPR", Group: group, Doc: "run the store-monadic value that EXPR yields and print its result",
			Run: s.replRunInStore},
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
