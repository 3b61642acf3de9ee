package datum

import (
	"context"
	"unsafe"
)

// Caller is what a native procedure may ask of the machine that runs it.
type Caller interface {
	// Apply calls a procedure in a nested run of the machine and waits for its
	// value. Continuations captured inside do not reach outside it, so natives
	// that call procedures are better written in Scheme; Apply is for hash and
	// comparison procedures and the like.
	Apply(proc Value, args ...Value) (Value, error)
	// Context is cancelled when the evaluation shall stop.
	Context() context.Context
	// FluidRef and FluidSet read and change the current dynamic binding of a
	// fluid (ports, locale and the like are kept in fluids).
	FluidRef(f *Fluid) Value
	FluidSet(f *Fluid, v Value)
	// Engine is the engine's extension data, keyed by type name; packages
	// that register natives keep their state there.
	Extension(key string) any
}

// Fluid is a dynamically bound location.
type Fluid struct {
	// Default is the value in a dynamic state that has no other, Unset for a
	// fluid that is not bound.
	Default Value
	// Main is the value in the outermost dynamic state of the first thread, once
	// Assigned; the machine keeps both.
	Main     Value
	Assigned bool
	Name     string
	// Local fluids have a value of their own in each thread, which dynamic
	// states do not carry from one to another.
	Local bool
}

// Fluid returns the fluid of v.
func (v Value) Fluid() *Fluid { return (*Fluid)(v.p) }

// Value returns f as a value.
func (f *Fluid) Value() Value { return Obj(KFluid, unsafe.Pointer(f)) }

// Primitive is a procedure written in Go. Exactly the functions that its
// arity allows need be set: F0 to F3 for fixed counts, FN for any other count;
// FN alone serves all counts. Argument slices are valid only during the call.
// An error that is not an *Error is reported as a misc-error.
type Primitive struct {
	Name     string
	Min, Max int // number of arguments; Max < 0 means any number
	F0       func(Caller) (Value, error)
	F1       func(Caller, Value) (Value, error)
	F2       func(Caller, Value, Value) (Value, error)
	F3       func(Caller, Value, Value, Value) (Value, error)
	FN       func(Caller, []Value) (Value, error)
	Doc      string
	// Declared says that a form declares the number of arguments, and that a
	// call which names the procedure and gives another one is no syntax.
	Declared bool
}

// Value returns p as a value.
func (p *Primitive) Value() Value { return Obj(KPrimitive, unsafe.Pointer(p)) }

// Primitive returns the primitive of v.
func (v Value) Primitive() *Primitive { return (*Primitive)(v.p) }

// Error is how a native reports a failure; the machine turns it into an
// exception of the language with Guile's key and arguments
// (key who message irritants rest), raised where the native was called.
type Error struct {
	// Key is Guile's: "wrong-type-arg", "out-of-range", "misc-error",
	// "numerical-overflow", "wrong-number-of-args", "system-error",
	// "unbound-variable", "read-error", "syntax-error", "stack-overflow", …
	Key       string
	Who       string // the procedure's name, "" when unknown
	Message   string // with ~A and ~S directives for Irritants
	Irritants []Value
	Rest      Value // e.g. the list with the errno; Unset when there is none
	// Payload is the raised object itself when the failure is not made by a
	// native but passes through it; Unset otherwise.
	Payload     Value
	Continuable bool
	Cause       error
}

// Error gives key, procedure and message without the irritants.
func (e *Error) Error() string {
	s := e.Message
	if e.Who != "" {
		s = e.Who + ": " + s
	}
	if e.Key != "" {
		s = e.Key + ": " + s
	}
	return s
}

// Unwrap returns the Go error behind e, if any.
func (e *Error) Unwrap() error { return e.Cause }
