package repl

import (
	"context"
	"fmt"
	"strings"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

func moduleCommands() []command {
	return []command{
		{name: "module", short: "m", group: groupModule, args: "[MODULE]", doc: "change to a module, or tell the current one", forms: true, run: changeModule},
		{name: "use", short: "u", group: groupModule, args: "MODULE", doc: "use a module in the current one", forms: true, run: useModule},
		{name: "import", group: groupModule, args: "[MODULE ...]", doc: "use modules, or list those in use", forms: true, run: importModules},
		{name: "load", short: "l", group: groupModule, args: "[FILE]", doc: "load a file, or the one loaded last again", run: load},
		{name: "reload", short: "re", group: groupModule, args: "[MODULE]", doc: "load a module again, by default the current one", forms: true, run: reload},
		{name: "in", group: groupModule, args: "MODULE EXPR-OR-COMMAND", doc: "evaluate an expression, or carry a command out, in another module", forms: true, run: inModule},
		{name: "binding", short: "b", group: groupModule, doc: "list the definitions of the current module", run: bindings},
	}
}

func changeModule(ctx context.Context, s *Session, args string) error {
	if args == "" {
		fmt.Fprintln(s.cfg.Out, s.current().Key)
		return nil
	}
	name, err := moduleName(args)
	if err != nil {
		return err
	}
	if s.engine.Modules().Find(name) == nil {
		// Loads it, or says why that cannot be.
		if _, err := s.call(ctx, "resolve-interface", name); err != nil {
			return err
		}
	}
	m, err := s.call(ctx, "resolve-module", name)
	if err != nil {
		return err
	}
	_, err = s.call(ctx, "set-current-module", m)
	return err
}

// inModule carries out the rest of its arguments in another module.
func inModule(ctx context.Context, s *Session, args string) error {
	forms, err := s.Forms(firstDatum(args), "<repl>")
	if err != nil {
		return err
	}
	if len(forms) != 1 {
		return usage("which module?", "as in ,in (ice-9 match) (current-module)")
	}
	first := firstDatum(args)
	name, rest := first, strings.TrimSpace(args[len(first):])
	saved := s.current()
	defer func() { s.engine.Modules().Current = saved }()
	if err := changeModule(ctx, s, strings.TrimSpace(name)); err != nil {
		return err
	}
	switch {
	case rest == "":
		return usage("what shall be done there?", "as in ,in (ice-9 match) (current-module)")
	case strings.HasPrefix(rest, ","):
		return s.command(ctx, rest[1:])
	case s.find(firstWord(rest)) != nil && !strings.HasPrefix(rest, "("):
		return s.command(ctx, rest)
	}
	values, err := s.Eval(ctx, rest, "<repl>")
	if err != nil {
		return err
	}
	return s.Print(values...)
}

// firstDatum is the text of the first datum of a text, all of it when that
// cannot be read.
func firstDatum(text string) string {
	r := read.New(&source.File{Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
	if _, err := r.Read(); err != nil {
		return text
	}
	return text[:r.Offset()]
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// useModules uses the modules of a list of names, each checked before.
func (s *Session) useModules(ctx context.Context, names []datum.Value) error {
	for _, name := range names {
		if !module.ValidName(name) {
			return usage("not the name of a module: "+s.engine.Write(name), "write it as (ice-9 match)")
		}
		if _, err := s.engineEval(ctx, datum.List(datum.Sym("use-modules"), name)); err != nil {
			return err
		}
	}
	return nil
}

// engineEval evaluates plain data.
func (s *Session) engineEval(ctx context.Context, form datum.Value) (datum.Value, error) {
	return s.call(ctx, "primitive-eval", form)
}

func useModule(ctx context.Context, s *Session, args string) error {
	if args == "" {
		return usage("which module?", "as in ,use (ice-9 match)")
	}
	name, err := moduleName(args)
	if err != nil {
		return importModules(ctx, s, args)
	}
	return s.useModules(ctx, []datum.Value{name})
}

func importModules(ctx context.Context, s *Session, args string) error {
	if args == "" {
		for _, u := range s.current().Uses() {
			fmt.Fprintln(s.cfg.Out, u.Key)
		}
		return nil
	}
	forms, err := s.Forms(args, "<repl>")
	if err != nil {
		return err
	}
	names := make([]datum.Value, len(forms))
	for i, f := range forms {
		names[i] = syntax.Strip(f)
	}
	return s.useModules(ctx, names)
}

func load(ctx context.Context, s *Session, args string) error {
	file := strings.Trim(args, `"`)
	if file == "" {
		if file = s.loaded; file == "" {
			return usage("which file?", "as in ,load os.scm")
		}
	}
	s.loaded = file
	v, err := s.engine.Load(ctx, file)
	if err != nil {
		return err
	}
	return s.Print(interp.Values(v)...)
}

// reload evaluates the file of a module again, in that module.
func reload(ctx context.Context, s *Session, args string) error {
	m := s.current()
	if args != "" {
		name, err := moduleName(args)
		if err != nil {
			return err
		}
		if m = s.engine.Modules().Find(name); m == nil {
			_, err := s.call(ctx, "resolve-interface", name)
			return err
		}
	}
	if m.Filename == "" {
		return usage("module "+m.Key+" does not come from a file", "")
	}
	f, err := s.moduleFile(m)
	if err != nil {
		return err
	}
	saved := s.current()
	defer func() { s.engine.Modules().Current = saved }()
	s.engine.Modules().Current = m
	r := read.New(f, read.Options{Wrap: syntax.Wrap})
	for {
		form, err := r.Read()
		if err != nil {
			return textError(err)
		}
		if form == datum.EOF {
			return nil
		}
		if _, err := s.engineEval(ctx, form); err != nil {
			return err
		}
	}
}

// moduleFile reads the file of a module anew.
func (s *Session) moduleFile(m *module.Module) (*source.File, error) {
	var parts []string
	for l := m.Name; l.IsPair(); l = l.Pair().Cdr {
		parts = append(parts, s.engine.Display(l.Pair().Car))
	}
	return s.engine.Modules().OpenPath(strings.Join(parts, "/"))
}

func bindings(_ context.Context, s *Session, _ string) error {
	m := s.current()
	for _, sym := range m.Names() {
		v, err := m.Local(sym)
		if err != nil || v == nil {
			continue
		}
		fmt.Fprintf(s.cfg.Out, "%-23s %s\n", sym.Name, s.short(v))
	}
	return nil
}
