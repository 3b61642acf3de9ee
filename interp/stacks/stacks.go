// Package stacks holds the natives that look at continuations: stacks and their
// frames (Guile manual, "Examining the Stack").
package stacks

import (
	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/vm"
)

// frame is one frame of a stack.
type frame struct {
	stack *vm.Stack
	index int
}

func (f *frame) get() *vm.Frame { return &f.stack.Frames[f.index] }

func frameOf(who string, v datum.Value) (*frame, error) {
	if v.Is(datum.KOpaque) {
		if f, ok := v.Opaque().Go.(*frame); ok {
			return f, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "frame")
}

func stackOf(who string, v datum.Value) (*vm.Stack, error) {
	if s := vm.StackOf(v); s != nil {
		return s, nil
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "stack")
}

func value(s *vm.Stack, i int) datum.Value {
	if i >= len(s.Frames) {
		return datum.False
	}
	return datum.NewOpaque("frame", &frame{s, i})
}

func onFrame(name string, f func(f *frame) datum.Value) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		x, err := frameOf(name, v)
		if err != nil {
			return datum.Unset, err
		}
		return f(x), nil
	})
}

// Table lists the natives.
func Table() []*datum.Primitive {
	return append(control(), []*datum.Primitive{
		arg.Is("stack?", func(v datum.Value) bool { return vm.StackOf(v) != nil }),
		arg.Is("frame?", func(v datum.Value) bool {
			_, err := frameOf("", v)
			return err == nil
		}),
		arg.F1("stack-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := stackOf("stack-length", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(s.Frames))), nil
		}),
		arg.F2("stack-ref", func(_ datum.Caller, v, i datum.Value) (datum.Value, error) {
			s, err := stackOf("stack-ref", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Index("stack-ref", 2, i, len(s.Frames))
			if err != nil {
				return datum.Unset, err
			}
			return value(s, n), nil
		}),
		arg.F1("stack-id", func(datum.Caller, datum.Value) (datum.Value, error) { return datum.False, nil }),
		onFrame("frame-previous", func(f *frame) datum.Value { return value(f.stack, f.index+1) }),
		onFrame("frame-procedure-name", func(f *frame) datum.Value {
			if n := f.get().Name; n != "" {
				return datum.Sym(n)
			}
			return datum.False
		}),
		onFrame("frame-procedure", func(f *frame) datum.Value { return f.get().Activation.Closure.Value() }),
		// (address file line . column), the line counting from 0.
		onFrame("frame-source", func(f *frame) datum.Value {
			p := f.get().Pos
			if !p.Known() || p.File == nil {
				return datum.False
			}
			return datum.Cons(datum.Fix(int64(f.get().Activation.PC)), datum.Cons(datum.NewString(p.File.Name),
				datum.Cons(datum.Fix(int64(p.Line)-1), datum.Fix(int64(p.Col)-1))))
		}),
		onFrame("frame-arguments", arguments),
		onFrame("frame-instruction-pointer", func(f *frame) datum.Value { return datum.Fix(int64(f.get().Activation.PC)) }),
		onFrame("frame-address", func(f *frame) datum.Value { return datum.Fix(int64(len(f.stack.Frames) - f.index)) }),
		onFrame("frame-num-locals", func(f *frame) datum.Value { return datum.Fix(int64(len(f.get().Activation.Registers))) }),
		// ((name . value) …), the frame's own variables first.
		onFrame("%frame-variables", func(f *frame) datum.Value {
			var out []datum.Value
			for _, b := range f.get().Activation.Bindings() {
				out = append(out, datum.Cons(datum.Sym(b.Name), b.Value))
			}
			return datum.List(out...)
		}),
	}...)
}

// arguments are the values of the procedure's parameters as far as they are
// still there.
func arguments(f *frame) datum.Value {
	a := f.get().Activation
	known := map[string]datum.Value{}
	for _, b := range a.Bindings() {
		known[b.Name] = b.Value
	}
	var out []datum.Value
	add := func(c *code.Clause) {
		for _, n := range c.Names {
			v, ok := known[n]
			if !ok {
				v = datum.Sym("_")
			}
			out = append(out, v)
		}
	}
	if cs := a.Closure.Code.Clauses; len(cs) == 1 {
		add(&cs[0])
	}
	return datum.List(out...)
}
