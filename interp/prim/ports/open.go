package ports

import (
	"io"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// opening lists the natives that make ports of memory.
func opening() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("open-input-string", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("open-input-string", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return withStrategy(c, port.NewStringInput(s)).Value(), nil
		}),
		arg.F0("open-output-string", func(c datum.Caller) (datum.Value, error) {
			return withStrategy(c, port.NewMemory(false)).Value(), nil
		}),
		arg.F1("get-output-string", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KPort) || !port.Of(v).Memory() || port.Of(v).Closed() {
				return datum.Unset, datum.WrongTypeExpecting("get-output-string", 1, v, "open string port")
			}
			s, err := port.Of(v).Text()
			return datum.NewString(s), readFault("get-output-string", port.Of(v), err)
		}),
		arg.FN("open-input-bytevector", 1, 1, openBytes("open-input-bytevector")),
		arg.FN("open-bytevector-input-port", 1, 2, openBytes("open-bytevector-input-port")),
		arg.F0("open-output-bytevector", func(datum.Caller) (datum.Value, error) { return port.NewMemory(true).Value(), nil }),
		arg.F1("get-output-bytevector", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KPort) || !port.Of(v).Memory() {
				return datum.Unset, datum.WrongTypeExpecting("get-output-bytevector", 1, v, "bytevector port")
			}
			return datum.NewBytevector(append([]byte(nil), port.Of(v).Bytes()...)), nil
		}),
		arg.FN("open-bytevector-output-port", 0, 1, func(datum.Caller, []datum.Value) (datum.Value, error) {
			p := port.NewMemory(true)
			take := arg.FN("get-bytevector", 0, 0, func(datum.Caller, []datum.Value) (datum.Value, error) {
				b := append([]byte(nil), p.Bytes()...)
				p.Reset()
				return datum.NewBytevector(b), nil
			})
			return datum.MultipleValues([]datum.Value{p.Value(), take.Value()}), nil
		}),
		arg.F0("open-string-output-port", func(datum.Caller) (datum.Value, error) {
			p := port.NewMemory(false)
			take := arg.FN("get-string", 0, 0, func(datum.Caller, []datum.Value) (datum.Value, error) {
				s, err := p.Text()
				p.Reset()
				return datum.NewString(s), readFault("get-string", p, err)
			})
			return datum.MultipleValues([]datum.Value{p.Value(), take.Value()}), nil
		}),
		arg.F1("%make-void-port", func(_ datum.Caller, mode datum.Value) (datum.Value, error) {
			m, err := arg.Text("%make-void-port", 1, mode)
			if err != nil {
				return datum.Unset, err
			}
			p := port.NewReadWriter(eofReader{}, io.Discard, "", nil)
			switch in, out := directions(m); {
			case !out:
				p = port.NewReader(eofReader{}, "", nil)
			case !in:
				p = port.NewWriter(io.Discard, "", nil)
			}
			p.Label = "void"
			return p.Value(), nil
		}),
	}
}

// withStrategy gives a string port the engine's way to deal with what does not
// convert.
func withStrategy(c datum.Caller, p *port.Port) *port.Port {
	if x := c.FluidRef(state.Of(c).DefaultStrategy); x.IsSymbol() {
		p.Strategy = x.Symbol().Name
	}
	return p
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

func openBytes(who string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		b, err := arg.Bytes(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		return port.NewBytesInput(b.B).Value(), nil
	}
}

// custom lists the natives under ports that are made of procedures; what
// programs call is written in Scheme.
func custom() []*datum.Primitive {
	onCustom := func(name string, f func(p *port.Port) datum.Value) *datum.Primitive {
		return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KPort) || port.Of(v).Custom == nil {
				return datum.Unset, datum.WrongTypeExpecting(name, 1, v, "custom port")
			}
			return f(port.Of(v)), nil
		})
	}
	return []*datum.Primitive{
		// (%make-custom-port id input? output? fill drain seek close truncate
		// ready random-access?)
		arg.FN("%make-custom-port", 10, 10, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			id, err := arg.Text("make-custom-port", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p := port.NewCustom(&port.Custom{Fill: args[3], Drain: args[4], Seek: args[5], Close: args[6], Truncate: args[7],
				Ready: args[8], RandomAccess: args[9].Truthy()}, id, args[1].Truthy(), args[2].Truthy())
			state.Of(c).Track(p)
			return p.Value(), nil
		}),
		arg.Is("%custom-port?", func(v datum.Value) bool { return v.Is(datum.KPort) && port.Of(v).Custom != nil }),
		onCustom("%custom-port-seek", func(p *port.Port) datum.Value { return p.Custom.Seek }),
		onCustom("%custom-port-truncate", func(p *port.Port) datum.Value { return p.Custom.Truncate }),
		onCustom("%port-read-size", func(p *port.Port) datum.Value { return datum.Fix(int64(p.ReadSize())) }),
		// The output that is pending, which is the caller's from now on.
		onCustom("%port-take", func(p *port.Port) datum.Value { return datum.NewBytevector(p.Take()) }),
		// (%port-supply port bytevector start count): more input; none is the end.
		arg.FN("%port-supply", 4, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := anyPort("%port-supply", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			b, err := arg.Bytes("%port-supply", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			start, err := arg.Index("read!", 3, args[2], len(b.B)+1)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Index("read!", 4, args[3], len(b.B)-start+1)
			if err != nil {
				return datum.Unset, err
			}
			p.Supply(b.B[start : start+n])
			return datum.Unspecified, nil
		}),
		arg.F2("%port-restart", func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
			p, err := anyPort("seek", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			at, err := arg.Int("seek", 2, n)
			if err == nil {
				p.Restart(int64(at))
			}
			return datum.Unspecified, err
		}),
		arg.F1("%transcoded-port", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := openPort("transcoded-port", v)
			if err != nil {
				return datum.Unset, err
			}
			q := p.Hand()
			state.Of(c).Track(q)
			return q.Value(), nil
		}),
		arg.F2("%set-port-binary!", func(_ datum.Caller, v, b datum.Value) (datum.Value, error) {
			p, err := anyPort("%set-port-binary!", 1, v)
			if err == nil {
				p.Binary = b.Truthy()
			}
			return datum.Unspecified, err
		}),
	}
}
