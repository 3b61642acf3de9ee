package repl

import (
	"context"
	"fmt"
	"io"
	"strings"

	"fruix/cmd/internal/report"
	"fruix/interp/datum"
)

func debugCommands() []command {
	return []command{
		{name: "backtrace", short: "bt", group: groupDebug, doc: "show what was waiting at the last error", run: backtrace},
		{name: "error-message", short: "error", group: groupDebug, doc: "show the last error again", run: errorMessage},
		{name: "locals", group: groupDebug, doc: "show the local variables of the last error's frames", run: locals},
	}
}

func backtrace(_ context.Context, s *Session, _ string) error {
	e, err := s.lastError()
	if err != nil {
		return err
	}
	if len(e.Stack) == 0 {
		_, err := io.WriteString(s.cfg.Out, "no procedure was waiting\n")
		return err
	}
	_, err = io.WriteString(s.cfg.Out, report.Backtrace(e.Stack, s.color))
	return err
}

func errorMessage(_ context.Context, s *Session, _ string) error {
	e, err := s.lastError()
	if err != nil {
		return err
	}
	report.Error(s.cfg.Out, e, report.Options{Color: s.color, NoBacktrace: true})
	return nil
}

func locals(_ context.Context, s *Session, _ string) error {
	if _, err := s.lastError(); err != nil {
		return err
	}
	_, err := io.WriteString(s.cfg.Out, "the values of local variables are not kept when an error unwinds the stack\n")
	return err
}

func systemCommands() []command {
	return []command{
		{name: "cd", group: groupSystem, args: "[DIR]", doc: "change the working directory", run: changeDir},
		{name: "pwd", group: groupSystem, doc: "show the working directory", run: printDir},
	}
}

func changeDir(ctx context.Context, s *Session, args string) error {
	dir := datum.NewString(strings.Trim(args, `"`))
	if args == "" {
		home, err := s.call(ctx, "getenv", datum.NewString("HOME"))
		if err != nil {
			return err
		}
		if !home.IsString() {
			return usage("where to?", "HOME is not set")
		}
		dir = home
	}
	_, err := s.call(ctx, "chdir", dir)
	return err
}

func printDir(ctx context.Context, s *Session, _ string) error {
	dir, err := s.call(ctx, "getcwd")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.cfg.Out, s.engine.Display(dir))
	return err
}
