package repl

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"fruix/interp/datum"
)

func codeCommands() []command {
	return []command{
		{name: "expand", short: "exp", group: groupCompile, args: "EXPR", doc: "show an expression with its macros expanded", forms: true, run: expand},
		{name: "disassemble", short: "x", group: groupCompile, args: "EXPR", doc: "show the code of a procedure", forms: true, run: disassemble},
		{name: "pretty-print", short: "pp", group: groupCompile, args: "EXPR", doc: "show a value on several lines", forms: true, run: prettyPrint},
		{name: "time", short: "t", group: groupProfile, args: "EXPR", doc: "evaluate, and tell how long it took", forms: true, run: timed},
	}
}

func expand(ctx context.Context, s *Session, args string) error {
	form, err := s.singleForm(args)
	if err != nil {
		return err
	}
	v, err := s.call(ctx, "macroexpand", form)
	if err != nil {
		return err
	}
	return s.pretty(ctx, v)
}

func prettyPrint(ctx context.Context, s *Session, args string) error {
	v, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	return s.pretty(ctx, v)
}

// pretty shows a value with (ice-9 pretty-print), or on one line where the
// library lacks that.
func (s *Session) pretty(ctx context.Context, v datum.Value) error {
	proc, err := s.engine.Lookup("(ice-9 pretty-print)", "pretty-print")
	if err != nil {
		_, err := fmt.Fprintln(s.cfg.Out, s.engine.Write(v))
		return err
	}
	text, err := s.captured(ctx, proc, v, datum.InternKeyword("width").Value(), datum.Fix(int64(s.columns())))
	if err != nil {
		return err
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err = fmt.Fprint(s.cfg.Out, text)
	return err
}

// captured is what a procedure writes to a port, its second argument.
func (s *Session) captured(ctx context.Context, proc, first datum.Value, more ...datum.Value) (string, error) {
	port, err := s.call(ctx, "open-output-string")
	if err != nil {
		return "", err
	}
	if _, err := s.engine.Apply(ctx, proc, append([]datum.Value{first, port}, more...)...); err != nil {
		return "", err
	}
	text, err := s.call(ctx, "get-output-string", port)
	if err != nil {
		return "", err
	}
	return s.engine.Display(text), nil
}

func disassemble(ctx context.Context, s *Session, args string) error {
	v, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	if !v.IsProcedure() {
		return usage("not a procedure: "+s.engine.Write(v), "")
	}
	return s.engine.Disassemble(s.cfg.Out, v)
}

func timed(ctx context.Context, s *Session, args string) error {
	form, err := s.singleForm(args)
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	cpu := processTime()
	values, err := s.evalForm(ctx, form)
	real, run := time.Since(start), processTime()-cpu
	runtime.ReadMemStats(&after)
	if err != nil {
		return err
	}
	if err := s.Print(values...); err != nil {
		return err
	}
	pause := time.Duration(after.PauseTotalNs - before.PauseTotalNs)
	fmt.Fprintf(s.cfg.Out, ";; %.6fs real time, %.6fs run time.  %.6fs spent in GC.\n",
		real.Seconds(), run.Seconds(), pause.Seconds())
	return nil
}
