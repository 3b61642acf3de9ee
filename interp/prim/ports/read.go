package ports

import (
	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
)

func charOrEOF(c rune) datum.Value {
	if c < 0 {
		return datum.EOF
	}
	return datum.Char(c)
}

// onInput makes a native whose only, optional argument is an input port.
func onInput(name string, f func(c datum.Caller, p *port.Port) (datum.Value, error)) *datum.Primitive {
	return arg.FN(name, 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		p, err := input(c, name, args, 0)
		if err != nil {
			return datum.Unset, err
		}
		v, err := f(c, p)
		if err != nil {
			return datum.Unset, readFault(name, p, err)
		}
		return v, nil
	})
}

func next(_ datum.Caller, p *port.Port) (datum.Value, error) {
	c, err := p.Next()
	return charOrEOF(c), err
}

func peek(_ datum.Caller, p *port.Port) (datum.Value, error) {
	c, err := p.Peek()
	return charOrEOF(c), err
}

func reading() []*datum.Primitive {
	return []*datum.Primitive{
		onInput("read-char", next), onInput("peek-char", peek), onInput("get-char", next), onInput("lookahead-char", peek),
		onInput("port-eof?", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			b, err := p.PeekByte()
			return datum.Bool(b < 0), err
		}),
		onInput("get-line", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			s, _, some, err := p.ReadLine()
			if !some {
				return datum.EOF, err
			}
			return datum.NewString(s), err
		}),
		onInput("get-string-all", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			s, err := p.ReadText(-1)
			return datum.NewString(s), err
		}),
		onInput("%read-line", func(_ datum.Caller, p *port.Port) (datum.Value, error) {
			s, full, some, err := p.ReadLine()
			if !some {
				return datum.Cons(datum.EOF, datum.EOF), err
			}
			return datum.Cons(datum.NewString(s), newlineOrEOF(full)), err
		}),
		arg.FN("unread-char", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			ch, err := arg.Char("unread-char", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := input(c, "unread-char", args, 1)
			if err == nil {
				err = p.Unread(string(ch))
			}
			if err != nil {
				_, err = wrote("unread-char", p, err)
			}
			return args[0], err
		}),
		arg.FN("unread-string", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := arg.Text("unread-string", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			p, err := input(c, "unread-string", args, 1)
			if err == nil {
				err = p.Unread(s)
			}
			if err != nil {
				_, err = wrote("unread-string", p, err)
			}
			return args[0], err
		}),
		arg.FN("read-line", 0, 2, readLine),
		arg.FN("read-delimited", 1, 3, readDelimited),
		arg.FN("read-string", 0, 2, readString),
		arg.FN("get-string-n", 2, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			p, err := input(c, "get-string-n", args, 0)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Count("get-string-n", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			return count("get-string-n", p, n)
		}),
		arg.FN("get-string-n!", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "get-string-n!"
			p, err := input(c, who, args, 0)
			if err != nil {
				return datum.Unset, err
			}
			to, err := arg.MutableStr(who, 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			at, err := arg.Index(who, 3, args[2], to.Len()+1)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Index(who, 4, args[3], to.Len()-at+1)
			if err != nil || n == 0 {
				return datum.Fix(0), err
			}
			s, err := p.ReadText(n)
			if err != nil {
				return datum.Unset, readFault(who, p, err)
			}
			count := 0
			for _, c := range s {
				to.Set(at+count, c)
				count++
			}
			if count == 0 {
				return datum.EOF, nil
			}
			return datum.Fix(int64(count)), nil
		}),
		arg.FN("read", 0, 1, readDatum), arg.FN("r7rs:read", 0, 1, readReport), arg.FN("read-syntax", 0, 1, readSyntax), arg.F1("%place-properties", placeProperties), arg.F1("file-encoding", fileEncoding),
		arg.FN("read-hash-extend", 2, 2, readHashExtend),
		arg.F1("read-hash-procedure", readHashProcedure), arg.F0("read-hash-procedures", readHashProcedures),
	}
}

func newlineOrEOF(full bool) datum.Value {
	if full {
		return datum.Char('\n')
	}
	return datum.EOF
}

// count reads n characters for who; the end of file when there are none.
func count(who string, p *port.Port, n int) (datum.Value, error) {
	s, err := p.ReadText(n)
	if err != nil {
		return datum.Unset, readFault(who, p, err)
	}
	if s == "" && n > 0 {
		return datum.EOF, nil
	}
	return datum.NewString(s), nil
}

// readString is read-string of both R7RS, (read-string k [port]), and (ice-9
// rdelim), (read-string [port [k]]): a number in front tells them apart.
func readString(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "read-string"
	if len(args) > 0 && args[0].IsFix() {
		n, err := arg.Count(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		p, err := input(c, who, args, 1)
		if err != nil {
			return datum.Unset, err
		}
		return count(who, p, n)
	}
	p, err := input(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	n := -1
	if v, ok := arg.Given(args, 1); ok {
		if n, err = arg.Count(who, 2, v); err != nil {
			return datum.Unset, err
		}
	}
	s, err := p.ReadText(n)
	return datum.NewString(s), readFault(who, p, err)
}

// delimited applies the handle-delim argument of (ice-9 rdelim).
func delimited(p *port.Port, s string, end rune, some bool, mode datum.Value) (datum.Value, error) {
	switch mode {
	case datum.Sym("trim"):
		if !some {
			return datum.EOF, nil
		}
		return datum.NewString(s), nil
	case datum.Sym("concat"):
		if !some {
			return datum.EOF, nil
		}
		if end >= 0 {
			s += string(end)
		}
		return datum.NewString(s), nil
	case datum.Sym("peek"):
		if end >= 0 {
			if err := p.Unread(string(end)); err != nil {
				return datum.Unset, fault("read-delimited", err)
			}
		}
		if !some {
			return datum.EOF, nil
		}
		return datum.NewString(s), nil
	case datum.Sym("split"):
		v := datum.NewString(s)
		if !some {
			v = datum.EOF
		}
		return datum.Cons(v, charOrEOF(end)), nil
	}
	return datum.Unset, datum.Misc("read-line", "unexpected handle-delim value: ~S", mode)
}

func readLine(c datum.Caller, args []datum.Value) (datum.Value, error) {
	p, err := input(c, "read-line", args, 0)
	if err != nil {
		return datum.Unset, err
	}
	mode := datum.Sym("trim")
	if v, ok := arg.Given(args, 1); ok {
		mode = v
	}
	s, full, some, err := p.ReadLine()
	if err != nil {
		return datum.Unset, readFault("read-line", p, err)
	}
	end := rune(-1)
	if full {
		end = '\n'
	}
	return delimited(p, s, end, some, mode)
}

func readDelimited(c datum.Caller, args []datum.Value) (datum.Value, error) {
	delims, err := arg.Text("read-delimited", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	p, err := input(c, "read-delimited", args, 1)
	if err != nil {
		return datum.Unset, err
	}
	mode := datum.Sym("trim")
	if v, ok := arg.Given(args, 2); ok {
		mode = v
	}
	s, end, some, err := p.ReadDelimited(delims)
	if err != nil {
		return datum.Unset, readFault("read-delimited", p, err)
	}
	return delimited(p, s, end, some, mode)
}
