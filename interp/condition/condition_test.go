package condition

import (
	"testing"

	"fruix/interp/datum"
	"fruix/interp/print"
)

var show = Show{Write: print.ToWrite, Display: print.ToDisplay}

// TestRoundTrip turns failures of natives into exceptions and back into what
// catch's handlers see.
func TestRoundTrip(t *testing.T) {
	ts := NewTypes()
	for _, c := range []struct {
		err           *datum.Error
		args, message string
		is            *datum.RecordType
	}{
		{datum.WrongType("car", 1, datum.Fix(5)), `("car" "Wrong type argument in position ~A: ~S" (1 5) (5))`,
			"In procedure car: Wrong type argument in position 1: 5", ts.Assertion},
		{datum.OutOfRange("vector-ref", 2, datum.Fix(7)), `("vector-ref" "Argument ~A out of range: ~S" (2 7) (7))`,
			"In procedure vector-ref: Argument 2 out of range: 7", ts.Assertion},
		{ErrorMessage([]datum.Value{datum.NewString("bad:"), datum.Sym("x"), datum.NewString("y")}), `(#f "~A ~S ~S" ("bad:" x "y") #f)`,
			`bad: x "y"`, ts.Error},
		{&datum.Error{Key: "unbound-variable", Message: "Unbound variable: ~S", Irritants: []datum.Value{datum.Sym("v")}, Rest: datum.False, Payload: datum.Unset},
			`(#f "Unbound variable: ~S" (v) #f)`, "Unbound variable: v", ts.Undefined},
	} {
		exn := ts.FromError(c.err)
		if _, ok := ts.Find(exn, c.is); !ok {
			t.Errorf("%s is no %s", c.err.Key, c.is.Name)
		}
		key, args := ts.KeyArgs(exn)
		if key != datum.Sym(c.err.Key) || print.ToWrite(args) != c.args {
			t.Errorf("%s: key %s, arguments %s", c.err.Key, print.ToWrite(key), print.ToWrite(args))
		}
		if got := ts.Describe(exn, show); got != c.message {
			t.Errorf("%s: message %q, want %q", c.err.Key, got, c.message)
		}
	}
}

func TestOtherObjects(t *testing.T) {
	ts := NewTypes()
	key, args := ts.KeyArgs(datum.Fix(42))
	if key != datum.Sym("%exception") || print.ToWrite(args) != "(42)" {
		t.Errorf("raised number: %s %s", print.ToWrite(key), print.ToWrite(args))
	}
	if got := ts.FromThrow(datum.Sym("%exception"), datum.List(datum.Fix(42))); got != datum.Fix(42) {
		t.Errorf("thrown exception: %s", print.ToWrite(got))
	}
	for _, c := range []struct {
		args   datum.Value
		status int
	}{{datum.Null, 0}, {datum.List(datum.Fix(3)), 3}, {datum.List(datum.False), 1}, {datum.List(datum.True), 0}} {
		if n, ok := ts.ExitStatus(ts.FromThrow(datum.Sym("quit"), c.args)); !ok || n != c.status {
			t.Errorf("quit %s: status %d %v", print.ToWrite(c.args), n, ok)
		}
	}
	a := ts.Make(record(ts.Message, datum.NewString("m")), record(ts.Irritants, datum.List(datum.Fix(1))))
	b := ts.Make(a, record(ts.Error))
	if n := len(ts.Components(b)); n != 3 {
		t.Errorf("a compound of a compound has %d components", n)
	}
	if got := ts.Describe(b, show); got != "m 1" {
		t.Errorf("message: %q", got)
	}
	if got := Format("~a and ~s~%~~ ~q ~", []datum.Value{datum.NewString("x"), datum.NewString("y")}, show); got != "x and \"y\"\n~ ~q ~" {
		t.Errorf("format: %q", got)
	}
}
