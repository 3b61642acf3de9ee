package repl

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"fruix/interp"
	"fruix/interp/datum"
)

func codeCommands() []command {
	return []command{
		{name: "expand", short: "exp", group: groupCompile, args: "EXPR", doc: "show an expression with its macros expanded", forms: true, run: expand},
		{name: "optimize", short: "opt", group: groupCompile, args: "EXPR", doc: "show what the compiler makes of an expression, before code", forms: true, run: optimize},
		{name: "disassemble", short: "x", group: groupCompile, args: "EXPR", doc: "show the code of a procedure", forms: true, run: disassemble},
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

// optimize is ",optimize".
func optimize(ctx context.Context, s *Session, args string) error {
	form, err := s.singleForm(args)
	if err != nil {
		return err
	}
	v, err := s.call(ctx, "%optimized", form)
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
	thunk, err := s.thunk(ctx, args)
	if err != nil {
		return err
	}
	pauses, cpu, start := gcPauses(), processTime(), time.Now()
	v, err := s.engine.Apply(ctx, thunk)
	real, run, pause := time.Since(start), processTime()-cpu, gcPauses()-pauses
	if err != nil {
		return err
	}
	if err := s.Print(interp.Values(v)...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.cfg.Out, ";; %.6fs real time, %.6fs run time.  %.6fs spent in GC.\n",
		real.Seconds(), run.Seconds(), pause.Seconds())
	return err
}

// gcPauses is how long garbage collections have stopped the process.
func gcPauses() time.Duration {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return time.Duration(m.PauseTotalNs)
}
