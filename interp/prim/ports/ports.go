// Package ports holds the natives for input and output (Guile manual,
// "Input and Output"; R7RS 6.13; R6RS port I/O).
package ports

import (
	"errors"
	"syscall"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := managing()
	t = append(t, buffers()...)
	t = append(t, positions()...)
	t = append(t, opening()...)
	t = append(t, custom()...)
	t = append(t, descriptors()...)
	t = append(t, reading()...)
	t = append(t, readingBytes()...)
	t = append(t, writing()...)
	t = append(t, options()...)
	t = append(t, formatPrimitives()...)
	return append(t, formatting()...)
}

// input is the input port at args[i], the current one when not given.
func input(c datum.Caller, who string, args []datum.Value, i int) (*port.Port, error) {
	v, ok := arg.Given(args, i)
	if !ok {
		v = c.FluidRef(state.Of(c).In)
	}
	if !v.Is(datum.KPort) || !port.Of(v).Input() {
		return nil, datum.WrongTypeExpecting(who, i+1, v, "input port")
	}
	p := port.Of(v)
	if p.Closed() {
		return nil, datum.WrongTypeExpecting(who, i+1, v, "open input port")
	}
	return p, nil
}

// output is the output port at args[i], the current one when not given.
func output(c datum.Caller, who string, args []datum.Value, i int) (*port.Port, error) {
	v, ok := arg.Given(args, i)
	if !ok {
		v = c.FluidRef(state.Of(c).Out)
	}
	return outputPort(c, who, i+1, v)
}

func outputPort(c datum.Caller, who string, pos int, v datum.Value) (*port.Port, error) {
	if v == datum.True {
		v = c.FluidRef(state.Of(c).Out)
	}
	if !v.Is(datum.KPort) || !port.Of(v).Output() {
		return nil, datum.WrongTypeExpecting(who, pos, v, "output port")
	}
	if port.Of(v).Closed() {
		return nil, datum.WrongTypeExpecting(who, pos, v, "open output port")
	}
	return port.Of(v), nil
}

func anyPort(who string, pos int, v datum.Value) (*port.Port, error) {
	if !v.Is(datum.KPort) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "port")
	}
	return port.Of(v), nil
}

// fault makes the error of a failed operation on a port. An operation that
// only has to wait is tried again: it has changed nothing.
func fault(who string, err error) error {
	if err == nil {
		return nil
	}
	if detour, ok := state.Paused(err, true, datum.Unset); ok {
		return detour
	}
	switch err.(type) {
	case *datum.Error, *datum.Detour:
		return err
	}
	if errors.Is(err, port.ErrDecoding) {
		return &datum.Error{Key: "decoding-error", Who: who, Message: err.Error(), Rest: datum.List(datum.Fix(int64(syscall.EILSEQ))), Payload: datum.Unset, Cause: err}
	}
	return state.SystemError(who, err, "")
}

// readFault is fault for an operation that reads p.
func readFault(who string, p *port.Port, err error) error {
	err = fault(who, err)
	if e, ok := err.(*datum.Error); ok && e.Key == "decoding-error" && e.Rest.IsPair() && e.Rest.Pair().Cdr == datum.Null {
		e.Rest = datum.List(e.Rest.Pair().Car, p.Value())
	}
	return err
}

// wrote is the result of an operation that has written to p: output that is
// still to be handed on is so in a detour.
func wrote(who string, p *port.Port, err error) (datum.Value, error) {
	return wroteValue(who, p, err, datum.Unspecified)
}

func wroteValue(who string, p *port.Port, err error, v datum.Value) (datum.Value, error) {
	if err == nil {
		return v, nil
	}
	if detour, ok := state.Paused(err, false, v); ok {
		return datum.Unset, detour
	}
	if e, ok := err.(*port.EncodingError); ok {
		return datum.Unset, &datum.Error{Key: "encoding-error", Who: who, Message: err.Error(),
			Rest: datum.List(datum.Fix(int64(syscall.EILSEQ)), p.Value(), datum.Char(e.Char)), Payload: datum.Unset, Cause: err}
	}
	return datum.Unset, fault(who, err)
}

func portTest(name string, f func(*port.Port) bool) *datum.Primitive {
	return arg.Is(name, func(v datum.Value) bool { return v.Is(datum.KPort) && f(port.Of(v)) })
}

// onPort makes a native of one port argument.
func onPort(name string, f func(c datum.Caller, p *port.Port) (datum.Value, error)) *datum.Primitive {
	return arg.F1(name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
		p, err := anyPort(name, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		return f(c, p)
	})
}

func stringOrFalse(s string) datum.Value {
	if s == "" {
		return datum.False
	}
	return datum.NewString(s)
}
