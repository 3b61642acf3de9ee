package repl

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// stream takes forms from the engine's standard input: a file, a pipe, or a
// terminal without line editing. It reads no further than the form's end and
// the blanks up to the end of that line, as Guile does, so that a program may
// read what follows.
type stream struct {
	port *port.Port
	in   *os.File  // what is under the port, for waiting; may be nil
	out  io.Writer // receives prompts; nil for none
	ctx  context.Context

	// file is what was read so far, for positions; line and column are those
	// of its end, from 1.
	file         *source.File
	line, column uint32
	seen         struct{ line, column int } // the port's position then
	prompt       string
	prompted     bool // for the line under way
	// always shows a prompt before each form, also when more input is there.
	always bool
	// idle runs a wait for input while others use the engine; nil waits alone.
	idle func(wait func())
	// check is called once, before anything is read; its error ends the input.
	check func(ctx context.Context) error
}

func newStream(p *port.Port, in *os.File, out io.Writer) *stream {
	s := &stream{port: p, in: in, out: out, file: &source.File{Name: "<stdin>"}, line: 1, column: 1}
	s.seen.line, s.seen.column = p.LineNo, p.ColNo
	return s
}

// standardInput is the port that programs read by default.
func (s *Session) standardInput(ctx context.Context) (*port.Port, error) {
	v, err := s.call(ctx, "current-input-port")
	if err != nil {
		return nil, err
	}
	if !v.Is(datum.KPort) {
		return port.NewReader(s.cfg.In, "stdin", nil), nil
	}
	return port.Of(v), nil
}

func (s *stream) next(ctx context.Context, prompt string) (item, error) {
	s.ctx, s.prompt, s.prompted = ctx, prompt, false
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	s.catchUp()
	if s.always {
		s.prompted = true
		if _, err := io.WriteString(s.out, prompt); err != nil {
			return item{}, err
		}
	}
	if check := s.check; check != nil {
		s.check = nil
		var err error
		s.idle(func() { err = check(ctx) })
		if err != nil {
			return item{}, err
		}
	}
	c, err := s.blanks()
	switch {
	case err != nil:
		return item{}, err
	case c < 0:
		return item{}, io.EOF
	case c == ',':
		s.Next()
		text, err := s.command()
		return item{command: text, isCommand: true, form: datum.Unset}, err
	}
	r := read.NewSource(s, s.file, read.Options{Wrap: syntax.Wrap, Line: s.line, Col: s.column})
	form, err := r.Read()
	if err != nil {
		var e *read.Error
		if errors.As(err, &e) && e.Cause != nil {
			return item{}, e.Cause
		}
		if !incomplete(err) {
			s.rest()
		}
		return item{}, textError(err)
	}
	if form == datum.EOF {
		return item{}, io.EOF
	}
	s.flush()
	return item{form: form}, nil
}

// catchUp takes into account what a program has read meanwhile.
func (s *stream) catchUp() {
	lines, columns := s.port.LineNo-s.seen.line, s.port.ColNo-s.seen.column
	if lines > 0 {
		s.file.Text = append(s.file.Text, strings.Repeat("\n", lines)...)
		s.line, s.column = s.line+uint32(lines), 1
		columns = s.port.ColNo
	}
	if columns > 0 {
		s.file.Text = append(s.file.Text, strings.Repeat(" ", columns)...)
		s.column += uint32(columns)
	}
	s.seen.line, s.seen.column = s.port.LineNo, s.port.ColNo
}

// blanks skips white space and line comments and returns the character behind.
func (s *stream) blanks() (rune, error) {
	for {
		c, err := s.Peek()
		switch {
		case err != nil || c < 0:
			return c, err
		case c == ';':
			if _, err := s.rest(); err != nil {
				return -1, err
			}
		case unicode.IsSpace(c):
			s.Next()
		default:
			return c, nil
		}
	}
}

// command takes a command's text: the rest of the line, and further lines
// while a datum lacks its end.
func (s *stream) command() (string, error) {
	text, err := s.rest()
	for err == nil && !complete(text) {
		var more string
		more, err = s.rest()
		if text += "\n" + more; more == "" {
			break
		}
	}
	return strings.TrimSpace(text), err
}

// rest takes the rest of the line.
func (s *stream) rest() (string, error) {
	var b strings.Builder
	for {
		c, err := s.Next()
		if err != nil || c < 0 || c == '\n' {
			return b.String(), err
		}
		b.WriteRune(c)
	}
}

// flush takes the blanks that end a line, as far as they have come.
func (s *stream) flush() {
	for s.port.Ready() {
		c, err := s.port.Peek()
		if err != nil || !unicode.IsSpace(c) {
			return
		}
		s.Next()
		if c == '\n' {
			return
		}
	}
}

// Peek and Next make a read.Source of s.
func (s *stream) Peek() (rune, error) {
	if !s.port.Ready() {
		if s.out != nil && !s.prompted {
			s.prompted = true
			io.WriteString(s.out, s.prompt)
			s.prompt = nextPrompt(s.prompt)
		}
		if err := s.await(); err != nil {
			return -1, err
		}
	}
	return s.port.Peek()
}

// await waits for input.
func (s *stream) await() (err error) {
	wait := func() {
		if s.in != nil {
			err = wait(s.ctx, s.in)
			return
		}
		for !s.port.Poll(false, pollInterval*time.Millisecond) {
			if err = s.ctx.Err(); err != nil {
				return
			}
		}
	}
	if s.idle != nil {
		s.idle(wait)
	} else {
		wait()
	}
	return err
}

// Next consumes a character.
func (s *stream) Next() (rune, error) {
	if c, err := s.Peek(); c < 0 || err != nil {
		return c, err
	}
	c, err := s.port.Next()
	if err != nil || c < 0 {
		return c, err
	}
	s.file.Text = append(s.file.Text, string(c)...)
	s.seen.line, s.seen.column = s.port.LineNo, s.port.ColNo
	if s.column++; c == '\n' {
		s.line, s.column = s.line+1, 1
		s.prompted = false
	}
	return c, nil
}

var (
	_ input       = (*stream)(nil)
	_ read.Source = (*stream)(nil)
)
