package syntax

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// Note is a second place that an error speaks of.
type Note struct {
	Pos  source.Pos
	Text string
}

// Error is a program that is not well formed.
type Error struct {
	// Who is the form, "" when there is none; Message says what is wrong.
	Who, Message string
	Pos          source.Pos
	Related      []Note
	// Hint says what to do, "" when nothing is known.
	Hint string
	// Form is the whole form without its context, Sub the part at fault; they
	// are Unset when unknown.
	Form, Sub datum.Value
	// Words are Guile's for the same fault, for the programs that catch it; nil
	// when they are Who and Message.
	Words *Words
	// Detail continues Message where a person reads it: what was found and
	// expected, or the text of the form at fault where no place shows it.
	Detail string
	// Cause is the failure of a transformer, if that is what went wrong.
	Cause error
}

// Words are a form, "" for none, and what is wrong with it.
type Words struct{ Who, Message string }

// Error is one line: "file:line:column: who: message".
func (e *Error) Error() string {
	s := e.Message
	if e.Who != "" {
		s = e.Who + ": " + s
	}
	if p := e.Pos.String(); p != "" {
		s = p + ": " + s
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }
