// Package read turns text into data: the lexical syntax of R7RS section 7.1
// with Guile's additions (keywords, #{…}# symbols, block comments, arrays,
// bitvectors, uniform vectors, syntax and G-expression abbreviations).
//
// One Reader has two kinds of output. Without Options.Wrap it yields plain
// data, as the procedure read needs. With Wrap every datum, inner ones
// included, passes through that function together with its position; the
// expander's syntax objects are made this way.
//
// The reader keeps its own stack, so that nesting is limited by memory only.
package read
