package syntax

import (
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/source"
)

// MacroKind tells how a macro is run.
type MacroKind uint8

// The kinds of macros.
const (
	CoreMacro     MacroKind = iota // a special form: Core
	NativeMacro                    // Go code from syntax to syntax: Native
	Procedure                      // a procedure of the language: Proc
	VariableMacro                  // a procedure that also handles set! (make-variable-transformer)
	Parameter                      // a syntax parameter: Current
)

// Macro is the value of a variable or local binding that holds syntax.
type Macro struct {
	Kind MacroKind
	Name string
	// Pos is where the macro was defined.
	Pos source.Pos
	// Core is the expander's own handler of a CoreMacro.
	Core any
	// Native transforms one use. It puts the scope fresh on what the macro
	// itself brings in and leaves the parts of the use alone.
	Native func(use *Syntax, fresh *Scope) (datum.Value, error)
	// Proc is the transformer of a Procedure or VariableMacro.
	Proc datum.Value
	// Current is the transformer of a syntax parameter at the moment.
	Current *Macro
	// Context is the body that a local macro was defined in, nil for others.
	Context any
	// Level counts the transformer expressions around the definition.
	Level int
	// Maker is the procedure of no arguments whose value the transformer is,
	// and Rules what a NativeMacro was compiled to: by these a macro can be
	// made again. They are #f and nil for other macros.
	Maker datum.Value
	Rules any
	// Home is the variable that the macro was defined as, nil for others.
	Home *datum.Variable
}

// Value returns m as a value.
func (m *Macro) Value() datum.Value { return datum.Obj(datum.KMacro, unsafe.Pointer(m)) }

// MacroOf returns the macro held by v, or nil.
func MacroOf(v datum.Value) *Macro {
	if v.Is(datum.KMacro) {
		return (*Macro)(v.Ptr())
	}
	return nil
}
