package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"fruix/cmd/internal/repl"
	"fruix/cmd/internal/report"
	"fruix/interp"
	"fruix/interp/datum"
)

const replText = `
Evaluate Scheme: the expressions given with -e, else FILE with the arguments
ARG, else what is typed.
`

// runREPL is "fruix repl".
func runREPL(ctx context.Context, e *environment, args []string) error {
	f := newFlags("repl", "[OPTION]... [FILE [ARG]...]", replText)
	f.addGoalFlags()
	f.SetInterspersed(false)
	expressions := f.StringArrayP("expression", "e", nil, "evaluate `EXPR` and print its value; may be given several times")
	listen := f.StringP("listen", "", "", "offer the dialogue to programs of this machine, such as editors, on a port or the path of a socket, `ADDRESS`; without one on port 37146")
	f.Lookup("listen").NoOptDefVal = strconv.Itoa(repl.DefaultPort)
	box := f.addSandboxFlags()
	if err := f.parse(args); err != nil {
		return err
	}
	s, limits, err := openREPL(e, f, box)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, done := box.watch(ctx, e, limits.MaxMemory)
	defer done()
	stop, err := s.serve(e, *listen, f.Changed("listen"), box.on)
	if err != nil {
		return err
	}
	defer stop()
	switch {
	case len(*expressions) > 0:
		return s.evaluate(ctx, *expressions)
	case f.NArg() > 0:
		_, err := s.engine.Load(ctx, f.Arg(0))
		return err
	}
	return repl.Run(ctx, repl.Config{
		Engine: s.engine, In: e.stdin, Out: e.stdout, Err: e.stderr,
		HistoryFile: historyFile(e.getenv), NoColor: !e.color(e.stdout),
		Dumb: e.getenv("TERM") == "dumb", Commands: s.replCommands(), Sandbox: box.on,
		Banner: fmt.Sprintf("Fruix %s. Type \",help\" for help, \",quit\" or ctrl-D to leave.\n", version),
	})
}

// openREPL makes the session that f asks for, and tells its limits. That of a
// sandbox knows nothing of stores.
func openREPL(e *environment, f *flags, box *sandboxFlags) (*session, interp.Options, error) {
	args := programArgs(f.Args())
	if !box.on {
		var o interp.Options
		if err := box.limits(f, &o); err != nil {
			return nil, o, err
		}
		s, err := openLazily(e, f, o, args)
		return s, o, err
	}
	o := sandboxOptions(e, f, args)
	if err := box.limits(f, &o); err != nil {
		return nil, o, err
	}
	engine, err := interp.New(o)
	return &session{env: e, flags: f, engine: engine}, o, err
}

// serve lets programs start servers of dialogues, and starts the one that an
// address names. The result ends them.
func (s *session) serve(e *environment, address string, asked, sandboxed bool) (stop func(), err error) {
	if sandboxed {
		if asked {
			return nil, &report.UsageError{Command: "fruix repl", Message: "--listen and --sandbox exclude each other"}
		}
		return func() {}, nil
	}
	banner := fmt.Sprintf("Fruix %s\n\nEnter `,help' for help.\n", version)
	natives, add, end := repl.Natives(s.engine, banner, e.warn)
	s.engine.Register(repl.Module, natives...)
	if asked {
		server, err := repl.Listen(address, banner, e.warn)
		if err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		add(server)
		server.Start(s.engine)
	}
	return func() {
		end()
		s.engine.Close()
	}, nil
}

// programArgs are what (command-line) gives.
func programArgs(words []string) []string {
	if len(words) == 0 {
		return []string{"fruix"}
	}
	return words
}

// evaluate prints the values of expressions, but for unspecified ones.
func (s *session) evaluate(ctx context.Context, expressions []string) error {
	for _, x := range expressions {
		v, err := s.engine.Eval(ctx, x, "expression")
		if err != nil {
			return err
		}
		if v.Is(datum.KValues) {
			for _, item := range v.Values().Items {
				fmt.Fprintln(s.env.stdout, s.engine.Write(item))
			}
			continue
		}
		if v != datum.Unspecified {
			fmt.Fprintln(s.env.stdout, s.engine.Write(v))
		}
	}
	return nil
}

// historyFile is where typed lines are kept; "" when there is no home.
func historyFile(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "fruix", "repl-history")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "fruix", "repl-history")
	}
	return ""
}
