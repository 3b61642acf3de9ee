// Package compiled turns what the expansion and compilation of a file left
// behind into bytes, and back: so that a file that was loaded once need not be
// read, expanded and compiled again.
//
// In go, through a Writer, the steps of one file in their order: changes of
// modules (module.Change), the module that is current, and the code of forms
// that were run. Out come bytes that hold no address. A Unit reads such bytes;
// Run carries the steps out again in an engine.
//
// Code refers to the rest of an engine by names: variables by the module that
// owns them, natives by their variable in (guile). Macros are kept as their
// rules or as the code that evaluates to their transformer. Bodies of
// procedures, constants, symbols and variables are made when they are first
// needed.
//
// The layout is written down at type layout. Bytes may come from anywhere: what
// is wrong with them is an error, never a panic. That a register holds a
// procedure where the compiler would have put one is taken on trust, since who
// may write a cache may as well write programs.
package compiled

import (
	"errors"
	"fmt"
)

// Format is the version of the layout; bytes of another one are not read.
const Format = 1

// ErrDamaged is behind every error about bytes that make no unit.
var ErrDamaged = errors.New("the compiled code is damaged")

// damage is how the package's functions report bad bytes to each other.
type damage struct{ err error }

func bad(format string, args ...any) {
	panic(damage{fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)})
}

// recoverDamage turns a panic of bad into an error.
func recoverDamage(err *error) {
	switch r := recover().(type) {
	case nil:
	case damage:
		*err = r.err
	default:
		panic(r)
	}
}

// layout is the beginning of a unit: where its parts lie and how many items
// they have. All numbers are little-endian; numbers inside streams are
// variable-length as in encoding/binary.
//
//	strings    pairs of offset and length in text (each 4 bytes)
//	symbols    index of a string << 1 | 1 when uninterned (4)
//	vars       index of a module << 1 | 1 for its public interface, index of a
//	           symbol (4 each)
//	constants  offset in the stream of values (4)
//	words      code (8 each, aligned)
//	text       bytes of strings
//	values     stream of constants
//	procs      stream of procedures
//	modules    stream of names
//	files      stream of indexes of strings; file 0 is the unit's own
//	scopes     stream
//	macros     stream
//	steps      stream
type layout [partCount]part

type part struct{ offset, count uint32 }

const (
	partStrings = iota
	partSymbols
	partVars
	partConstants
	partWords
	partText
	partValues
	partProcs
	partModules
	partFiles
	partScopes
	partMacros
	partSteps
	partCount
)

const layoutSize = partCount * 8

// Tags of values in the stream of constants.
const (
	tagFix = iota
	tagFlo
	tagConstant
	tagChar
	tagSymbol
	tagKeyword
	tagString
	tagList // count, items, end
	tagVector
	tagBytes
	tagBig
	tagRat
	tagComp
	tagClosure
	tagNative // variable
	tagKnown  // string
	tagModule
	tagSyntax
	tagOpaque
	tagVariable
	tagShared // number, value: what tagSame means later
	tagSame
	tagBits
)

// Kinds of steps.
const (
	stepEnd = iota
	stepRun
	stepCurrent
	stepChange
	stepMacro
)

// Kinds of macros.
const (
	macroRules = iota
	macroMade
	macroParameter
	macroOf // what a variable holds already
)
