// Package ports holds the natives for input and output (Guile manual,
// "Input and Output"; R7RS 6.13; R6RS port I/O).
package ports

import (
	"io"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := managing()
	t = append(t, opening()...)
	t = append(t, reading()...)
	t = append(t, readingBytes()...)
	t = append(t, writing()...)
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

// fault makes the error of a failed operation on a port.
func fault(who string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*datum.Error); ok {
		return err
	}
	return state.SystemError(who, err, "")
}

func done(who string, err error) (datum.Value, error) { return datum.Unspecified, fault(who, err) }

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

func managing() []*datum.Primitive {
	t := []*datum.Primitive{
		portTest("port?", func(*port.Port) bool { return true }),
		portTest("input-port?", (*port.Port).Input), portTest("output-port?", (*port.Port).Output),
		portTest("textual-port?", func(p *port.Port) bool { return !p.Binary || p.File != nil }),
		portTest("binary-port?", func(p *port.Port) bool { return p.Binary || p.File != nil }),
		portTest("file-port?", func(p *port.Port) bool { return p.File != nil }),
		onPort("port-closed?", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Bool(p.Closed()), nil }),
		onPort("input-port-open?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return datum.Bool(p.Input() && !p.Closed()), nil
		}),
		onPort("output-port-open?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return datum.Bool(p.Output() && !p.Closed()), nil
		}),
		onPort("close-port", closer("close-port")), onPort("close", closer("close")),
		onPort("close-input-port", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return done("close-input-port", p.CloseInput())
		}),
		onPort("close-output-port", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			return done("close-output-port", p.CloseOutput())
		}),
		onPort("port-line", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Fix(int64(p.LineNo)), nil }),
		onPort("port-column", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.Fix(int64(p.ColNo)), nil }),
		onPort("port-filename", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return stringOrFalse(p.Name), nil }),
		onPort("port-encoding", func(_ datum.Caller, p *port.Port) (datum.Value, error) { return datum.NewString(p.Encoding), nil }),
		arg.FN("port-conversion-strategy", 1, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if args[0].Is(datum.KPort) {
				return datum.Sym(port.Of(args[0]).Strategy), nil
			}
			return datum.Sym("substitute"), nil
		}),
		arg.F2("set-port-line!", func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
			p, err := anyPort("set-port-line!", 1, v)
			if err == nil {
				p.LineNo, err = arg.Int("set-port-line!", 2, n)
			}
			return datum.Unspecified, err
		}),
		arg.F2("set-port-column!", func(_ datum.Caller, v, n datum.Value) (datum.Value, error) {
			p, err := anyPort("set-port-column!", 1, v)
			if err == nil {
				p.ColNo, err = arg.Int("set-port-column!", 2, n)
			}
			return datum.Unspecified, err
		}),
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
		arg.F2("set-port-encoding!", func(_ datum.Caller, v, e datum.Value) (datum.Value, error) {
			p, err := anyPort("set-port-encoding!", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			name, err := arg.Text("set-port-encoding!", 2, e)
			if err != nil {
				return datum.Unset, err
			}
			known, ok := encodings[upper(name)]
			if !ok {
				return datum.Unset, datum.Misc("set-port-encoding!", "unknown character encoding ~S", e)
			}
			p.Encoding = known
			return datum.Unspecified, nil
		}),
		arg.F2("set-port-conversion-strategy!", func(_ datum.Caller, v, s datum.Value) (datum.Value, error) {
			sym, err := arg.Sym("set-port-conversion-strategy!", 2, s)
			if err != nil {
				return datum.Unset, err
			}
			if v.Is(datum.KPort) {
				port.Of(v).Strategy = sym.Name
			}
			return datum.Unspecified, nil
		}),
		arg.FN("setvbuf", 2, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := anyPort("setvbuf", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			switch args[1] {
			case datum.Sym("none"):
				p.Buffering = port.None
			case datum.Sym("line"):
				p.Buffering = port.Line
			case datum.Sym("block"):
				p.Buffering = port.Block
			default:
				return datum.Unset, datum.OutOfRange("setvbuf", 2, args[1])
			}
			return done("setvbuf", p.Flush())
		}),
		flusher("force-output"), flusher("flush-output-port"), flusher("flush-output"),
		arg.F0("flush-all-ports", func(c datum.Caller) (datum.Value, error) {
			if err := state.Of(c).Flush(); err != nil {
				return datum.Unset, fault("flush-all-ports", err)
			}
			return datum.Unspecified, nil
		}),
		arg.FN("seek", 3, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := anyPort("seek", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			off, err := arg.Int("seek", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			whence, err := arg.Index("seek", 3, args[2], 3)
			if err != nil {
				return datum.Unset, err
			}
			n, err := p.Seek(int64(off), whence)
			return datum.Fix(n), fault("seek", err)
		}),
		onPort("ftell", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			n, err := p.Seek(0, io.SeekCurrent)
			return datum.Fix(n), fault("ftell", err)
		}),
		onPort("fileno", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if p.File == nil {
				return datum.Unset, datum.WrongTypeExpecting("fileno", 1, p.Value(), "file port")
			}
			return datum.Fix(int64(p.File.Fd())), nil
		}),
		onPort("fsync", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			if err := p.Flush(); err != nil || p.File == nil {
				return done("fsync", err)
			}
			return done("fsync", p.File.Sync())
		}),
	}
	for _, x := range []struct {
		name string
		get  func(*state.State) *datum.Fluid
	}{
		{"set-current-input-port", func(s *state.State) *datum.Fluid { return s.In }},
		{"set-current-output-port", func(s *state.State) *datum.Fluid { return s.Out }},
		{"set-current-error-port", func(s *state.State) *datum.Fluid { return s.Err }},
		{"set-current-warning-port", func(s *state.State) *datum.Fluid { return s.Warning }},
	} {
		t = append(t, arg.F1(x.name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			if _, err := anyPort(x.name, 1, v); err != nil {
				return datum.Unset, err
			}
			f := x.get(state.Of(c))
			old := c.FluidRef(f)
			c.FluidSet(f, v)
			return old, nil
		}))
	}
	return append(t, arg.F0("current-load-port", func(c datum.Caller) (datum.Value, error) {
		return c.FluidRef(state.Of(c).Load), nil
	}))
}

// encodings maps the names that set-port-encoding! takes.
var encodings = map[string]string{
	"UTF-8": "UTF-8", "UTF8": "UTF-8", "ISO-8859-1": "ISO-8859-1", "ISO8859-1": "ISO-8859-1", "LATIN1": "ISO-8859-1",
	"LATIN-1": "ISO-8859-1", "ASCII": "ASCII", "US-ASCII": "ASCII", "ANSI_X3.4-1968": "ASCII",
	"UTF-16": "UTF-16", "UTF-16BE": "UTF-16BE", "UTF-16LE": "UTF-16LE", "BINARY": "ISO-8859-1",
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
	}
	return string(b)
}

func closer(who string) func(datum.Caller, *port.Port) (datum.Value, error) {
	return func(_ datum.Caller, p *port.Port) (datum.Value, error) {
		was := !p.Closed()
		if err := p.Close(); err != nil {
			return datum.Unset, fault(who, err)
		}
		return datum.Bool(was), nil
	}
}

func flusher(name string) *datum.Primitive {
	return arg.FN(name, 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		p, err := output(c, name, args, 0)
		if err != nil {
			return datum.Unset, err
		}
		return done(name, p.Flush())
	})
}

func opening() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("open-input-string", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("open-input-string", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return port.NewStringInput(s).Value(), nil
		}),
		arg.F0("open-output-string", func(datum.Caller) (datum.Value, error) { return port.NewMemory(false).Value(), nil }),
		arg.F1("get-output-string", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if !v.Is(datum.KPort) || !port.Of(v).Memory() {
				return datum.Unset, datum.WrongTypeExpecting("get-output-string", 1, v, "string port")
			}
			return datum.NewString(string(port.Of(v).Bytes())), nil
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
				s := string(p.Bytes())
				p.Reset()
				return datum.NewString(s), nil
			})
			return datum.MultipleValues([]datum.Value{p.Value(), take.Value()}), nil
		}),
		arg.F1("%make-void-port", func(_ datum.Caller, mode datum.Value) (datum.Value, error) {
			return port.NewReadWriter(eofReader{}, io.Discard, "void", nil).Value(), nil
		}),
		arg.FN("make-soft-port", 2, 2, makeSoftPort),
		arg.FN("make-custom-binary-input-port", 5, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p := port.NewReader(&customReader{c, args[1]}, nameOf(args[0]), onClose(c, args[4]))
			p.Binary, p.Encoding = true, "ISO-8859-1"
			return p.Value(), nil
		}),
		arg.FN("make-custom-binary-output-port", 5, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p := port.NewWriter(&customWriter{c, args[1]}, nameOf(args[0]), onClose(c, args[4]))
			p.Binary, p.Encoding = true, "ISO-8859-1"
			return p.Value(), nil
		}),
	}
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

func nameOf(v datum.Value) string {
	if v.IsString() {
		return v.Str().Go()
	}
	return ""
}

func onClose(c datum.Caller, proc datum.Value) func() error {
	if !proc.IsProcedure() {
		return nil
	}
	return func() error {
		_, err := c.Apply(proc)
		return err
	}
}

func openBytes(who string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		b, err := arg.Bytes(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		return port.NewBytesInput(b.B).Value(), nil
	}
}

// customReader is the reader of make-custom-binary-input-port: the procedure
// (read! bytevector start count) returns the number of bytes.
type customReader struct {
	c    datum.Caller
	proc datum.Value
}

func (r *customReader) Read(b []byte) (int, error) {
	buf := datum.NewBytevector(make([]byte, len(b)))
	v, err := r.c.Apply(r.proc, buf, datum.Fix(0), datum.Fix(int64(len(b))))
	if err != nil {
		return 0, err
	}
	n, err := arg.Index("read!", 1, v, len(b)+1)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, io.EOF
	}
	return copy(b, buf.Bytevector().B[:n]), nil
}

type customWriter struct {
	c    datum.Caller
	proc datum.Value
}

func (w *customWriter) Write(b []byte) (int, error) {
	for at := 0; at < len(b); {
		v, err := w.c.Apply(w.proc, datum.NewBytevector(append([]byte(nil), b[at:]...)), datum.Fix(0), datum.Fix(int64(len(b)-at)))
		if err != nil {
			return at, err
		}
		n, err := arg.Index("write!", 1, v, len(b)-at+1)
		if err != nil {
			return at, err
		}
		if n == 0 {
			return at, io.ErrShortWrite
		}
		at += n
	}
	return len(b), nil
}

// softPort adapts the procedures of make-soft-port: write-char, write-string,
// flush, read-char, close (Guile manual, "Soft Ports").
type softPort struct {
	c     datum.Caller
	procs []datum.Value
}

func (s *softPort) Write(b []byte) (int, error) {
	if _, err := s.c.Apply(s.procs[1], datum.NewString(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (s *softPort) Read(b []byte) (int, error) {
	v, err := s.c.Apply(s.procs[3])
	if err != nil {
		return 0, err
	}
	if !v.IsChar() {
		return 0, io.EOF
	}
	return copy(b, string(v.Char())), nil
}

func makeSoftPort(c datum.Caller, args []datum.Value) (datum.Value, error) {
	v, err := arg.Vec("make-soft-port", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	if len(v.Items) < 5 {
		return datum.Unset, datum.WrongType("make-soft-port", 1, args[0])
	}
	mode, err := arg.Text("make-soft-port", 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	s := &softPort{c, append([]datum.Value(nil), v.Items...)}
	var p *port.Port
	switch mode {
	case "r", "r0", "rb":
		p = port.NewReader(s, "soft-port", onClose(c, s.procs[4]))
	case "w", "w0", "wb", "a":
		p = port.NewWriter(s, "soft-port", onClose(c, s.procs[4]))
	default:
		p = port.NewReadWriter(s, s, "soft-port", onClose(c, s.procs[4]))
	}
	p.Buffering = port.None
	return p.Value(), nil
}
