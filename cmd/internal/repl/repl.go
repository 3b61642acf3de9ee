package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"fruix/cmd/internal/repl/edit"
	"fruix/cmd/internal/report"
	"fruix/interp"
	"fruix/interp/datum"
)

// Config says what a dialogue works with.
type Config struct {
	Engine *interp.Engine
	// In is where texts come from. Lines are edited when In and Out are
	// terminals.
	In *os.File
	// Out receives values, Err errors and remarks. The programs that are run
	// write to the engine's own ports, which should be the same files.
	Out, Err io.Writer
	// HistoryFile keeps what was typed; "" keeps nothing.
	HistoryFile string
	NoColor     bool
	// Dumb says that the terminal takes no control sequences (TERM=dumb):
	// there are prompts, but lines are not edited.
	Dumb bool
	// Banner is printed first on a terminal, with its line end.
	Banner string
	// Sandbox leaves out the commands that look at files, for an engine that
	// may not.
	Sandbox bool
	// Commands are further commands, by name without the comma.
	Commands map[string]Command
}

// Command is a word that is typed behind a comma.
type Command struct {
	// Short is another, shorter name; it may be empty.
	Short string
	// Args shows the arguments, "EXPR"; Doc is one line for ,help.
	Args, Doc string
	// Group is a heading of ,help; "" is that of further commands.
	Group string
	// Run carries the command out. args is the text behind the name, without
	// blanks around it. An error is shown as that of an evaluation is.
	Run func(ctx context.Context, s *Session, args string) error
}

// FailedError is returned by Run when forms that did not come from a terminal
// failed. The failures were shown already.
type FailedError struct{ Count int }

// Error counts the failures.
func (e *FailedError) Error() string {
	if e.Count == 1 {
		return "an evaluation failed"
	}
	return fmt.Sprintf("%d evaluations failed", e.Count)
}

// Reported tells that the user knows.
func (e *FailedError) Reported() bool { return true }

// errLeave ends the dialogue.
var errLeave = errors.New("leave")

// Run talks until the input ends or the user leaves. Its error is nil then; it
// is an *interp.Error with the key "quit" when a program called (exit) with
// another status than 0, a *FailedError when the input was no terminal and
// something failed, and ctx's error when it was cancelled.
//
// On a terminal an interrupt (SIGINT) stops the evaluation that is under way,
// and nothing else: Run handles that signal itself, and goes on although ctx
// may have been cancelled by it.
func Run(ctx context.Context, c Config) error {
	s := newSession(c)
	in, err := s.openInput(ctx)
	if err != nil {
		return err
	}
	if !s.interactive {
		return s.finish(s.farewell(ctx, s.loop(ctx, in)))
	}
	live, stop := detach(ctx)
	defer stop()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt)
	defer close(signals)
	defer signal.Stop(signals)
	s.interrupts = newInterrupts(signals)
	io.WriteString(c.Out, c.Banner)
	return s.finish(s.farewell(live, s.loop(live, in)))
}

// farewell runs what programs have hooked to the dialogue's end (exit-hook).
// What fails there is told and changes nothing.
func (s *Session) farewell(ctx context.Context, ended error) error {
	if _, err := s.engine.EvalIn(ctx, "(guile)", "(run-hook exit-hook)", "exit-hook"); err != nil && ctx.Err() == nil {
		s.remark("an exit hook failed: %v", err)
	}
	return ended
}

// openInput chooses how texts are read.
func (s *Session) openInput(ctx context.Context) (input, error) {
	c := s.cfg
	s.interactive = isTerminal(c.In)
	if s.interactive && !c.Dumb && isTerminal(c.Out) {
		h, err := edit.OpenHistory(c.HistoryFile)
		if err != nil {
			s.remark("cannot read the history: %v", err)
		}
		return newTyped(s, h), nil
	}
	p, err := s.standardInput(ctx)
	if err != nil {
		return nil, err
	}
	in := newStream(p, c.In, nil)
	in.idle = s.idle
	if s.interactive {
		in.out = c.Out
	}
	return in, nil
}

// detach gives a context that ends when ctx does, unless an interrupt ended it,
// and at the signals that ask a process to end.
func detach(ctx context.Context) (context.Context, func()) {
	live, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		done := ctx.Done()
		for {
			select {
			case <-ends:
				cancel()
			case <-done:
				done = nil
				if !strings.Contains(context.Cause(ctx).Error(), os.Interrupt.String()) {
					cancel()
				}
			case <-live.Done():
				return
			}
		}
	}()
	return live, func() {
		signal.Stop(ends)
		cancel()
	}
}

func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && file != nil && term.IsTerminal(int(file.Fd()))
}

// finish makes Run's error of what ended the loop.
func (s *Session) finish(err error) error {
	var e *interp.Error
	switch {
	case errors.Is(err, errLeave):
		err = nil
	case errors.As(err, &e) && e.Key == "quit":
		if e.Status != 0 {
			return err
		}
		err = nil
	}
	if err == nil && s.failures > 0 && !s.interactive {
		return &FailedError{s.failures}
	}
	return err
}

// loop reads and carries out until the input ends. Its error is errLeave, that
// of (exit), or what the input failed with.
// A loop that began at a level, in the middle of an evaluation, ends without an
// error when that level is left.
func (s *Session) loop(ctx context.Context, in input) error {
	s.in = in
	depth := len(s.levels)
	for len(s.levels) >= depth {
		item, err := in.next(ctx, s.prompt())
		var refused *interp.Error
		switch {
		case err == io.EOF:
			if len(s.levels) > 0 {
				s.pop()
				continue
			}
			return errLeave
		case errors.Is(err, edit.ErrInterrupted):
			continue
		case errors.As(err, &refused):
			if err := s.fail(refused); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		if err := s.do(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

// do carries out what was entered. An error ends the dialogue.
func (s *Session) do(ctx context.Context, it item) error {
	err := s.guard(ctx, func(ctx context.Context) error {
		saved := s.ctx
		s.ctx = ctx
		defer func() { s.ctx = saved }()
		if it.isCommand {
			return s.command(ctx, it.command)
		}
		values, err := s.evalForm(ctx, it.form)
		if err != nil {
			return err
		}
		return s.Print(values...)
	})
	if errors.Is(err, errLeave) || errors.Is(err, errAbandoned) {
		return err
	}
	if ctx.Err() != nil {
		return context.Canceled
	}
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// fail shows an error and opens a level for it, unless it is one of a text that
// was never run. It returns the error of (exit).
func (s *Session) fail(err error) error {
	var e *interp.Error
	isOwn := errors.As(err, &e)
	if isOwn && e.Key == "quit" {
		return err
	}
	s.failures++
	if s.interactive && isOwn && (e.Key == "interrupted" || errors.Is(err, context.Canceled)) {
		s.last = &level{err: e}
		at := ""
		if e.Pos.Known() {
			at = " at " + e.Pos.String()
		}
		s.remark("interrupted%s", at)
		if s.options.onError == "debug" {
			s.levels = append(s.levels, s.last)
			io.WriteString(s.cfg.Err, entering)
		}
		return nil
	}
	levels := s.interactive && s.options.onError == "debug"
	o := report.Options{Color: s.color, NoBacktrace: levels || s.options.onError == "report"}
	report.Error(s.cfg.Err, err, o)
	if !isOwn {
		return nil
	}
	s.last = &level{err: e}
	if !levels {
		return nil
	}
	switch e.Key {
	case "read-error":
		return nil
	case "syntax-error":
		if e.Object == datum.Unset || len(e.Stack) <= 1 {
			return nil
		}
	}
	if len(e.Stack) == 0 && e.Object == datum.Unset {
		return nil
	}
	s.levels = append(s.levels, s.last)
	io.WriteString(s.cfg.Err, entering)
	return nil
}

// entering tells of a new level.
const entering = "\nEntering a new prompt.  Type `,bt' for a backtrace or `,q' to continue.\n"
