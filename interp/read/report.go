package read

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// Report reports whether a text is a program or library of R6RS or R7RS: its
// first form defines a library, or imports one of the libraries (rnrs …) or
// (scheme …) that these reports describe. Guile's programs import by
// use-modules or define-module, or import Guile's modules.
func Report(f *source.File) bool {
	if f == nil {
		return false
	}
	r := New(f, Options{})
	for len(r.stack) == 0 { // comments, then the parenthesis of the first form
		if _, _, what, err := r.lex(); err != nil || what != lexNothing {
			return false
		}
	}
	if r.top().kind != inList {
		return false
	}
	switch head, _, _, _ := r.lex(); head {
	case datum.Sym("define-library"), datum.Sym("library"):
		return true
	case datum.Sym("import"):
		for {
			set, err := r.Read() // an error at the closing parenthesis at the latest
			if err != nil || set == datum.EOF {
				return false
			}
			if reportLibrary(set) {
				return true
			}
		}
	}
	return false
}

// reportLibrary reports whether an import set takes from a report's library.
func reportLibrary(set datum.Value) bool {
	for set.IsPair() {
		switch set.Pair().Car {
		case datum.Sym("rnrs"), datum.Sym("scheme"):
			return true
		case datum.Sym("only"), datum.Sym("except"), datum.Sym("prefix"), datum.Sym("rename"), datum.Sym("for"), datum.Sym("library"):
			rest := set.Pair().Cdr
			if !rest.IsPair() {
				return false
			}
			set = rest.Pair().Car
		default:
			return false
		}
	}
	return false
}
