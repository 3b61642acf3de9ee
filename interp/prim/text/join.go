package text

import (
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func joining() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("string-join", 1, 3, join),
		arg.F2("string-split", split),
		arg.FN("string-tokenize", 1, 4, tokenize),
		arg.F3("string-replace-substring", func(_ datum.Caller, s, sub, repl datum.Value) (datum.Value, error) {
			const who = "string-replace-substring"
			text, err := arg.Str(who, 1, s)
			if err != nil {
				return datum.Unset, err
			}
			pat, err := arg.Str(who, 2, sub)
			if err != nil {
				return datum.Unset, err
			}
			by, err := arg.Str(who, 3, repl)
			if err != nil {
				return datum.Unset, err
			}
			if pat.Len() == 0 {
				return datum.Unset, datum.OutOfRange(who, 2, sub)
			}
			var parts []*datum.String
			at := 0
			same := func(r rune) rune { return r }
			rest := text.Runes(0, text.Len())
			p := pat.Runes(0, pat.Len())
			for {
				i := find(rest[at:], p, same)
				if i < 0 {
					break
				}
				parts = append(parts, text.Slice(at, at+i).Str(), by)
				at += i + len(p)
			}
			return datum.Concat(append(parts, text.Slice(at, text.Len()).Str())...), nil
		}),
		arg.FN("xsubstring", 2, 5, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, a, b, err := piece("xsubstring", args, 0, 3)
			if err != nil {
				return datum.Unset, err
			}
			from, err := arg.Int("xsubstring", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			to := from + b - a
			if v, ok := arg.Given(args, 2); ok {
				if to, err = arg.Int("xsubstring", 3, v); err != nil {
					return datum.Unset, err
				}
			}
			if to < from || b == a && to > from || to-from > 1<<32 {
				return datum.Unset, datum.OutOfRange("xsubstring", 3, datum.Fix(int64(to)))
			}
			out := make([]rune, 0, to-from)
			for i := from; i < to; i++ {
				k := i % (b - a)
				if k < 0 {
					k += b - a
				}
				out = append(out, s.At(a+k))
			}
			return datum.NewStringRunes(out), nil
		}),
	}
}

// join is (string-join list [delimiter [grammar]]).
func join(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "string-join"
	items, err := arg.List(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	delim := datum.NewASCII([]byte(" ")).Str()
	if v, ok := arg.Given(args, 1); ok {
		if delim, err = arg.Str(who, 2, v); err != nil {
			return datum.Unset, err
		}
	}
	grammar := "infix"
	if v, ok := arg.Given(args, 2); ok {
		s, err := arg.Sym(who, 3, v)
		if err != nil {
			return datum.Unset, err
		}
		grammar = s.Name
	}
	var parts []*datum.String
	for i, v := range items {
		s, err := arg.Str(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if grammar == "prefix" || i > 0 && grammar != "suffix" {
			parts = append(parts, delim)
		}
		parts = append(parts, s)
		if grammar == "suffix" {
			parts = append(parts, delim)
		}
	}
	switch grammar {
	case "infix", "suffix", "prefix":
	case "strict-infix":
		if len(items) == 0 {
			return datum.Unset, datum.Misc(who, "strict-infix grammar requires non-empty list")
		}
	default:
		return datum.Unset, datum.OutOfRange(who, 3, args[2])
	}
	return datum.Concat(parts...), nil
}

// split is (string-split string test): the pieces between matching characters.
func split(c datum.Caller, v, by datum.Value) (datum.Value, error) {
	s, err := arg.Str("string-split", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	test, err := matcher(c, "string-split", 2, by)
	if err != nil {
		return datum.Unset, err
	}
	var out []datum.Value
	from := 0
	for i, n := 0, s.Len(); i < n; i++ {
		ok, err := test(s.At(i))
		if err != nil {
			return datum.Unset, err
		}
		if ok {
			out = append(out, s.Slice(from, i))
			from = i + 1
		}
	}
	return datum.List(append(out, s.Slice(from, s.Len()))...), nil
}

// tokenize is (string-tokenize string [char-set [start [end]]]).
func tokenize(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "string-tokenize"
	s, a, b, err := piece(who, args, 0, 2)
	if err != nil {
		return datum.Unset, err
	}
	test := func(r rune) (bool, error) { return unicode.IsGraphic(r) && !isSpace(r), nil }
	if v, ok := arg.Given(args, 1); ok {
		if test, err = matcher(c, who, 2, v); err != nil {
			return datum.Unset, err
		}
	}
	var out []datum.Value
	from := -1
	for i := a; i < b; i++ {
		ok, err := test(s.At(i))
		if err != nil {
			return datum.Unset, err
		}
		switch {
		case ok && from < 0:
			from = i
		case !ok && from >= 0:
			out = append(out, s.Slice(from, i))
			from = -1
		}
	}
	if from >= 0 {
		out = append(out, s.Slice(from, b))
	}
	return datum.List(out...), nil
}
