// Package compile turns core trees into code for the machine.
//
// Passes, each one function over the tree of the pass before:
//
//	count    uses of every local variable, and the nesting depth
//	convert  core → the compiler's own tree: primitives recognised, constants
//	         folded, copies propagated, procedures that are called once put in
//	         place, letrec* split into let, fix (procedures alone) and
//	         assignments (Waddell, Sarkar and Dybvig, "Fixing Letrec", 2005)
//	label    procedures whose every call returns where their binding returns
//	         become labels in the procedure around them, so that named let is a
//	         loop (Fluet and Weeks, "Contification using dominators", 2001, in
//	         the simple form that looks at lexical nesting)
//	closure  free variables, procedures without any, variables that need boxes
//	gen      registers and instructions
//
// A variable lives in a box when it is assigned and either captured by a
// closure or in a procedure that makes calls: a continuation captured in such
// a call holds a copy of the frame, and all copies must share the variable.
package compile
