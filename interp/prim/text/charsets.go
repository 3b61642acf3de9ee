package text

import (
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Charsets are the standard sets of SRFI 14 under their names.
func Charsets() map[string]datum.Value {
	table := func(ts ...*unicode.RangeTable) *datum.CharSet {
		var rs []datum.Range
		for _, t := range ts {
			for _, r := range t.R16 {
				rs = appendStride(rs, rune(r.Lo), rune(r.Hi), rune(r.Stride))
			}
			for _, r := range t.R32 {
				rs = appendStride(rs, rune(r.Lo), rune(r.Hi), rune(r.Stride))
			}
		}
		return datum.NewCharSet(rs)
	}
	// Most programs need none of these.
	lazy := datum.LazyCharSet
	of := func(ts ...*unicode.RangeTable) *datum.CharSet {
		return lazy(func() *datum.CharSet { return table(ts...) })
	}
	letter, digit, punct, symbol := of(unicode.L), of(unicode.Nd), of(unicode.P), of(unicode.S)
	space := lazy(func() *datum.CharSet {
		return datum.NewCharSet([]datum.Range{{Lo: 9, Hi: 13}, {Lo: ' ', Hi: ' '}}).Union(table(unicode.Z))
	})
	graphic := lazy(func() *datum.CharSet {
		return letter.Union(digit).Union(table(unicode.N, unicode.M)).Union(punct).Union(symbol)
	})
	out := map[string]datum.Value{}
	for name, s := range map[string]*datum.CharSet{
		"empty": datum.NewCharSet(nil), "full": datum.NewCharSet(nil).Complement(),
		"designated": lazy(func() *datum.CharSet { return table(unicode.Cn).Complement() }),
		"letter":     letter, "digit": digit,
		"letter+digit": lazy(func() *datum.CharSet { return letter.Union(digit) }),
		"lower-case":   of(unicode.Ll, unicode.Other_Lowercase), "upper-case": of(unicode.Lu, unicode.Other_Uppercase),
		"title-case": of(unicode.Lt), "punctuation": punct, "symbol": symbol, "whitespace": space,
		"blank": lazy(func() *datum.CharSet {
			return table(unicode.Zs).Union(datum.NewCharSet([]datum.Range{{Lo: 9, Hi: 9}}))
		}),
		"graphic": graphic, "printing": lazy(func() *datum.CharSet { return graphic.Union(space) }),
		"iso-control": datum.NewCharSet([]datum.Range{{Lo: 0, Hi: 31}, {Lo: 127, Hi: 159}}),
		"hex-digit":   datum.NewCharSet([]datum.Range{{Lo: '0', Hi: '9'}, {Lo: 'a', Hi: 'f'}, {Lo: 'A', Hi: 'F'}}),
		"ascii":       datum.NewCharSet([]datum.Range{{Lo: 0, Hi: 127}}),
	} {
		out["char-set:"+name] = s.Value()
	}
	return out
}

func appendStride(rs []datum.Range, lo, hi, stride rune) []datum.Range {
	if stride == 1 {
		return append(rs, datum.Range{Lo: lo, Hi: hi})
	}
	for c := lo; c <= hi; c += stride {
		rs = append(rs, datum.Range{Lo: c, Hi: c})
	}
	return rs
}

func charset(who string, pos int, v datum.Value) (*datum.CharSet, error) {
	if !v.Is(datum.KCharSet) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "char-set")
	}
	return v.CharSet(), nil
}

// ofChars makes a set of characters, strings of characters, or both.
func ofChars(who string, args []datum.Value, at int) (*datum.CharSet, error) {
	var rs []datum.Range
	for i, v := range args {
		c, err := arg.Char(who, at+i, v)
		if err != nil {
			return nil, err
		}
		rs = append(rs, datum.Range{Lo: c, Hi: c})
	}
	return datum.NewCharSet(rs), nil
}

func ofString(s *datum.String) *datum.CharSet {
	var rs []datum.Range
	for _, c := range s.Runes(0, s.Len()) {
		rs = append(rs, datum.Range{Lo: c, Hi: c})
	}
	return datum.NewCharSet(rs)
}

// combine makes an operation on any number of sets.
func combine(name string, unit func() *datum.CharSet, f func(a, b *datum.CharSet) *datum.CharSet) []*datum.Primitive {
	run := func(who string, args []datum.Value) (datum.Value, error) {
		var acc *datum.CharSet
		for i, v := range args {
			s, err := charset(who, i+1, v)
			if err != nil {
				return datum.Unset, err
			}
			if acc == nil {
				acc = s
			} else {
				acc = f(acc, s)
			}
		}
		if acc == nil {
			acc = unit()
		}
		return acc.Value(), nil
	}
	return []*datum.Primitive{
		arg.FN(name, 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return run(name, args) }),
		inPlace(arg.FN(name+"!", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return run(name+"!", args) }), 0),
	}
}

// inPlace makes a native put the set that it gives into its argument number
// at, which it returns.
func inPlace(p *datum.Primitive, at int) *datum.Primitive {
	run := p.FN
	p.FN = func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		v, err := run(c, args)
		if err != nil || at >= len(args) {
			return v, err
		}
		*args[at].CharSet() = *v.CharSet()
		return args[at], nil
	}
	return p
}

func charsets() []*datum.Primitive {
	empty := func() *datum.CharSet { return datum.NewCharSet(nil) }
	full := func() *datum.CharSet { return datum.NewCharSet(nil).Complement() }
	union := func(a, b *datum.CharSet) *datum.CharSet { return a.Union(b) }
	minus := func(a, b *datum.CharSet) *datum.CharSet { return a.Intersect(b.Complement()) }
	t := []*datum.Primitive{
		arg.Is("char-set?", func(v datum.Value) bool { return v.Is(datum.KCharSet) }),
		arg.FN("char-set", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := ofChars("char-set", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return s.Value(), nil
		}),
		arg.F2("char-set-contains?", func(_ datum.Caller, v, c datum.Value) (datum.Value, error) {
			s, err := charset("char-set-contains?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			r, err := arg.Char("char-set-contains?", 2, c)
			return datum.Bool(s.Has(r)), err
		}),
		arg.F1("char-set-size", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := charset("char-set-size", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(s.Size())), nil
		}),
		arg.F1("char-set->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := charset("char-set->list", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			var out []datum.Value
			for _, r := range members(s) {
				out = append(out, datum.Char(r))
			}
			return datum.List(out...), nil
		}),
		arg.F1("char-set->string", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := charset("char-set->string", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewStringRunes(members(s)), nil
		}),
		arg.F1("char-set-copy", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := charset("char-set-copy", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			t := *s
			return t.Value(), nil
		}),
		arg.F1("->char-set", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			switch {
			case v.IsChar():
				return datum.NewCharSet([]datum.Range{{Lo: v.Char(), Hi: v.Char()}}).Value(), nil
			case v.IsString():
				return ofString(v.Str()).Value(), nil
			}
			_, err := charset("->char-set", 1, v)
			return v, err
		}),
		arg.FN("char-set-hash", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := charset("char-set-hash", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			h := uint64(0)
			for _, r := range s.Ranges() {
				h = h*31 + uint64(r.Lo)*7 + uint64(r.Hi)
			}
			bound := uint64(1) << 56
			if v, ok := arg.Given(args, 1); ok {
				n, err := arg.Count("char-set-hash", 2, v)
				if err != nil {
					return datum.Unset, err
				}
				if n > 0 { // a bound of 0 means none (SRFI 14)
					bound = uint64(n)
				}
			}
			return datum.Fix(int64(h % bound)), nil
		}),
		arg.FN("char-set=", 0, -1, chainSets("char-set=", func(a, b *datum.CharSet) bool { return a.Equal(b) })),
		arg.FN("char-set<=", 0, -1, chainSets("char-set<=", func(a, b *datum.CharSet) bool { return a.Intersect(b).Equal(a) })),
	}
	for _, bang := range []string{"", "!"} {
		changes := func(p *datum.Primitive, at int) *datum.Primitive {
			if bang == "" {
				return p
			}
			return inPlace(p, at)
		}
		stringTo, listTo := "string->char-set"+bang, "list->char-set"+bang
		complement, ucs := "char-set-complement"+bang, "ucs-range->char-set"+bang
		t = append(t,
			changes(arg.FN("char-set-adjoin"+bang, 1, -1, adjust("char-set-adjoin"+bang, union)), 0),
			changes(arg.FN("char-set-delete"+bang, 1, -1, adjust("char-set-delete"+bang, minus)), 0),
			changes(arg.FN(complement, 1, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				s, err := charset(complement, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				return s.Complement().Value(), nil
			}), 0),
			changes(arg.FN(stringTo, 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				s, err := arg.Str(stringTo, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				return withBase(stringTo, ofString(s), args)
			}), 1),
			changes(arg.FN(listTo, 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				items, err := arg.List(listTo, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				s, err := ofChars(listTo, items, 1)
				if err != nil {
					return datum.Unset, err
				}
				return withBase(listTo, s, args)
			}), 1),
			changes(arg.FN(ucs, 2, 4, ucsRange(ucs)), 3))
	}
	t = append(t, cursors()...)
	t = append(t, combine("char-set-union", empty, union)...)
	t = append(t, combine("char-set-intersection", full, func(a, b *datum.CharSet) *datum.CharSet { return a.Intersect(b) })...)
	t = append(t, combine("char-set-difference", empty, minus)...)
	return append(t, combine("char-set-xor", empty, func(a, b *datum.CharSet) *datum.CharSet {
		return minus(a.Union(b), a.Intersect(b))
	})...)
}

func members(s *datum.CharSet) []rune {
	out := make([]rune, 0, s.Size())
	for _, r := range s.Ranges() {
		for c := r.Lo; c <= r.Hi; c++ {
			out = append(out, c)
		}
	}
	return out
}

// withBase adds the optional base set at args[1].
func withBase(who string, s *datum.CharSet, args []datum.Value) (datum.Value, error) {
	if v, ok := arg.Given(args, 1); ok {
		base, err := charset(who, 2, v)
		if err != nil {
			return datum.Unset, err
		}
		s = s.Union(base)
	}
	return s.Value(), nil
}

func adjust(who string, f func(a, b *datum.CharSet) *datum.CharSet) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		s, err := charset(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		cs, err := ofChars(who, args[1:], 2)
		if err != nil {
			return datum.Unset, err
		}
		return f(s, cs).Value(), nil
	}
}

func chainSets(who string, rel func(a, b *datum.CharSet) bool) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		ok := true
		for i := range args {
			s, err := charset(who, i+1, args[i])
			if err != nil {
				return datum.Unset, err
			}
			if i > 0 {
				ok = ok && rel(args[i-1].CharSet(), s)
			}
		}
		return datum.Bool(ok), nil
	}
}

// ucsRange is (ucs-range->char-set lower upper [error? [base]]), upper
// excluded. Without error?, what is no character is left out.
func ucsRange(who string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		lo, err := arg.Count(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		hi, err := arg.Count(who, 2, args[1])
		if err != nil {
			return datum.Unset, err
		}
		if hi < lo {
			return datum.Unset, datum.OutOfRange(who, 2, args[1])
		}
		if v, ok := arg.Given(args, 2); ok && v.Truthy() && (hi > unicode.MaxRune+1 || lo < 0xE000 && hi > 0xD800) {
			return datum.Unset, datum.OutOfRange(who, 2, args[1])
		}
		lo, hi = min(lo, unicode.MaxRune+1), min(hi, unicode.MaxRune+1)
		s := datum.NewCharSet([]datum.Range{{Lo: rune(lo), Hi: rune(hi) - 1}})
		s = s.Complement().Complement() // without surrogates
		if len(args) > 3 {
			return withBase(who, s, args[2:])
		}
		return s.Value(), nil
	}
}

// cursors lists the iteration over a set. A cursor is the code point of the
// next member, one past the last character at the end.
func cursors() []*datum.Primitive {
	from := func(s *datum.CharSet, c rune) datum.Value {
		for _, r := range s.Ranges() {
			if r.Hi >= c {
				return datum.Fix(int64(max(r.Lo, c)))
			}
		}
		return datum.Fix(unicode.MaxRune + 1)
	}
	at := func(who string, v, cursor datum.Value) (*datum.CharSet, rune, error) {
		s, err := charset(who, 1, v)
		if err != nil {
			return nil, 0, err
		}
		c, err := arg.Index(who, 2, cursor, unicode.MaxRune+1)
		return s, rune(c), err
	}
	return []*datum.Primitive{
		arg.F1("char-set-cursor", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := charset("char-set-cursor", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return from(s, 0), nil
		}),
		arg.F2("char-set-ref", func(_ datum.Caller, v, cursor datum.Value) (datum.Value, error) {
			s, c, err := at("char-set-ref", v, cursor)
			if err == nil && !s.Has(c) {
				err = datum.WrongType("char-set-ref", 2, cursor)
			}
			return datum.Char(c), err
		}),
		arg.F2("char-set-cursor-next", func(_ datum.Caller, v, cursor datum.Value) (datum.Value, error) {
			s, c, err := at("char-set-cursor-next", v, cursor)
			if err != nil {
				return datum.Unset, err
			}
			return from(s, c+1), nil
		}),
		arg.F1("end-of-char-set?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			c, err := arg.Index("end-of-char-set?", 1, v, unicode.MaxRune+2)
			return datum.Bool(c == unicode.MaxRune+1), err
		}),
	}
}
