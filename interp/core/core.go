// Package core is the language after expansion: a dozen forms in which every
// name is resolved. The expander makes it, the compiler reads it, nobody
// changes it.
package core

import (
	"fruix/interp/datum"
	"fruix/interp/source"
)

// Node is one expression.
type Node interface {
	// Pos is where the expression was written.
	Pos() source.Pos
}

// At is embedded in every node and holds its place.
type At struct{ Where source.Pos }

// Pos returns the place of the node.
func (a At) Pos() source.Pos { return a.Where }

// Local is a lexical variable. Its identity is its pointer.
type Local struct {
	Name *datum.Symbol
	// Assigned is set by the expander when a LocalSet of it exists.
	Assigned bool
}

type (
	// Const is a quoted or self-evaluating datum.
	Const struct {
		At
		Value datum.Value
	}
	// LocalRef reads a lexical variable.
	LocalRef struct {
		At
		Local *Local
	}
	// LocalSet assigns one.
	LocalSet struct {
		At
		Local *Local
		Value Node
	}
	// GlobalRef reads a module variable; it is checked for being bound.
	GlobalRef struct {
		At
		Var *datum.Variable
	}
	// GlobalSet assigns a bound module variable (set!).
	GlobalSet struct {
		At
		Var   *datum.Variable
		Value Node
	}
	// GlobalDef gives a module variable its value (define).
	GlobalDef struct {
		At
		Var   *datum.Variable
		Value Node
	}
	// If has Else == nil for a one-armed if.
	If struct {
		At
		Test, Then, Else Node
	}
	// Seq evaluates Body in order and yields the last value; Body is not empty.
	Seq struct {
		At
		Body []Node
	}
	// Call applies a procedure. Arguments are evaluated left to right.
	Call struct {
		At
		Proc Node
		Args []Node
	}
	// Lambda is a procedure; more than one clause is a case-lambda.
	Lambda struct {
		At
		Name    string // for printing and backtraces; "" when anonymous
		Doc     string
		Clauses []Clause
		// Properties are procedure properties from the body's head, or Null.
		Properties datum.Value
	}
	// Let binds Vars to Inits, evaluated outside their scope.
	Let struct {
		At
		Vars  []*Local
		Inits []Node
		Body  Node
	}
	// Letrec binds Vars in their own scope, in order (letrec*). The expander
	// makes internal definitions into it. With Together, no variable gets its
	// value before all of them are known (letrec); that shows only where the
	// continuation of an initialiser is entered again.
	Letrec struct {
		At
		Together bool
		Vars     []*Local
		Inits    []Node
		Body     Node
	}
	// LetValues calls Producer's expression and binds its values as Clause's
	// parameters say, then evaluates Clause's body (call-with-values with a
	// literal receiver, receive, let-values).
	LetValues struct {
		At
		Producer Node
		Receiver Clause
	}
)

// Clause is one arity of a Lambda: required, optional (with initialisers),
// keyword and rest parameters, as lambda* has them (Guile manual, "lambda*
// and define*").
type Clause struct {
	Req  []*Local
	Opt  []Optional
	Key  []Key
	Rest *Local // nil when there is none
	// AllowOtherKeys is #:allow-other-keys.
	AllowOtherKeys bool
	Body           Node
}

// Optional is a parameter with an initialiser that sees those before it.
type Optional struct {
	Local *Local
	Init  Node // never nil; a Const #f when none was written
}

// Key is a keyword parameter.
type Key struct {
	Keyword *datum.Keyword
	Local   *Local
	Init    Node
}
