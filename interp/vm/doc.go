// Package vm runs code.
//
// # Frames
//
// All registers live on one growing stack of values, never on Go's. Register r
// of the running procedure is fp[r]. The slot below, fp[-1], says how to
// return: the caller's closure, the offset of its next instruction, and the
// distance to its frame. A call writes this slot where the procedure was held,
// so that arguments lie in place; the return overwrites it with the value.
//
// # Continuations
//
// Capturing moves all frames of the stack into an immutable segment and leaves
// the stack empty. Returning from the lowest frame brings back a single frame
// from the segment, which stays as it is and can be entered again. So each
// frame is copied out at most once for every time it was copied in, and
// captures at depth are not quadratic (Clinger, Hartheimer and Ost,
// "Implementation strategies for first-class continuations", 1999, the
// incremental stack/heap strategy).
//
// # Dynamic state
//
// Winders, fluid bindings, prompts and exception handlers form one immutable
// list; continuations hold the list that was current. See dynamic.go. A list's
// innermost dynamic state, if any, holds the values of fluids that are not bound.
//
// # Threads
//
// A thread is a machine with a goroutine; the machines of an engine share a
// baton. See thread.go. Asyncs are called where the machine looks at its budgets.
//
// Pointer arithmetic: registers and instructions are addressed without bounds
// checks. It is sound because the compiler states the size of each frame,
// which is checked against the stack's end when the frame is entered, and
// because code is made by the compiler alone and ends in a trap word.
package vm
