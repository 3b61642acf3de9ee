// Package code is what the compiler makes and the machine runs: register
// code for procedures, with its constants and the table from code to source
// positions.
//
// An instruction is one 64-bit word: the opcode in the low byte, a sense or
// count in the next, then three 16-bit operands A, B and C; B and C together
// are the 32-bit operand D. Operands name registers of the current frame,
// immediate integers, constants, or distances of jumps counted in words from
// the following instruction.
//
// Register code was chosen over a stack code because a Go program pays for
// each dispatched instruction, and over closures that call each other because
// those would need Go's stack, which continuations cannot capture. The package
// fruix/interp/bench keeps the measurement.
package code
