package read

import (
	"fruix/interp/source"
)

// Error is a fault in the text.
type Error struct {
	Pos     source.Pos // where the fault is
	Msg     string
	Related []Note // further places that matter
	Hint    string // what to do, "" when there is nothing to say
	// Words is how Guile's reader says it, for programs that look at the message
	// of a read-error; "" is the same as Msg.
	Words string
	// Incomplete says that the text ended inside a datum: a REPL asks for
	// another line.
	Incomplete bool
	Cause      error // of the stream, if it failed
}

// Note is a remark on another place.
type Note struct {
	Pos  source.Pos
	Text string
}

// say gives e the words of Guile's reader.
func (e *Error) say(words string) *Error {
	e.Words = words
	return e
}

// Error gives "file:line:column: message".
func (e *Error) Error() string {
	if at := e.Pos.String(); at != "" {
		return at + ": " + e.Msg
	}
	return e.Msg
}

// Unwrap returns the failure of the stream, if that is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// suspicion remembers the first token that starts a line at or left of the
// column of an open list's parenthesis: the list was probably meant to end
// before it.
type suspicion struct {
	open, at source.Pos
}

// suspect is called for each token that is the first of its line.
func (r *Reader) suspect(at source.Pos) {
	if r.guess.at.Known() {
		return
	}
	for i := len(r.stack) - 1; i >= 0; i-- {
		f := &r.stack[i]
		if !f.closes() {
			continue
		}
		if f.at.Line < at.Line && at.Col <= f.at.Col {
			r.guess = suspicion{f.at, at}
		}
		return
	}
}

// unclosed is the error for a text that ends inside a list.
func (r *Reader) unclosed() error {
	if r.err != nil {
		return &Error{Pos: r.Here(), Msg: "cannot read: " + r.err.Error(), Cause: r.err}
	}
	var open *frame
	for i := len(r.stack) - 1; i >= 0; i-- {
		if r.stack[i].closes() {
			open = &r.stack[i]
			break
		}
	}
	if open == nil {
		return r.incomplete(r.stack[len(r.stack)-1].at, "the text ends where a datum is expected")
	}
	g := r.guess
	// The guess concerns a list that is still open, or one that took a
	// parenthesis that was meant for an outer one.
	if g.at.Known() {
		e := r.incomplete(g.open, "this parenthesis is never closed")
		e.Related = append(e.Related, Note{g.at, "going by the indentation, it was meant to end before this line"})
		if open.at != g.open {
			e.Related = append(e.Related, Note{open.at, "the innermost list open at the end of the text"})
		}
		return e
	}
	return r.incomplete(open.at, "this parenthesis is never closed")
}
