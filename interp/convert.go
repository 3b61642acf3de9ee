package interp

import (
	"errors"
	"unsafe"

	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// asDatum gives a fault in a program's text the form of a native's failure, so
// that the program that asked for its evaluation can catch it.
func asDatum(err error) error {
	if err == nil {
		return nil
	}
	out := textError(err)
	if out == nil {
		return err
	}
	var native *datum.Error
	if errors.As(err, &native) {
		return err
	}
	var s *syntax.Error
	var m *module.Error
	if errors.As(err, &s) || errors.As(err, &m) {
		return expand.Exception(err)
	}
	msg := out.Message
	if p := out.Pos.String(); p != "" {
		msg = p + ": " + msg
	}
	d := datum.Misc("", "~A", datum.NewString(msg))
	d.Key, d.Cause = out.Key, err
	return d
}

func boxPointer(b *datum.Box) unsafe.Pointer { return unsafe.Pointer(b) }
