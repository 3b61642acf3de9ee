package repl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"fruix/interp/datum"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// stream takes forms from a file, a pipe, or a terminal without line editing.
// It reads a line at a time and no further: what a program reads from the same
// file goes on behind the line in which its form ended.
type stream struct {
	in   *os.File
	out  io.Writer // receives prompts; nil for none
	file *source.File
	r    *read.Reader

	line   []byte // what is left of the line under way
	number uint32 // of the line under way
	column uint32 // of what is left
	prompt string
	ended  bool
	chunk  []byte // read ahead of a file that can seek
	seeks  bool
	ctx    context.Context
}

func newStream(in *os.File, out io.Writer) *stream {
	s := &stream{in: in, out: out, file: &source.File{Name: "<stdin>"}, ctx: context.Background()}
	if info, err := in.Stat(); err == nil && info.Mode().IsRegular() {
		s.seeks = true
	}
	return s
}

func (s *stream) next(ctx context.Context, prompt string) (item, error) {
	s.ctx, s.prompt = ctx, prompt
	if err := ctx.Err(); err != nil {
		return item{}, err
	}
	if text, ok, err := s.command(); ok || err != nil {
		return item{command: text, form: datum.Unset}, err
	}
	if s.r == nil {
		s.r = read.NewSource(s, s.file, read.Options{Wrap: syntax.Wrap, Line: s.number, Col: s.column})
	}
	form, err := s.r.Read()
	if err != nil {
		s.r, s.line = nil, nil // go on with the next line
		if s.ended && !incomplete(err) {
			return item{}, textError(err)
		}
		var re *read.Error
		if errors.As(err, &re) && re.Cause != nil {
			return item{}, re.Cause
		}
		return item{}, textError(err)
	}
	if form == datum.EOF {
		return item{}, io.EOF
	}
	return item{form: form}, nil
}

// command takes a command, if one is next.
func (s *stream) command() (string, bool, error) {
	for {
		trimmed := bytes.TrimLeft(s.line, " \t\r\n\f\v")
		if len(trimmed) == 0 {
			if err := s.fill(); err != nil {
				return "", false, err
			}
			s.r = nil
			continue
		}
		if trimmed[0] != ',' {
			return "", false, nil
		}
		s.line, s.r = nil, nil
		text := strings.TrimSpace(string(trimmed[1:]))
		for !complete(text) && s.fill() == nil {
			text += "\n" + strings.TrimRight(string(s.line), "\r\n")
			s.line = nil
		}
		return text, true, nil
	}
}

// fill takes the next line.
func (s *stream) fill() error {
	if s.ended {
		return io.EOF
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.out != nil {
		io.WriteString(s.out, s.prompt)
		s.prompt = nextPrompt(s.prompt)
	}
	line, err := s.readLine()
	if len(line) == 0 && err != nil {
		s.ended = s.out == nil || err != io.EOF
		return err
	}
	s.line = line
	s.number++
	s.column = 1
	s.file.Text = append(s.file.Text, line...)
	return nil
}

// readLine reads up to a line end without taking more from the file.
func (s *stream) readLine() ([]byte, error) {
	if s.seeks {
		return s.seekLine()
	}
	if err := wait(s.ctx, s.in); err != nil {
		return nil, err
	}
	var line []byte
	var b [1]byte
	for {
		n, err := s.in.Read(b[:])
		if n == 1 {
			line = append(line, b[0])
			if b[0] == '\n' {
				return line, nil
			}
		}
		if err != nil {
			return line, err
		}
	}
}

// seekLine reads a piece and goes back to behind its first line.
func (s *stream) seekLine() ([]byte, error) {
	at, err := s.in.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	if s.chunk == nil {
		s.chunk = make([]byte, 4096)
	}
	var line []byte
	for {
		n, err := s.in.Read(s.chunk)
		piece := s.chunk[:n]
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			line = append(line, piece[:i+1]...)
			_, err := s.in.Seek(at+int64(len(line)), io.SeekStart)
			return line, err
		}
		line = append(line, piece...)
		if err != nil {
			return line, err
		}
	}
}

// Peek and Next make a read.Source of s.
func (s *stream) Peek() (rune, error) {
	for len(s.line) == 0 {
		if err := s.fill(); err == io.EOF {
			return -1, nil
		} else if err != nil {
			return -1, err
		}
	}
	if s.line[0] < utf8.RuneSelf {
		return rune(s.line[0]), nil
	}
	r, _ := utf8.DecodeRune(s.line)
	return r, nil
}

// Next consumes a character.
func (s *stream) Next() (rune, error) {
	r, err := s.Peek()
	if r < 0 || err != nil {
		return r, err
	}
	n := 1
	if r >= utf8.RuneSelf {
		_, n = utf8.DecodeRune(s.line)
	}
	s.line = s.line[n:]
	s.column++
	return r, nil
}

var (
	_ input       = (*stream)(nil)
	_ read.Source = (*stream)(nil)
)
