package ports

import (
	"errors"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
	"fruix/interp/print"
)

// Text gives the representation of v in the engine that runs c; record types
// with a printer procedure have it called.
func Text(c datum.Caller, v datum.Value, mode print.Mode) (string, error) {
	cfg := *state.Of(c).Print
	if cfg.Record == nil {
		cfg.Record = func(v datum.Value, mode print.Mode) (string, error) {
			printer, err := printerOf(c, v, mode)
			if err != nil {
				return "", err
			}
			p := port.NewMemory(false)
			if _, err := c.Apply(printer, v, p.Value()); err != nil {
				return "", err
			}
			return string(p.Bytes()), nil
		}
	}
	describe := cfg.Describe
	cfg.Describe = func(v datum.Value) (string, bool) {
		if v.Is(datum.KPort) {
			return port.Of(v).String(), true
		}
		if describe != nil {
			return describe(v)
		}
		return "", false
	}
	b, err := cfg.Append(nil, v, mode)
	return string(b), err
}

// printerOf is the procedure that writes v: the printer of a record's type, the
// generic function write or display for an object.
func printerOf(c datum.Caller, v datum.Value, mode print.Mode) (datum.Value, error) {
	if !v.IsObject() {
		return v.Record().Type.Printer, nil
	}
	if w := state.Of(c).Writer; w != nil {
		if g, ok := w(mode == print.Display); ok {
			return g, nil
		}
	}
	return datum.False, errors.New("objects cannot be written before (oop goops) is loaded")
}

func writer(name string, mode print.Mode) *datum.Primitive {
	return arg.FN(name, 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		p, err := output(c, name, args, 1)
		if err != nil {
			return datum.Unset, err
		}
		s, err := Text(c, args[0], mode)
		if err != nil {
			return datum.Unset, err
		}
		return wrote(name, p, p.WriteText(s))
	})
}

func writing() []*datum.Primitive {
	return []*datum.Primitive{
		writer("write", print.Write), writer("display", print.Display),
		writer("write-shared", print.Shared), writer("write-simple", print.Simple),
		arg.FN("newline", 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := output(c, "newline", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			return wrote("newline", p, p.WriteText("\n"))
		}),
		arg.FN("write-char", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			ch, err := arg.Char("write-char", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := output(c, "write-char", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return wrote("write-char", p, p.WriteRune(ch))
		}),
		arg.F2("put-char", func(c datum.Caller, v, ch datum.Value) (datum.Value, error) {
			r, err := arg.Char("put-char", 2, ch)
			if err != nil {
				return datum.Unset, err
			}
			p, err := outputPort(c, "put-char", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return wrote("put-char", p, p.WriteRune(r))
		}),
		arg.FN("write-string", 1, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := arg.Str("write-string", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := output(c, "write-string", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			a, b, err := arg.Range("write-string", args, 2, s.Len())
			if err != nil {
				return datum.Unset, err
			}
			return wrote("write-string", p, p.WriteText(s.Sub(a, b)))
		}),
		arg.FN("put-string", 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "put-string"
			p, err := outputPort(c, who, 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			s, err := arg.Str(who, 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			at := 0
			if v, ok := arg.Given(args, 2); ok {
				if at, err = arg.Index(who, 3, v, s.Len()+1); err != nil {
					return datum.Unset, err
				}
			}
			n := s.Len() - at
			if v, ok := arg.Given(args, 3); ok {
				if n, err = arg.Index(who, 4, v, n+1); err != nil {
					return datum.Unset, err
				}
			}
			return wrote(who, p, p.WriteText(s.Sub(at, at+n)))
		}),
		arg.FN("object->string", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			mode := print.Write
			if v, ok := arg.Given(args, 1); ok && v.Is(datum.KPrimitive) && v.Primitive().Name == "display" {
				mode = print.Display
			}
			s, err := Text(c, args[0], mode)
			return datum.NewString(s), err
		}),
	}
}

func formatting() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("simple-format", 2, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return simpleFormat(c, "simple-format", args)
		}),
	}
}

// simpleFormat is (simple-format destination message args…): ~A, ~S, ~% and ~~.
func simpleFormat(c datum.Caller, who string, args []datum.Value) (datum.Value, error) {
	message, err := arg.Text(who, 2, args[1])
	if err != nil {
		return datum.Unset, err
	}
	rest := args[2:]
	var b strings.Builder
	for i := 0; i < len(message); i++ {
		if message[i] != '~' {
			b.WriteByte(message[i])
			continue
		}
		i++
		if i == len(message) {
			return datum.Unset, datum.Misc(who, "FORMAT: Unfinished format directive in ~S", args[1])
		}
		switch message[i] {
		case 'a', 'A', 's', 'S':
			if len(rest) == 0 {
				return datum.Unset, datum.Misc(who, "FORMAT: Missing argument for ~~~A", datum.Char(rune(message[i])))
			}
			mode := print.Display
			if message[i]|0x20 == 's' {
				mode = print.Write
			}
			s, err := Text(c, rest[0], mode)
			if err != nil {
				return datum.Unset, err
			}
			b.WriteString(s)
			rest = rest[1:]
		case '%', '\n':
			b.WriteByte('\n')
		case '~':
			b.WriteByte('~')
		default:
			return datum.Unset, datum.Misc(who, "FORMAT: Unsupported format option ~~~A - use (ice-9 format) instead", datum.Char(rune(message[i])))
		}
	}
	if len(rest) > 0 {
		return datum.Unset, datum.Misc(who, "FORMAT: ~A superfluous arguments", datum.Fix(int64(len(rest))))
	}
	if args[0] == datum.False {
		return datum.NewString(b.String()), nil
	}
	p, err := outputPort(c, who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	return wrote(who, p, p.WriteText(b.String()))
}
