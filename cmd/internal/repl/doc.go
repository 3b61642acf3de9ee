// Package repl is the dialogue of "fruix repl": it reads expressions and
// commands, evaluates them, and prints values and errors, with the habits of
// Guile's REPL (Guile Reference Manual, "Using Guile Interactively").
//
// On a terminal, texts come from the line editor in package edit, a prompt
// shows the current module, and an error opens a level of its own, whose error
// the commands ,backtrace and ,error-message look at until ,quit goes back. On
// any other input there are no prompts; forms are read one by one, and never
// further than needed, so that a program may read the rest of the input itself.
//
// A form goes to the engine as syntax whose positions point into the text as it
// was typed.
package repl
