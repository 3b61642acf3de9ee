package repl

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"fruix/cmd/internal/report"
	"fruix/interp"
)

// level is a dialogue about an error: the error, and which frame of its stack
// is looked at.
type level struct {
	err   *interp.Error
	frame int
}

func debugCommands() []command {
	return []command{
		{name: "backtrace", short: "bt", group: groupDebug, args: "[COUNT] [#:full? #t]", doc: "show what was waiting at the error, with its variables if asked", run: backtrace},
		{name: "up", group: groupDebug, args: "[COUNT]", doc: "look at the frame that called this one", run: up},
		{name: "down", group: groupDebug, args: "[COUNT]", doc: "look at the frame that this one called", run: down},
		{name: "frame", short: "fr", group: groupDebug, args: "[NUMBER]", doc: "look at a frame of the backtrace, or show which one it is", run: frame},
		{name: "locals", group: groupDebug, doc: "show the variables of the frame", run: locals},
		{name: "registers", short: "regs", group: groupDebug, doc: "show the instruction that the frame is at", run: registers},
		{name: "error-message", short: "error", group: groupDebug, doc: "show the error again", run: errorMessage},
	}
}

// level is the innermost level, or that of the last error if it opened none.
func (s *Session) level() (*level, error) {
	if n := len(s.levels); n > 0 && s.levels[n-1].err == s.last.err {
		return s.levels[n-1], nil
	}
	if s.last == nil {
		return nil, usage("there is no error to look at", "")
	}
	return s.last, nil
}

// stack is the level's stack with its frame under view.
func (s *Session) stack() (*level, []interp.Frame, error) {
	l, err := s.level()
	if err != nil {
		return nil, nil, err
	}
	if len(l.err.Stack) == 0 {
		return nil, nil, usage("no procedure was waiting", "")
	}
	return l, l.err.Stack, nil
}

// maxFrames is how many lines of a backtrace are shown unless more are asked
// for: the innermost ones and a few of the outermost.
const maxFrames, lastFrames = 30, 5

// run is a number of frames that look alike.
type run struct{ first, count int }

// runs gathers frames that follow each other and look alike, as those of a
// procedure that calls itself do.
func runs(stack []interp.Frame) []run {
	var out []run
	for i := 0; i < len(stack); {
		j := i + 1
		for j < len(stack) && stack[j].Same(stack[i]) {
			j++
		}
		out = append(out, run{i, j - i})
		i = j
	}
	return out
}

func backtrace(_ context.Context, s *Session, args string) error {
	_, stack, err := s.stack()
	if err != nil {
		return err
	}
	lines, elide, full := runs(stack), true, false
	for words := strings.Fields(args); len(words) > 0; words = words[1:] {
		if w := words[0]; w == "#:full?" && len(words) > 1 {
			full = words[1] != "#f"
			words = words[1:]
			continue
		}
		n, err := strconv.Atoi(words[0])
		if err != nil {
			return usage("not a number of frames: "+words[0], "")
		}
		elide = false
		// As in Guile a negative number counts from the outside.
		if n < 0 {
			lines = lines[max(len(lines)+n, 0):]
		} else {
			lines = lines[:min(n, len(lines))]
		}
	}
	for k, l := range lines {
		if elide && len(lines) > maxFrames && k >= maxFrames-lastFrames && k < len(lines)-lastFrames {
			if k == maxFrames-lastFrames {
				fmt.Fprintf(s.cfg.Out, "    … %d more\n", len(lines)-maxFrames)
			}
			continue
		}
		if err := s.showFrame(l.first, stack[l.first], l.count); err != nil {
			return err
		}
		if full {
			if err := s.showLocals(stack[l.first], "      "); err != nil {
				return err
			}
		}
	}
	return nil
}

// showFrame prints a frame, the first of a number that are alike, as one line
// of a backtrace.
func (s *Session) showFrame(i int, f interp.Frame, count int) error {
	line := strings.TrimPrefix(strings.TrimSuffix(report.Backtrace([]interp.Frame{f}, s.color), "\n"), " ")
	if count > 1 {
		line += fmt.Sprintf(" (%d times)", count)
	}
	_, err := fmt.Fprintf(s.cfg.Out, "%3d%s\n", i, line)
	return err
}

// look makes frame i the one under view and shows it with its text.
func (s *Session) look(l *level, stack []interp.Frame, i int) error {
	l.frame = i
	if err := s.showFrame(i, stack[i], 1); err != nil {
		return err
	}
	_, err := io.WriteString(s.cfg.Out, report.Excerpt(stack[i].Pos, s.color))
	return err
}

// count reads the argument of ,up and ,down.
func count(args string) (int, error) {
	if args == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(args)
	if err != nil || n < 0 {
		return 0, usage("not a number of frames: "+args, "")
	}
	return n, nil
}

func up(_ context.Context, s *Session, args string) error   { return s.move(args, +1) }
func down(_ context.Context, s *Session, args string) error { return s.move(args, -1) }

func (s *Session) move(args string, step int) error {
	l, stack, err := s.stack()
	if err != nil {
		return err
	}
	n, err := count(args)
	if err != nil {
		return err
	}
	switch {
	case step > 0 && l.frame == len(stack)-1:
		return usage("already at the outermost frame", "")
	case step < 0 && l.frame == 0:
		return usage("already at the innermost frame", "")
	}
	return s.look(l, stack, min(max(l.frame+step*n, 0), len(stack)-1))
}

func frame(_ context.Context, s *Session, args string) error {
	l, stack, err := s.stack()
	if err != nil {
		return err
	}
	if args == "" {
		return s.look(l, stack, l.frame)
	}
	n, err := strconv.Atoi(args)
	if err != nil || n < 0 || n >= len(stack) {
		return usage("there is no frame "+args, fmt.Sprintf("they are numbered from 0 to %d", len(stack)-1))
	}
	return s.look(l, stack, n)
}

func locals(_ context.Context, s *Session, _ string) error {
	l, stack, err := s.stack()
	if err != nil {
		return err
	}
	return s.showLocals(stack[l.frame], "  ")
}

// showLocals prints the variables of a frame and adds them to the value
// history, as Guile does.
func (s *Session) showLocals(f interp.Frame, indent string) error {
	vars := f.Locals()
	if len(vars) == 0 {
		_, err := io.WriteString(s.cfg.Out, indent+"No local variables.\n")
		return err
	}
	if _, err := io.WriteString(s.cfg.Out, indent+"Local variables:\n"); err != nil {
		return err
	}
	for _, v := range vars {
		text, err := s.written(v.Value)
		if err != nil {
			text = "(cannot be printed)"
		}
		if _, err := fmt.Fprintf(s.cfg.Out, "%s%s = %s = %s\n", indent, s.keep(v.Value), v.Name, s.painted(text)); err != nil {
			return err
		}
	}
	return nil
}

func registers(_ context.Context, s *Session, _ string) error {
	l, stack, err := s.stack()
	if err != nil {
		return err
	}
	text, ok := stack[l.frame].Instruction(s.engine)
	if !ok {
		return usage("this frame is of no procedure", "")
	}
	_, err = io.WriteString(s.cfg.Out, text)
	return err
}

func errorMessage(_ context.Context, s *Session, _ string) error {
	l, err := s.level()
	if err != nil {
		return err
	}
	report.Error(s.cfg.Out, l.err, report.Options{Color: s.color, NoBacktrace: true})
	return nil
}
