package ports

import (
	"io"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
)

func byteOrEOF(b int) datum.Value {
	if b < 0 {
		return datum.EOF
	}
	return datum.Fix(int64(b))
}

func bytesOrEOF(b []byte, wanted bool) datum.Value {
	if len(b) == 0 && wanted {
		return datum.EOF
	}
	return datum.NewBytevector(b)
}

func readingBytes() []*datum.Primitive {
	nextByte := func(_ datum.Caller, p *port.Port) (datum.Value, error) {
		b, err := p.ReadByteInt()
		return byteOrEOF(b), err
	}
	peekByte := func(_ datum.Caller, p *port.Port) (datum.Value, error) {
		b, err := p.PeekByte()
		return byteOrEOF(b), err
	}
	return []*datum.Primitive{
		onInput("read-u8", nextByte), onInput("get-u8", nextByte), onInput("peek-u8", peekByte), onInput("lookahead-u8", peekByte),
		onInput("get-bytevector-some", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			b, err := p.ReadSome(1 << 20)
			return bytesOrEOF(b, true), err
		}),
		onInput("get-bytevector-all", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			b, err := p.ReadAllBytes()
			return bytesOrEOF(b, true), err
		}),
		arg.FN("get-bytevector-n", 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := input(c, "get-bytevector-n", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return readN("get-bytevector-n", p, args[1], 2)
		}),
		arg.FN("read-bytevector", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := input(c, "read-bytevector", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return readN("read-bytevector", p, args[0], 1)
		}),
		arg.FN("get-bytevector-some!", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, to, err := target(c, "get-bytevector-some!", args)
			if err != nil {
				return datum.Unset, err
			}
			if len(to) == 0 {
				return datum.Fix(0), nil
			}
			n, err := p.Read(to)
			if err == io.EOF {
				return datum.EOF, nil
			}
			return datum.Fix(int64(n)), fault("get-bytevector-some!", err)
		}),
		arg.FN("get-bytevector-n!", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, to, err := target(c, "get-bytevector-n!", args)
			if err != nil {
				return datum.Unset, err
			}
			return readInto("get-bytevector-n!", p, to)
		}),
		arg.FN("read-bytevector!", 1, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "read-bytevector!"
			b, err := arg.MutableBytes(who, 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := input(c, who, args, 1)
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range(who, args, 2, len(b.B))
			if err != nil {
				return datum.Unset, err
			}
			return readInto(who, p, b.B[s:e])
		}),
		arg.FN("unget-bytevector", 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := input(c, "unget-bytevector", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			b, err := arg.Bytes("unget-bytevector", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			at, n, err := part("unget-bytevector", args, len(b.B))
			if err == nil {
				p.UnreadBytes(b.B[at : at+n])
			}
			return datum.Unspecified, err
		}),
		arg.FN("put-u8", 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return writeByte(c, "put-u8", args[1], args, 0)
		}),
		arg.FN("write-u8", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return writeByte(c, "write-u8", args[0], args, 1)
		}),
		arg.FN("put-bytevector", 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			// The third number is a count.
			const who = "put-bytevector"
			p, err := output(c, who, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			b, err := arg.Bytes(who, 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			at, n, err := part(who, args, len(b.B))
			if err != nil {
				return datum.Unset, err
			}
			_, err = p.Write(b.B[at : at+n])
			return wrote(who, p, err)
		}),
		arg.FN("write-bytevector", 1, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "write-bytevector"
			b, err := arg.Bytes(who, 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := output(c, who, args, 1)
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range(who, args, 2, len(b.B))
			if err != nil {
				return datum.Unset, err
			}
			_, err = p.Write(b.B[s:e])
			return wrote(who, p, err)
		}),
	}
}

// part reads a start and a count, args[2] and args[3], within size.
func part(who string, args []datum.Value, size int) (at, n int, err error) {
	if v, ok := arg.Given(args, 2); ok {
		if at, err = arg.Index(who, 3, v, size+1); err != nil {
			return 0, 0, err
		}
	}
	n = size - at
	if v, ok := arg.Given(args, 3); ok {
		n, err = arg.Index(who, 4, v, n+1)
	}
	return at, n, err
}

// target is what (port bytevector start count) shall be filled.
func target(c datum.Caller, who string, args []datum.Value) (*port.Port, []byte, error) {
	p, err := input(c, who, args, 0)
	if err != nil {
		return nil, nil, err
	}
	b, err := arg.MutableBytes(who, 2, args[1])
	if err != nil {
		return nil, nil, err
	}
	at, err := arg.Index(who, 3, args[2], len(b.B)+1)
	if err != nil {
		return nil, nil, err
	}
	n, err := arg.Index(who, 4, args[3], len(b.B)-at+1)
	if err != nil {
		return nil, nil, err
	}
	return p, b.B[at : at+n], nil
}

func readN(who string, p *port.Port, count datum.Value, pos int) (datum.Value, error) {
	n, err := arg.Count(who, pos, count)
	if err != nil {
		return datum.Unset, err
	}
	b, err := p.ReadN(n)
	return bytesOrEOF(b, n > 0), fault(who, err)
}

func readInto(who string, p *port.Port, to []byte) (datum.Value, error) {
	b, err := p.ReadN(len(to))
	if err != nil {
		return datum.Unset, fault(who, err)
	}
	copy(to, b)
	if len(b) == 0 && len(to) > 0 {
		return datum.EOF, nil
	}
	return datum.Fix(int64(len(b))), nil
}

func writeByte(c datum.Caller, who string, v datum.Value, args []datum.Value, at int) (datum.Value, error) {
	p, err := output(c, who, args, at)
	if err != nil {
		return datum.Unset, err
	}
	n, err := arg.Index(who, 2-at, v, 256)
	if err != nil {
		return datum.Unset, err
	}
	_, err = p.Write([]byte{byte(n)})
	return wrote(who, p, err)
}
