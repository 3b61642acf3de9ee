// Package edit is a line editor for Scheme on ANSI terminals.
//
// What is edited is a text of one or more lines. The editor asks its caller
// whether the text is complete when Enter is typed, and starts another line,
// indented, when it is not. It has the usual Emacs keys of GNU Readline
// (Readline manual, chapter 1, "Command Line Editing"), history with
// incremental search, completion, motion over S-expressions, undo, and takes
// pasted text as it is where the terminal marks it ("bracketed paste" of
// xterm's control sequences).
//
// The editor sends the terminal no questions, so that it works where nothing
// answers: on serial consoles, under expect, in a pipe of a test. It knows what
// is on the screen because it wrote it, and rewrites only what changed.
//
//	bytes ─ decoder ─► keys ─ bindings ─► buffer ─ layout ─► rows ─ screen ─► bytes
package edit
