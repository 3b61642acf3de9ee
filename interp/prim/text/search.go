package text

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// matcher makes a test of a character, character set or predicate.
func matcher(c datum.Caller, who string, pos int, v datum.Value) (func(rune) (bool, error), error) {
	switch {
	case v.IsChar():
		want := v.Char()
		return func(r rune) (bool, error) { return r == want, nil }, nil
	case v.Is(datum.KCharSet):
		set := v.CharSet()
		return func(r rune) (bool, error) { return set.Has(r), nil }, nil
	case v.IsProcedure():
		return func(r rune) (bool, error) {
			x, err := c.Apply(v, datum.Char(r))
			return x.Truthy(), err
		}, nil
	}
	return nil, datum.WrongTypeExpecting(who, pos, v, "character, char-set or procedure")
}

// finder makes string-index and its kin: the first (or last) index where the
// test gives want.
func finder(name string, backward, want bool) *datum.Primitive {
	return arg.FN(name, 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		s, a, b, err := piece(name, args, 0, 2)
		if err != nil {
			return datum.Unset, err
		}
		test, err := matcher(c, name, 2, args[1])
		if err != nil {
			return datum.Unset, err
		}
		for n := 0; n < b-a; n++ {
			i := a + n
			if backward {
				i = b - 1 - n
			}
			ok, err := test(s.At(i))
			if err != nil {
				return datum.Unset, err
			}
			if ok == want {
				return datum.Fix(int64(i)), nil
			}
		}
		return datum.False, nil
	})
}

// trimmer makes string-trim and its kin.
func trimmer(name string, left, right bool) *datum.Primitive {
	return arg.FN(name, 1, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		s, a, b, err := piece(name, args, 0, 2)
		if err != nil {
			return datum.Unset, err
		}
		test := func(r rune) (bool, error) { return isSpace(r), nil }
		if v, ok := arg.Given(args, 1); ok {
			if test, err = matcher(c, name, 2, v); err != nil {
				return datum.Unset, err
			}
		}
		for left && a < b {
			ok, err := test(s.At(a))
			if err != nil {
				return datum.Unset, err
			}
			if !ok {
				break
			}
			a++
		}
		for right && a < b {
			ok, err := test(s.At(b - 1))
			if err != nil {
				return datum.Unset, err
			}
			if !ok {
				break
			}
			b--
		}
		return s.Slice(a, b), nil
	})
}

func searching() []*datum.Primitive {
	return []*datum.Primitive{
		finder("string-index", false, true), finder("string-char-index", false, true),
		finder("string-rindex", true, true), finder("string-index-right", true, true),
		finder("string-skip", false, false), finder("string-skip-right", true, false),
		trimmer("string-trim", true, false), trimmer("string-trim-right", false, true), trimmer("string-trim-both", true, true),
		arg.FN("string-count", 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			s, a, b, err := piece("string-count", args, 0, 2)
			if err != nil {
				return datum.Unset, err
			}
			test, err := matcher(c, "string-count", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			n := int64(0)
			for i := a; i < b; i++ {
				ok, err := test(s.At(i))
				if err != nil {
					return datum.Unset, err
				}
				if ok {
					n++
				}
			}
			return datum.Fix(n), nil
		}),
		container("string-contains", func(r rune) rune { return r }), container("string-contains-ci", foldChar),
		filter("string-filter", true), filter("string-delete", false),
		padder("string-pad", true), padder("string-pad-right", false),
		taker("string-take", func(n, l int) (int, int) { return 0, n }), taker("string-drop", func(n, l int) (int, int) { return n, l }),
		taker("string-take-right", func(n, l int) (int, int) { return l - n, l }), taker("string-drop-right", func(n, l int) (int, int) { return 0, l - n }),
	}
}

func container(name string, key func(rune) rune) *datum.Primitive {
	return arg.FN(name, 2, 6, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		s, t, a, b, c, d, err := twoPieces(name, args)
		if err != nil {
			return datum.Unset, err
		}
		if i := find(s.Runes(a, b), t.Runes(c, d), key); i >= 0 {
			return datum.Fix(int64(a + i)), nil
		}
		return datum.False, nil
	})
}

// find is the algorithm of Knuth, Morris and Pratt, so that no input makes
// the search quadratic.
func find(text, pat []rune, key func(rune) rune) int {
	if len(pat) == 0 {
		return 0
	}
	for i := range pat {
		pat[i] = key(pat[i])
	}
	fail := make([]int, len(pat))
	for i, k := 1, 0; i < len(pat); i++ {
		for k > 0 && pat[i] != pat[k] {
			k = fail[k-1]
		}
		if pat[i] == pat[k] {
			k++
		}
		fail[i] = k
	}
	k := 0
	for i, r := range text {
		r = key(r)
		for k > 0 && r != pat[k] {
			k = fail[k-1]
		}
		if r == pat[k] {
			k++
		}
		if k == len(pat) {
			return i - len(pat) + 1
		}
	}
	return -1
}

// filter makes string-filter and string-delete, which take the test and the
// string in either order, as Guile does.
func filter(name string, keep bool) *datum.Primitive {
	return arg.FN(name, 2, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		if args[0].IsString() {
			args = append([]datum.Value{args[1], args[0]}, args[2:]...)
		}
		s, a, b, err := piece(name, args, 1, 2)
		if err != nil {
			return datum.Unset, err
		}
		test, err := matcher(c, name, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		var out []rune
		for i := a; i < b; i++ {
			ok, err := test(s.At(i))
			if err != nil {
				return datum.Unset, err
			}
			if ok == keep {
				out = append(out, s.At(i))
			}
		}
		return datum.NewStringRunes(out), nil
	})
}

func padder(name string, left bool) *datum.Primitive {
	return arg.FN(name, 2, 5, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		s, a, b, err := piece(name, args, 0, 3)
		if err != nil {
			return datum.Unset, err
		}
		n, err := arg.Size(name, 2, args[1])
		if err != nil {
			return datum.Unset, err
		}
		fill := ' '
		if v, ok := arg.Given(args, 2); ok {
			if fill, err = arg.Char(name, 3, v); err != nil {
				return datum.Unset, err
			}
		}
		switch l := b - a; {
		case n <= l && left:
			return s.Slice(b-n, b), nil
		case n <= l:
			return s.Slice(a, a+n), nil
		case left:
			return datum.Concat(repeat(fill, n-l).Str(), s.Slice(a, b).Str()), nil
		default:
			return datum.Concat(s.Slice(a, b).Str(), repeat(fill, n-l).Str()), nil
		}
	})
}

func taker(name string, bounds func(n, length int) (int, int)) *datum.Primitive {
	return arg.F2(name, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
		s, err := arg.Str(name, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		n, err := arg.Index(name, 2, k, s.Len()+1)
		if err != nil {
			return datum.Unset, err
		}
		a, b := bounds(n, s.Len())
		return s.Slice(a, b), nil
	})
}
