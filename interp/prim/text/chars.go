package text

import (
	"unicode"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func chars() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.Is("char?", datum.Value.IsChar),
		arg.F1("char->integer", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			c, err := arg.Char("char->integer", 1, v)
			return datum.Fix(int64(c)), err
		}),
		arg.F1("integer->char", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if v.Is(datum.KBignum) {
				return datum.Unset, datum.OutOfRange("integer->char", 1, v)
			}
			n, err := arg.Int("integer->char", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if n < 0 || n > unicode.MaxRune || n >= 0xD800 && n <= 0xDFFF {
				return datum.Unset, datum.OutOfRange("integer->char", 1, v)
			}
			return datum.Char(rune(n)), nil
		}),
		arg.F1("digit-value", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			c, err := arg.Char("digit-value", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if !unicode.Is(unicode.Nd, c) {
				return datum.False, nil
			}
			return datum.Fix(int64(c - zeroDigit(c))), nil
		}),
		arg.F1("char-general-category", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			c, err := arg.Char("char-general-category", 1, v)
			return datum.Sym(category(c)), err
		}),
		charTest("char-alphabetic?", unicode.IsLetter), charTest("char-numeric?", func(r rune) bool { return unicode.Is(unicode.Nd, r) }),
		charTest("char-whitespace?", isSpace), charTest("char-upper-case?", unicode.IsUpper), charTest("char-lower-case?", unicode.IsLower),
		charTest("char-is-both?", func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) }),
		charMap("char-upcase", unicode.ToUpper), charMap("char-downcase", unicode.ToLower),
		charMap("char-titlecase", unicode.ToTitle), charMap("char-foldcase", foldChar),
	}
	for _, r := range relations {
		t = append(t, charCompare("char"+r.name, r.test, func(c rune) rune { return c }),
			charCompare("char-ci"+r.name, r.test, foldChar))
	}
	return t
}

// zeroDigit is the zero of the run of decimal digits that c belongs to; runs
// have ten digits and start at a zero.
func zeroDigit(c rune) rune {
	for _, r := range unicode.Nd.R16 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return c - (c-rune(r.Lo))%10
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return c - (c-rune(r.Lo))%10
		}
	}
	return c
}

// relation is one of the five comparisons by the sign of an ordering.
type relation struct {
	name string
	test func(cmp int) bool
}

var relations = []relation{
	{"=?", func(c int) bool { return c == 0 }}, {"<?", func(c int) bool { return c < 0 }},
	{">?", func(c int) bool { return c > 0 }}, {"<=?", func(c int) bool { return c <= 0 }},
	{">=?", func(c int) bool { return c >= 0 }},
}

// foldChar is simple case folding as Guile does it: down from up, but for the
// two letters of Turkish that fold by language.
func foldChar(c rune) rune {
	if c == 0x130 || c == 0x131 {
		return c
	}
	return unicode.ToLower(unicode.ToUpper(c))
}

// isSpace is char-whitespace? as SRFI 14 has it: separators and the controls
// that move the cursor.
func isSpace(c rune) bool {
	return c >= 9 && c <= 13 || c == ' ' || c > 127 && unicode.Is(unicode.Z, c)
}

func charTest(name string, f func(rune) bool) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		c, err := arg.Char(name, 1, v)
		return datum.Bool(f(c)), err
	})
}

func charMap(name string, f func(rune) rune) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		c, err := arg.Char(name, 1, v)
		return datum.Char(f(c)), err
	})
}

func charCompare(name string, test func(int) bool, key func(rune) rune) *datum.Primitive {
	check := func(who string, pos int, v datum.Value) error { _, err := arg.Char(who, pos, v); return err }
	return arg.Fold(name, check, func(a, b datum.Value) (bool, error) {
		return test(int(key(a.Char())) - int(key(b.Char()))), nil
	})
}

// category is the two-letter general category of a character.
func category(c rune) string {
	for _, name := range []string{"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"} {
		if unicode.Is(unicode.Categories[name], c) {
			return name
		}
	}
	return "Cn"
}
