package report

import (
	"fruix/interp/source"
)

// Problem is what a reader is told about one error.
type Problem struct {
	// Kind tells programs what it is: "usage", "interrupted", "build",
	// "damaged-derivation", "hash-mismatch", "reference", "not-reproducible", "no-space", "jail", "fetch", "internal", "error", or
	// the key of an error of the language, such as "unbound-variable".
	Kind string `json:"kind"`
	// Prefix stands before the message when Place is nil, "fruix" or a
	// command.
	Prefix  string `json:"-"`
	Message string `json:"message"`
	Place   *Place `json:"place,omitempty"`
	Notes   []Note `json:"notes,omitempty"`
	// Details are lines that belong to the message.
	Details []string `json:"details,omitempty"`
	// Hints say what to do.
	Hints []string `json:"hints,omitempty"`
	// Backtrace lists the procedures that were waiting, innermost first.
	Backtrace []Frame `json:"backtrace,omitempty"`

	// Derivation and Log are those of a failed build: Log holds the last
	// lines of its output.
	Derivation string   `json:"derivation,omitempty"`
	Log        []string `json:"log,omitempty"`

	Causes []*Problem `json:"causes,omitempty"`
}

// Place is a position in a file. Line and Column count from 1.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`

	pos source.Pos
}

// Note is a remark on another place.
type Note struct {
	Place *Place `json:"place,omitempty"`
	Text  string `json:"text"`
}

// Frame is a line of a backtrace. Count is how often it repeats at this point.
type Frame struct {
	Name  string `json:"name"`
	Place *Place `json:"place,omitempty"`
	Count int    `json:"count,omitempty"`
}

func placeOf(p source.Pos) *Place {
	if !p.Known() {
		return nil
	}
	name := ""
	if p.File != nil {
		name = p.File.Name
	}
	return &Place{File: name, Line: int(p.Line), Column: int(p.Col), pos: p}
}
