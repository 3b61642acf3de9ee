package repl

import (
	"context"
	"errors"
	"strings"

	"fruix/cmd/internal/repl/edit"
	"fruix/interp/datum"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// item is one thing to do: a form, or a command's text without the comma.
type item struct {
	form      datum.Value
	command   string
	isCommand bool
}

// input yields one item after the other. Its errors are io.EOF at the end, an
// *interp.Error for text that cannot be read, after which it goes on, and
// edit.ErrInterrupted.
type input interface {
	next(ctx context.Context, prompt string) (item, error)
}

// typed takes texts from the line editor.
type typed struct {
	editor  *edit.Editor
	history *edit.History
	session *Session
	warned  bool

	file *source.File // the text under way, nil for none
	r    *read.Reader
}

func newTyped(s *Session, h *edit.History) *typed {
	return &typed{
		history: h, session: s,
		editor: edit.New(s.cfg.In, s.cfg.Out, edit.Options{
			Complete: func(text []rune, cursor int) (c edit.Completions) {
				s.holding(func() { c = s.complete(text, cursor) })
				return c
			},
			Accept: func(text string) (ok bool) {
				s.holding(func() { ok = s.accept(text) })
				return ok
			},
			IsSyntax: func(name string) (is bool) {
				s.holding(func() { is = s.isSyntax(name) })
				return is
			},
			Indent: true, History: h, Color: !s.cfg.NoColor,
		}),
	}
}

// isSyntax reports whether a name is bound to syntax in the current module.
func (s *Session) isSyntax(name string) bool {
	v, err := s.current().Lookup(datum.Intern(name))
	return err == nil && v != nil && v.Value.Is(datum.KMacro)
}

// nextPrompt stands before the further lines of a text.
func nextPrompt(prompt string) string {
	const dots = "... "
	return strings.Repeat(" ", max(0, len(prompt)-len(dots))) + dots
}

func (t *typed) next(ctx context.Context, prompt string) (item, error) {
	for {
		if t.file == nil {
			if err := t.enter(ctx, prompt); err != nil {
				return item{}, err
			}
		}
		rest := t.file.Text[t.r.Offset():]
		if text := skipBlanks(string(rest)); strings.HasPrefix(text, ",") {
			t.file = nil
			return item{command: strings.TrimSpace(text[1:]), isCommand: true, form: datum.Unset}, nil
		}
		form, err := t.r.Read()
		if err != nil {
			t.file = nil
			return item{}, textError(err)
		}
		if form != datum.EOF {
			return item{form: form}, nil
		}
		t.file = nil
	}
}

// skipBlanks takes white space and line comments away from the start of text,
// and white space from its end.
func skipBlanks(text string) string {
	text = strings.TrimSpace(text)
	for strings.HasPrefix(text, ";") {
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSpace(text)
	}
	return text
}

// enter lets the user type a text.
func (t *typed) enter(ctx context.Context, prompt string) error {
	var text string
	var err error
	t.session.idle(func() {
		err = contain(func() (err error) {
			text, err = t.editor.Read(ctx, prompt, nextPrompt(prompt))
			return err
		})
	})
	if err != nil {
		return err
	}
	if err := t.history.Add(text); err != nil && !t.warned {
		t.warned = true
		t.session.remark("cannot keep the history: %v", err)
	}
	t.file = &source.File{Name: "<repl>", Text: []byte(text)}
	t.r = read.New(t.file, t.session.engine.ReadOptions())
	return nil
}

// accept reports whether a text can be evaluated, as opposed to one whose end
// is missing.
func (s *Session) accept(text string) bool {
	if rest, ok := strings.CutPrefix(skipBlanks(text), ","); ok {
		name, args, _ := strings.Cut(rest, " ")
		c := s.find(name)
		return c == nil || !c.forms || complete(args)
	}
	return complete(text)
}

// complete reports whether no datum of a text lacks its end.
func complete(text string) bool {
	_, err := read.All(&source.File{Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
	return !incomplete(err)
}

// incomplete reports whether more text could cure a reader's error.
func incomplete(err error) bool {
	var e *read.Error
	return errors.As(err, &e) && e.Incomplete
}

var _ input = (*typed)(nil)
