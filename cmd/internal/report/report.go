// Package report shows errors to people, and to programs as JSON.
//
// Errors reach it as the packages of Fruix made them: types with what they
// know. [Describe] gathers what a reader needs into a [Problem], a plain tree
// of message, place, hint and causes; [Error] writes that tree. Everything that
// Fruix says about a failure passes through here once, at the end of a
// command, so that no command words errors by itself.
package report

import (
	"encoding/json"
	"errors"
	"io"

	"fruix/interp"
	"fruix/interp/source"
)

// Options say how errors are written.
type Options struct {
	// Color marks parts with ANSI colours.
	Color bool
	// JSON writes one line that holds an object instead of text: an event "error"
	// among those of package progress. Time is when.
	JSON bool
	Time string
	// NoBacktrace leaves out which procedures were waiting.
	NoBacktrace bool
}

// UsageError is a command line that makes no sense.
type UsageError struct {
	// Command is the command as the user wrote it, "fruix build"; "" stands
	// for fruix itself.
	Command string
	// Message says what is wrong, Hint what to do; Hint may be empty.
	Message, Hint string
}

// Error gives the message with the command in front.
func (e *UsageError) Error() string { return e.command() + ": " + e.Message }

func (e *UsageError) command() string {
	if e.Command == "" {
		return "fruix"
	}
	return e.Command
}

// ExitCode is the exit status of a command that ended with err: 0 without
// error, 2 for a command line that makes no sense, what a program asked for
// with (exit), that of a [StatusError], and 1 for everything else.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	var usage *UsageError
	if errors.As(err, &usage) {
		return 2
	}
	if e, ok := quit(err); ok {
		return e.Status & 0xff
	}
	var status *StatusError
	if errors.As(err, &status) {
		return status.Status
	}
	return 1
}

// StatusError is an error with an exit status of its own.
type StatusError struct {
	Err    error
	Status int
}

func (e *StatusError) Error() string { return e.Err.Error() }

// Unwrap returns the error beneath.
func (e *StatusError) Unwrap() error { return e.Err }

// quit finds the end that a program asked for.
func quit(err error) (*interp.Error, bool) {
	var e *interp.Error
	ok := errors.As(err, &e) && e.Key == "quit"
	return e, ok
}

// AdvisedError adds to an error what to do about it.
type AdvisedError struct {
	Err  error
	Hint string
}

func (e *AdvisedError) Error() string { return e.Err.Error() }

// Unwrap returns the error beneath.
func (e *AdvisedError) Unwrap() error { return e.Err }

// PlacedError adds to failed builds where the hashes of their outputs are
// written, so that a wrong one can be shown there.
type PlacedError struct {
	Err error
	// HashPlace returns that of the derivation at a path; the place is unknown
	// when nobody said.
	HashPlace func(drvPath string) source.Pos
}

func (e *PlacedError) Error() string { return e.Err.Error() }

// Unwrap returns the error beneath.
func (e *PlacedError) Unwrap() error { return e.Err }

// Error writes err to w. It writes nothing when err is nil, when a program
// asked to end by (exit), and when err says that it was shown before, by a
// method Reported() bool.
func Error(w io.Writer, err error, o Options) {
	if err == nil || silent(err) {
		return
	}
	p := Describe(err)
	if o.NoBacktrace {
		p.Backtrace = nil
	}
	if !o.JSON {
		io.WriteString(w, p.text(o.Color))
		return
	}
	b, failed := json.Marshal(struct {
		Event string   `json:"event"`
		Time  string   `json:"time,omitempty"`
		Error *Problem `json:"error"`
	}{"error", o.Time, p})
	if failed != nil { // a Problem holds nothing that cannot be marshalled
		io.WriteString(w, p.text(false))
		return
	}
	w.Write(append(b, '\n'))
}

func silent(err error) bool {
	var shown interface{ Reported() bool }
	if errors.As(err, &shown) && shown.Reported() {
		return true
	}
	_, ok := quit(err)
	return ok
}
