package repl

import (
	"context"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// commandModule is where programs define commands: see its commentary. It is
// asked only when a program has loaded it.
const commandModule = "(system repl command)"

// defined is the command of a name that a program defined, nil when there is
// none.
func (s *Session) defined(name string) *command {
	where, ok := module.ParseName(commandModule)
	if !ok || s.engine.Modules().Find(where) == nil {
		return nil
	}
	find, err := s.engine.Lookup(commandModule, "find-meta-command")
	if err != nil {
		return nil
	}
	v, err := s.engine.Apply(context.Background(), find, datum.Sym(name))
	if err != nil || !v.Is(datum.KVector) {
		return nil
	}
	// name, group, documentation, number of expressions, procedure
	fields := v.Vector().Items
	if len(fields) != 5 || !fields[3].IsFix() {
		return nil
	}
	return &command{
		name: name, group: s.engine.Display(fields[1]), doc: s.engine.Display(fields[2]), forms: true,
		run: func(ctx context.Context, s *Session, args string) error {
			return s.runDefined(ctx, name, int(fields[3].Fix()), fields[4], args)
		},
	}
}

// runDefined calls a command's procedure with the data of a text, and prints
// the values that it returns.
func (s *Session) runDefined(ctx context.Context, name string, expressions int, proc datum.Value, args string) error {
	forms, err := s.Forms(args, "<repl>")
	if err != nil {
		return err
	}
	if len(forms) < expressions {
		return usage("`,"+name+"' takes more arguments", "`,help "+name+"' tells them")
	}
	for i, f := range forms[min(expressions, len(forms)):] {
		forms[expressions+i] = syntax.Strip(f)
	}
	v, err := s.engine.Apply(ctx, proc, forms...)
	if err != nil {
		return err
	}
	return s.Print(interp.Values(v)...)
}
