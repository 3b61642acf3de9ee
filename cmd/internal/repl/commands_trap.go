package repl

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"fruix/interp"
	"fruix/interp/code"
	"fruix/interp/datum"
)

// trap is a procedure whose calls are of interest.
type trap struct {
	index    int
	proc     datum.Value
	stops    bool // a breakpoint; else its calls are printed
	disabled bool
}

func (t *trap) what(s *Session) string {
	kind := "Tracepoint"
	if t.stops {
		kind = "Breakpoint"
	}
	return kind + " at " + s.engine.Write(t.proc)
}

func trapCommands() []command {
	return []command{
		{name: "break", short: "br", more: []string{"bp"}, group: groupDebug, args: "PROCEDURE", doc: "stop at calls of a procedure", forms: true,
			run: func(ctx context.Context, s *Session, args string) error { return s.addTrap(ctx, args, true) }},
		{name: "tracepoint", short: "tp", group: groupDebug, args: "PROCEDURE", doc: "print calls of a procedure and what they return", forms: true,
			run: func(ctx context.Context, s *Session, args string) error { return s.addTrap(ctx, args, false) }},
		{name: "traps", group: groupDebug, doc: "list the breakpoints and tracepoints", run: listTraps},
		{name: "delete", short: "del", group: groupDebug, args: "NUMBER", doc: "remove a breakpoint or tracepoint", run: deleteTrap},
		{name: "disable", group: groupDebug, args: "NUMBER", doc: "let a breakpoint or tracepoint rest",
			run: func(_ context.Context, s *Session, args string) error { return s.setDisabled(args, true) }},
		{name: "enable", group: groupDebug, args: "NUMBER", doc: "wake a breakpoint or tracepoint",
			run: func(_ context.Context, s *Session, args string) error { return s.setDisabled(args, false) }},
	}
}

func (s *Session) addTrap(ctx context.Context, args string, stops bool) error {
	proc, err := s.single(ctx, args)
	if err != nil {
		return err
	}
	if !proc.IsProcedure() {
		return usage("not a procedure: "+s.engine.Write(proc), "")
	}
	t := &trap{index: s.nextTrap, proc: proc, stops: stops}
	s.nextTrap++
	s.traps = append(s.traps, t)
	s.setTraps()
	_, err = fmt.Fprintf(s.cfg.Out, "Trap %d: %s.\n", t.index, t.what(s))
	return err
}

func listTraps(_ context.Context, s *Session, _ string) error {
	if len(s.traps) == 0 {
		_, err := io.WriteString(s.cfg.Out, "No traps set.\n")
		return err
	}
	for _, t := range s.traps {
		rest := ""
		if t.disabled {
			rest = " (disabled)"
		}
		if _, err := fmt.Fprintf(s.cfg.Out, "  %d: %s%s\n", t.index, t.what(s), rest); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) trap(args string) (int, error) {
	n, err := strconv.Atoi(args)
	i := slices.IndexFunc(s.traps, func(t *trap) bool { return t.index == n })
	if err != nil || i < 0 {
		return 0, usage("there is no trap "+args, "`,traps' lists them")
	}
	return i, nil
}

func deleteTrap(_ context.Context, s *Session, args string) error {
	i, err := s.trap(args)
	if err != nil {
		return err
	}
	s.traps = slices.Delete(s.traps, i, i+1)
	s.setTraps()
	return nil
}

func (s *Session) setDisabled(args string, disabled bool) error {
	i, err := s.trap(args)
	if err != nil {
		return err
	}
	s.traps[i].disabled = disabled
	s.setTraps()
	return nil
}

// setTraps makes the engine heed the traps. Without any it runs at full speed.
func (s *Session) setTraps() {
	if !slices.ContainsFunc(s.traps, func(t *trap) bool { return !t.disabled }) {
		s.engine.SetProbe(nil)
		return
	}
	s.engine.SetProbe(&interp.Probe{Call: s.trapped, Return: s.traceReturn})
}

// trapped looks whether a call is of interest.
func (s *Session) trapped(c *interp.Call) (bool, error) {
	wanted := false
	for _, t := range slices.Clone(s.traps) {
		if t.disabled || !sameProcedure(t.proc, c.Proc) {
			continue
		}
		if !t.stops {
			wanted = true
			if err := s.traceCall(c); err != nil {
				return false, err
			}
			continue
		}
		if err := s.stopAt(t, c); err != nil {
			return false, err
		}
	}
	return wanted, nil
}

// sameProcedure reports whether two values are one procedure; closures made by
// the same lambda expression count as one.
func sameProcedure(a, b datum.Value) bool {
	if a.Is(datum.KClosure) && b.Is(datum.KClosure) {
		return code.ClosureOf(a).Code == code.ClosureOf(b).Code
	}
	return a == b
}

// stopAt opens a level in the middle of an evaluation. Leaving the level lets
// the evaluation go on.
func (s *Session) stopAt(t *trap, c *interp.Call) error {
	if err := s.flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(s.cfg.Out, "Trap %d: %s\n%s", t.index, t.what(s), entering); err != nil {
		return err
	}
	at := &interp.Error{Key: "breakpoint", Message: t.what(s), Object: datum.Unset, Stack: c.Stack()}
	if len(at.Stack) > 0 {
		at.Pos = at.Stack[0].Pos
	}
	before := s.last
	s.last = &level{err: at}
	s.levels = append(s.levels, s.last)
	depth := len(s.levels)
	ctx := s.ctx
	err := s.loop(ctx, s.in)
	s.ctx = ctx
	if len(s.levels) >= depth {
		s.levels = s.levels[:depth-1]
	}
	s.last = before
	return err
}
