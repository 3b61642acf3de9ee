package ports

import (
	"io"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// managing lists the natives that ask about ports and close them.
func managing() []*datum.Primitive {
	t := []*datum.Primitive{
		portTest("port?", func(*port.Port) bool { return true }),
		portTest("input-port?", (*port.Port).Input), portTest("output-port?", (*port.Port).Output),
		portTest("textual-port?", func(p *port.Port) bool { return !p.Binary || p.File != nil || p.Memory() }),
		portTest("binary-port?", func(p *port.Port) bool { return p.Binary || p.Encoding() == "ISO-8859-1" }),
		portTest("file-port?", func(p *port.Port) bool { return p.File != nil }),
		onPort("port-closed?", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Bool(p.Closed()), nil }),
		onPort("input-port-open?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if !p.Input() {
				return datum.Unset, datum.WrongTypeExpecting("input-port-open?", 1, p.Value(), "input port")
			}
			return datum.Bool(!p.Closed()), nil
		}),
		onPort("output-port-open?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if !p.Output() {
				return datum.Unset, datum.WrongTypeExpecting("output-port-open?", 1, p.Value(), "output port")
			}
			return datum.Bool(!p.Closed()), nil
		}),
		closer("close-port", (*port.Port).Close), closer("close-input-port", (*port.Port).CloseInput),
		closer("close-output-port", (*port.Port).CloseOutput),
		onPort("port-line", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Fix(int64(p.LineNo)), nil }),
		onPort("port-column", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Fix(int64(p.ColNo)), nil }),
		onPort("port-filename", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return stringOrFalse(p.Name), nil }),
		onPort("port-encoding", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.NewString(p.Encoding()), nil }),
		onPort("port-mode", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.NewString(mode(p)), nil }),
		setNumber("set-port-line!", func(p *port.Port, n int) { p.LineNo = n }),
		setNumber("set-port-column!", func(p *port.Port, n int) { p.ColNo = n }),
		arg.F2("set-port-filename!", func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
			p, err := anyPort("set-port-filename!", 1, v)
			if err == nil {
				p.Name = ""
				if n.IsString() {
					p.Name = n.Str().Go()
				}
			}
			return datum.Unspecified, err
		}),
		arg.F2("set-port-encoding!", setEncoding),
		arg.FN("port-conversion-strategy", 1, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if args[0] == datum.False {
				return c.FluidRef(state.Of(c).DefaultStrategy), nil
			}
			p, err := anyPort("port-conversion-strategy", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			return datum.Sym(p.Strategy), nil
		}),
		arg.F2("set-port-conversion-strategy!", setStrategy),
		arg.F2("%port-property", func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			p, err := anyPort("%port-property", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			key, err := arg.Sym("%port-property", 2, k)
			if err != nil {
				return datum.Unset, err
			}
			if x, ok := p.Properties[key]; ok {
				return x, nil
			}
			return datum.False, nil
		}),
		arg.F3("%set-port-property!", func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) {
			p, err := anyPort("%set-port-property!", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			key, err := arg.Sym("%set-port-property!", 2, k)
			if err != nil {
				return datum.Unset, err
			}
			if p.Properties == nil {
				p.Properties = map[*datum.Symbol]datum.Value{}
			}
			p.Properties[key] = x
			return datum.Unspecified, nil
		}),
		arg.F0("%all-ports", func(c datum.Caller) (datum.Value, error) {
			var out []datum.Value
			for _, p := range state.Of(c).Ports() {
				out = append(out, p.Value())
			}
			return datum.List(out...), nil
		}),
		arg.F0("current-load-port", func(c datum.Caller) (datum.Value, error) {
			return c.FluidRef(state.Of(c).Load), nil
		}),
		state.WaitReady, state.FlushPort,
	}
	for _, x := range []struct {
		name string
		get  func(*state.State) *datum.Fluid
		fit  func(*port.Port) bool
		want string
	}{
		{"set-current-input-port", func(s *state.State) *datum.Fluid { return s.In }, (*port.Port).Input, "open input port"},
		{"set-current-output-port", func(s *state.State) *datum.Fluid { return s.Out }, (*port.Port).Output, "open output port"},
		{"set-current-error-port", func(s *state.State) *datum.Fluid { return s.Err }, (*port.Port).Output, "open output port"},
		{"set-current-warning-port", func(s *state.State) *datum.Fluid { return s.Warning }, (*port.Port).Output, "open output port"},
	} {
		t = append(t, arg.F1(x.name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			p, err := anyPort(x.name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if p.Closed() || !x.fit(p) {
				return datum.Unset, datum.WrongTypeExpecting(x.name, 1, v, x.want)
			}
			f := x.get(state.Of(c))
			old := c.FluidRef(f)
			c.FluidSet(f, v)
			return old, nil
		}))
	}
	return t
}

// mode is the mode in which a port was opened, as for open-file.
func mode(p *port.Port) string {
	switch {
	case p.Input() && p.Output():
		return "r+"
	case p.Output() && p.Append:
		return "a"
	case p.Output():
		return "w"
	case p.Input():
		return "r"
	}
	return ""
}

func setNumber(who string, set func(*port.Port, int)) *datum.Primitive {
	return arg.F2(who, func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
		p, err := anyPort(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if !n.IsFix() {
			return datum.Unset, datum.WrongTypeExpecting(who, 2, n, "integer")
		}
		set(p, int(n.Fix()))
		return datum.Unspecified, nil
	})
}

func setEncoding(_ datum.Caller, v, e datum.Value) (datum.Value, error) {
	const who = "set-port-encoding!"
	p, err := anyPort(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	name := "ISO-8859-1"
	switch {
	case e.IsSymbol():
		name = e.Symbol().Name
	case e != datum.False:
		if name, err = arg.Text(who, 2, e); err != nil {
			return datum.Unset, err
		}
	}
	if !p.SetEncoding(name) {
		return datum.Unset, datum.Misc(who, "unknown character encoding ~S", datum.NewString(name))
	}
	return datum.Unspecified, nil
}

func setStrategy(c datum.Caller, v, s datum.Value) (datum.Value, error) {
	const who = "set-port-conversion-strategy!"
	sym, err := arg.Sym(who, 2, s)
	if err != nil {
		return datum.Unset, err
	}
	switch sym.Name {
	case "error", "substitute", "escape":
	default:
		return datum.Unset, datum.OutOfRange(who, 2, s)
	}
	if v == datum.False {
		c.FluidSet(state.Of(c).DefaultStrategy, s)
		return datum.Unspecified, nil
	}
	p, err := anyPort(who, 1, v)
	if err == nil {
		p.Strategy = sym.Name
	}
	return datum.Unspecified, err
}

// closer makes a native that closes a port or one side of it, with what the
// port's own procedure does about it.
func closer(who string, shut func(*port.Port) error) *datum.Primitive {
	return onPort(who, func(_ datum.Caller, p *port.Port) (datum.Value, error) {
		if p.Closed() {
			return datum.False, nil
		}
		fd := -1
		if p.File != nil {
			fd = p.File.Fd()
		}
		if err := shut(p); err != nil {
			return datum.Unset, fault(who, err)
		}
		if p.Closed() && p.Custom != nil && p.Custom.Close.IsProcedure() {
			return datum.Unset, &datum.Detour{Proc: p.Custom.Close, Args: []datum.Value{p.Value()}, Result: datum.True}
		}
		if l, ok := p.Properties[datum.Intern("fdes-finalizers")]; ok && p.Closed() && l.IsPair() {
			return datum.Unset, &datum.Detour{Proc: forEach(l), Args: []datum.Value{datum.Fix(int64(fd))}, Result: datum.True}
		}
		return datum.True, nil
	})
}

// forEach is a procedure that calls those of a list, each with its argument.
func forEach(l datum.Value) datum.Value {
	return (&datum.Primitive{Name: "finalize", Min: 1, Max: 1, F1: func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		if !l.IsPair() {
			return datum.Unspecified, nil
		}
		proc := l.Pair().Car
		l = l.Pair().Cdr
		return datum.Unset, &datum.Detour{Proc: proc, Args: []datum.Value{v}, Again: true}
	}}).Value()
}

// buffers lists the natives that deal with what is buffered.
func buffers() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("setvbuf", 2, 3, setvbuf),
		onPort("%port-buffer-mode", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return datum.Sym([]string{"block", "line", "none"}[p.Buffering]), nil
		}),
		flusher("force-output"), flusher("flush-output-port"), flusher("flush-output"),
		onPort("%port-pending?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return datum.Bool(p.Output() && p.Pending()), nil
		}),
		onPort("%port-ahead", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Fix(int64(p.Ahead())), nil }),
		onPort("drain-input", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if !p.Input() || p.Closed() {
				return datum.Unset, datum.WrongTypeExpecting("drain-input", 1, p.Value(), "open input port")
			}
			r := port.NewBytesInput(p.Buffered())
			r.SetEncoding(p.Encoding())
			r.Strategy = p.Strategy
			s, err := r.ReadText(-1)
			return datum.NewString(s), readFault("drain-input", p, err)
		}),
		onInput("char-ready?", ready), onInput("u8-ready?", ready),
	}
}

func setvbuf(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	p, err := openPort("setvbuf", args[0])
	if err != nil {
		return datum.Unset, err
	}
	size := 0
	if v, ok := arg.Given(args, 2); ok {
		if size, err = arg.Count("setvbuf", 3, v); err != nil {
			return datum.Unset, err
		}
	}
	switch args[1] {
	case datum.Sym("none"):
		p.Buffering = port.None
		p.SetReadSize(1)
	case datum.Sym("line"):
		p.Buffering = port.Line
	case datum.Sym("block"):
		p.Buffering = port.Block
	default:
		return datum.Unset, datum.ValueOutOfRange("setvbuf", args[1])
	}
	if p.Buffering != port.None {
		if size == 0 {
			size = 4096
		}
		p.SetReadSize(size)
		p.SetWriteSize(size)
	}
	if !p.Output() {
		return datum.Unspecified, nil
	}
	return wrote("setvbuf", p, p.Flush())
}

func ready(c datum.Caller, p *port.Port) (datum.Value, error) {
	if p.Custom != nil && p.Custom.Ready.IsProcedure() && p.Ahead() == 0 {
		return c.Apply(p.Custom.Ready, p.Value())
	}
	return datum.Bool(p.Ready()), nil
}

func flusher(name string) *datum.Primitive {
	return arg.FN(name, 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		p, err := output(c, name, args, 0)
		if err != nil {
			return datum.Unset, err
		}
		return wrote(name, p, p.Flush())
	})
}

// positions lists the natives that move in ports; procedures of the boot
// library handle what are ports of procedures.
func positions() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("%seek", 3, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			off, err := arg.Int("seek", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			whence, err := arg.Int("seek", 3, args[2])
			if err != nil {
				return datum.Unset, err
			}
			if args[0].IsFix() {
				n, err := port.NewFD(int(args[0].Fix())).Seek(int64(off), whence)
				return datum.Fix(n), fault("seek", err)
			}
			p, err := openPort("seek", args[0])
			if err != nil {
				return datum.Unset, err
			}
			if whence < 0 || whence > 2 && p.File == nil {
				return datum.Unset, datum.ValueOutOfRange("seek", args[2])
			}
			n, err := p.Seek(int64(off), whence)
			switch {
			case err == port.ErrNotSeekable:
				return datum.Unset, datum.Misc("seek", "port is not seekable", args[0])
			case port.IsRange(err):
				return datum.Unset, datum.ValueOutOfRange("seek", args[1])
			}
			return datum.Fix(n), fault("seek", err)
		}),
		arg.F2("%truncate-port", func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
			const who = "truncate-file"
			p, err := openPort(who, v)
			if err != nil {
				return datum.Unset, err
			}
			size, err := arg.Count(who, 2, n)
			if err != nil {
				return datum.Unset, err
			}
			if p.Memory() {
				if err := p.TruncateMemory(size); err != nil {
					return datum.Unset, datum.ValueOutOfRange(who, n)
				}
				return datum.Unspecified, nil
			}
			if p.File == nil || !p.Output() {
				return datum.Unset, datum.WrongType(who, 1, v)
			}
			// What was read ahead may be gone; what is pending belongs before
			// the cut.
			at, err := p.Seek(0, io.SeekCurrent)
			if err == nil {
				_, err = p.Seek(at, io.SeekStart)
			}
			if err == nil {
				err = p.File.Truncate(int64(size))
			}
			return datum.Unspecified, fault(who, err)
		}),
	}
}

func openPort(who string, v datum.Value) (*port.Port, error) {
	p, err := anyPort(who, 1, v)
	if err == nil && p.Closed() {
		err = datum.WrongTypeExpecting(who, 1, v, "open port")
	}
	return p, err
}
