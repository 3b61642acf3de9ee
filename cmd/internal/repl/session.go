package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"fruix/cmd/internal/repl/edit"
	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/read"
	"fruix/interp/source"
)

// Session is one dialogue. Commands use it while they run.
type Session struct {
	cfg         Config
	engine      *interp.Engine
	interactive bool
	color       bool             // of errors
	paints      bool             // printed values, too
	client      bool             // talks over a socket
	hold        func(use func()) // while input is waited for; else nil
	commands    []command
	interrupts  *interrupts     // nil where nobody can interrupt
	ctx         context.Context // of what is being carried out

	history  *module.Module // (value-history)
	count    int            // of values in it
	levels   []*level
	last     *level // the newest error, of any level
	traps    []*trap
	nextTrap int
	in       input
	options  options
	loaded   string // the file that was loaded last
	failures int
	width    int // of pretty-printed values; 0 for the terminal's
	stats    struct {
		allocated uint64
		run       time.Duration
		at        time.Time
	} // at the last ,statistics
}

// maxPainted is the length of a printed value, in bytes, from which on it is
// not worth colours.
const maxPainted = 64 << 10

func newSession(c Config) *Session {
	s := &Session{cfg: c, engine: c.Engine, ctx: context.Background(), options: defaultOptions(), color: !c.NoColor && isTerminal(c.Err),
		paints: !c.NoColor && !c.Dumb && isTerminal(c.Out)}
	s.history = s.engine.Modules().Make(datum.List(datum.Sym("value-history")))
	s.commands = s.allCommands()
	s.stats.at = time.Now()
	return s
}

// Engine returns the engine that evaluates.
func (s *Session) Engine() *interp.Engine { return s.engine }

// Out is where results of commands go, Err where remarks and errors go.
func (s *Session) Out() io.Writer { return s.cfg.Out }

// Err is where remarks and errors go.
func (s *Session) Err() io.Writer { return s.cfg.Err }

// Interactive reports whether a person types.
func (s *Session) Interactive() bool { return s.interactive }

func (s *Session) current() *module.Module { return s.engine.Modules().Current }

// prompt is Guile's: the language, the module, and the level of errors.
func (s *Session) prompt() string {
	if p := s.options.prompt; p != datum.False {
		if p.IsProcedure() {
			v, err := s.engine.Apply(s.ctx, p)
			if err != nil {
				s.options.prompt = datum.False
				s.remark("the prompt's procedure failed and is not used any more: %v", err)
				return "> "
			}
			p = v
		}
		return s.engine.Display(p)
	}
	p := "scheme@" + s.current().Key
	if n := len(s.levels); n > 0 {
		p += " [" + strconv.Itoa(n) + "]"
	}
	return p + "> "
}

// pop leaves the innermost level of errors.
func (s *Session) pop() {
	s.levels = s.levels[:len(s.levels)-1]
	s.last = nil
	if n := len(s.levels); n > 0 {
		s.last = s.levels[n-1]
	}
}

// remark tells the user something that is no error.
func (s *Session) remark(format string, args ...any) {
	fmt.Fprintf(s.cfg.Err, format+"\n", args...)
}

// Eval evaluates the forms of a text and returns the values of the last one.
// name stands for the text in positions.
func (s *Session) Eval(ctx context.Context, text, name string) ([]datum.Value, error) {
	forms, err := s.Forms(text, name)
	if err != nil {
		return nil, err
	}
	var values []datum.Value
	for _, f := range forms {
		if values, err = s.evalForm(ctx, f); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Forms reads a text as syntax.
func (s *Session) Forms(text, name string) ([]datum.Value, error) {
	forms, err := read.All(&source.File{Name: name, Text: []byte(text)}, s.engine.ReadOptions())
	return forms, textError(err)
}

// textError gives a reader's error the form of the engine's errors.
func textError(err error) error {
	var r *read.Error
	if !errors.As(err, &r) {
		return err
	}
	e := &interp.Error{
		Key: "read-error", Message: r.Msg, Pos: r.Pos, Hint: r.Hint, Incomplete: r.Incomplete,
		Object: datum.Unset, Cause: err,
	}
	for _, n := range r.Related {
		e.Related = append(e.Related, interp.Note(n))
	}
	return e
}

// evalForm evaluates a form in the current module and returns its values.
func (s *Session) evalForm(ctx context.Context, form datum.Value) ([]datum.Value, error) {
	s.useHistory()
	v, err := s.call(ctx, "primitive-eval", form)
	if err != nil {
		return nil, err
	}
	return interp.Values(v), nil
}

// historyKey is the name of the modules of value histories, of which each
// dialogue has one.
const historyKey = "(value-history)"

// nameHistory gives a fresh module the name of value histories, under which it
// is not registered.
func nameHistory(m *module.Module) {
	for _, m := range []*module.Module{m, m.Public()} {
		m.Name, m.Key = datum.List(datum.Sym("value-history")), historyKey
	}
}

// useHistory lets the current module see this dialogue's values, and no other
// one's.
func (s *Session) useHistory() {
	own, others := false, false
	uses := s.current().Uses()
	for _, u := range uses {
		own = own || u == s.history.Public()
		others = others || u.Key == historyKey && u != s.history.Public()
	}
	if others {
		uses = slices.DeleteFunc(uses, func(u *module.Module) bool { return u.Key == historyKey })
		s.current().SetUses(uses)
		own = false
	}
	if !own {
		s.current().Use(s.history.Public())
	}
}

// idle lets other threads use the engine while wait waits for input.
func (s *Session) idle(wait func()) {
	s.engine.Idle(func(hold func(use func())) {
		saved := s.hold
		s.hold = hold
		defer func() { s.hold = saved }()
		wait()
	})
}

// holding runs f, which uses the engine, in the middle of waiting for input or
// not.
func (s *Session) holding(f func()) {
	if hold := s.hold; hold != nil {
		hold(func() {
			s.hold = nil
			defer func() { s.hold = hold }()
			f()
		})
		return
	}
	f()
}

// call calls a procedure of (guile).
func (s *Session) call(ctx context.Context, name string, args ...datum.Value) (datum.Value, error) {
	proc, err := s.engine.Lookup("(guile)", name)
	if err != nil {
		return datum.Unset, err
	}
	return s.engine.Apply(ctx, proc, args...)
}

// Print shows values as those of an evaluation, numbered, and keeps them in
// the value history. Unspecified values are not worth a line.
func (s *Session) Print(values ...datum.Value) error {
	for _, v := range values {
		if v == datum.Unspecified || v == datum.Unset {
			continue
		}
		text, err := s.written(v)
		if err != nil {
			return err
		}
		name := ""
		if s.options.history {
			name = s.keep(v) + " = "
		}
		if _, err := io.WriteString(s.cfg.Out, name+s.painted(text)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// keep adds a value to the value history and returns its name there.
func (s *Session) keep(v datum.Value) string {
	s.count++
	name := "$" + strconv.Itoa(s.count)
	sym := datum.Intern(name)
	s.history.Set(sym, v)
	s.history.Export(sym, sym)
	return name
}

// written is the text of a value as write gives it, by the printers that
// programs define for their records.
func (s *Session) written(v datum.Value) (string, error) {
	text, err := s.call(s.ctx, "object->string", v)
	if err != nil {
		return "", err
	}
	return s.engine.Display(text), nil
}

// painted gives the text of a value its colours.
func (s *Session) painted(text string) string {
	if s.paints && len(text) < maxPainted {
		return edit.Paint(text)
	}
	return text
}
