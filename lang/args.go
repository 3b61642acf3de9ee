package lang

import (
	"encoding/hex"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func encodeHex(b []byte) string          { return hex.EncodeToString(b) }
func decodeHex(s string) ([]byte, error) { return hex.DecodeString(s) }

// each calls f with the elements of the proper list v, argument pos of who.
func each(who string, pos int, v datum.Value, f func(datum.Value) error) error {
	for l := v; !l.IsNull(); l = l.Pair().Cdr {
		if !l.IsPair() {
			return datum.WrongTypeExpecting(who, pos, v, "list")
		}
		if err := f(l.Pair().Car); err != nil {
			return err
		}
	}
	return nil
}

// stringsOf returns the elements of a list of strings.
func stringsOf(who string, pos int, v datum.Value) ([]string, error) {
	var all []string
	err := each(who, pos, v, func(x datum.Value) error {
		t, err := arg.Text(who, pos, x)
		if err == nil {
			all = append(all, t)
		}
		return err
	})
	return all, err
}

// stringList makes a list of strings.
func stringList(ss []string) datum.Value {
	l := datum.Null
	for i := len(ss) - 1; i >= 0; i-- {
		l = datum.Cons(str(ss[i]), l)
	}
	return l
}
