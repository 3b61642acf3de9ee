package condition

import (
	"strings"

	"fruix/interp/datum"
)

func record(t *datum.RecordType, fields ...datum.Value) datum.Value {
	return datum.NewRecord(t, fields)
}

// FromError makes the exception object of a native's failure.
func (t *Types) FromError(e *datum.Error) datum.Value {
	if p := e.Payload; p != datum.Unset && p != (datum.Value{}) {
		return p
	}
	who := datum.False
	if e.Who != "" {
		who = datum.NewString(e.Who)
		if e.Key == "syntax-error" || e.Key == "read-error" {
			who = datum.Sym(e.Who)
		}
	}
	if e.Key == "non-continuable" {
		// This one has no older form.
		return t.Make(record(t.NonContinuable), record(t.Origin, who), record(t.Message, datum.NewString(e.Message)))
	}
	rest := e.Rest
	if rest == datum.Unset || rest == (datum.Value{}) {
		rest = datum.False
	}
	key := e.Key
	if key == "" {
		key = "misc-error"
	}
	if key == "decoding-error" || key == "encoding-error" {
		// These have the number of the error, the port and the character
		// where others have irritants.
		return t.FromThrow(datum.Sym(key), datum.Cons(who, datum.Cons(datum.NewString(e.Message), rest)))
	}
	if key == "non-continuable" {
		return t.Make(record(t.NonContinuable), record(t.Origin, who), record(t.Message, datum.NewString(e.Message)))
	}
	args := datum.List(datum.List(e.Irritants...), rest)
	if key == "syntax-error" && len(e.Irritants) == 3 {
		// place, form and part of it
		args = datum.List(e.Irritants...)
	}
	return t.FromThrow(datum.Sym(key), datum.Cons(who, datum.Cons(datum.NewString(e.Message), args)))
}

// FromThrow makes the exception object for (throw key args…).
func (t *Types) FromThrow(key, args datum.Value) datum.Value {
	name := ""
	if key.IsSymbol() {
		name = key.Symbol().Name
	}
	kind := record(t.KindAndArgs, key, args)
	a := list(args)
	if name == "%exception" && len(a) > 0 {
		return a[0]
	}
	if name == "quit" {
		code := datum.Fix(0)
		if len(a) > 0 {
			code = a[0]
		}
		return t.Make(record(t.Quit, code), kind)
	}
	var first datum.Value
	switch name {
	case "system-error":
		first = record(t.External)
	case "misc-error", "decoding-error", "encoding-error", "host-not-found", "getaddrinfo-error":
		first = record(t.Error)
	case "bad-format":
		first = record(t.Programming)
	case "wrong-type-arg", "out-of-range", "wrong-number-of-args", "keyword-argument-error", "goops-error",
		"null-pointer-error", "regular-expression-syntax", "assertion-failed":
		first = record(t.Assertion)
	case "numerical-overflow":
		first = record(t.Error)
	case "unbound-variable":
		first = record(t.Undefined)
	case "non-continuable":
		first = record(t.NonContinuable)
	case "stack-overflow", "out-of-memory", "program-error", "no-data", "no-recovery", "try-again":
		first = record(t.Restriction)
	case "read-error":
		first = record(t.Lexical)
	case "syntax-error":
		form, sub := datum.False, datum.False
		if len(a) > 4 {
			form, sub = a[3], a[4]
		} else if len(a) > 3 {
			form = a[3]
		}
		first = record(t.Syntax, form, sub)
	default:
		return kind
	}
	if len(a) < 3 || !a[1].IsString() {
		return t.Make(first, kind)
	}
	if name == "syntax-error" && len(a) > 3 {
		return t.Make(first, record(t.Origin, a[0]), record(t.Message, a[1]), kind)
	}
	irritants := a[2]
	if !irritants.IsPair() {
		irritants = datum.Null
	}
	return t.Make(first, record(t.Origin, a[0]), record(t.Message, a[1]), record(t.Irritants, irritants), kind)
}

// KeyArgs gives the key and arguments that catch's handlers get for v. An
// object that was made as neither has the key %exception and itself as the
// argument.
func (t *Types) KeyArgs(v datum.Value) (key, args datum.Value) {
	if r, ok := t.Find(v, t.KindAndArgs); ok {
		return r.Fields[0], r.Fields[1]
	}
	if r, ok := t.Find(v, t.Quit); ok {
		return datum.Sym("quit"), datum.List(r.Fields[0])
	}
	return datum.Sym("%exception"), datum.List(v)
}

// Matches reports whether v is of a type as with-exception-handler takes it: #t
// for anything, a key of throw, or an exception type.
func (t *Types) Matches(v, typ datum.Value) bool {
	switch {
	case typ == datum.True:
		return true
	case typ.Is(datum.KRecordType):
		_, ok := t.Find(v, typ.RecordType())
		return ok
	}
	key, _ := t.KeyArgs(v)
	return key == typ
}

// ErrorMessage makes the arguments of the misc-error that (error message
// irritant…) raises: a message of directives with everything as irritants.
func ErrorMessage(args []datum.Value) *datum.Error {
	if len(args) == 0 {
		return datum.Misc("", "?")
	}
	return datum.Misc("", "~A"+strings.Repeat(" ~S", len(args)-1), args...)
}

func list(l datum.Value) []datum.Value {
	var out []datum.Value
	for ; l.IsPair(); l = l.Pair().Cdr {
		out = append(out, l.Pair().Car)
	}
	return out
}
