// Package text holds the natives for characters, character sets, strings and
// regular expressions (Guile manual, "Characters", "Strings", SRFI 13, 14).
package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := basic()
	t = append(t, comparing()...)
	t = append(t, changing()...)
	t = append(t, searching()...)
	t = append(t, joining()...)
	t = append(t, chars()...)
	t = append(t, charsets()...)
	t = append(t, localized()...)
	return append(t, regexps()...)
}

func basic() []*datum.Primitive {
	return []*datum.Primitive{
		arg.Is("string?", datum.Value.IsString),
		arg.FN("make-string", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Size("make-string", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			fill := ' '
			if v, ok := arg.Given(args, 1); ok {
				if fill, err = arg.Char("make-string", 2, v); err != nil {
					return datum.Unset, err
				}
			}
			return repeat(fill, n), nil
		}),
		arg.FN("string", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			rs := make([]rune, len(args))
			for i, v := range args {
				var err error
				if rs[i], err = arg.Char("string", i+1, v); err != nil {
					return datum.Unset, err
				}
			}
			return datum.NewStringRunes(rs), nil
		}),
		arg.F1("string-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Str("string-length", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(s.Len())), nil
		}),
		arg.F1("string-null?", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Str("string-null?", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(s.Len() == 0), nil
		}),
		arg.F1("string-utf8-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text("string-utf8-length", 1, v)
			return datum.Fix(int64(len(s))), err
		}),
		arg.F2("string-ref", func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			s, err := arg.Str("string-ref", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			i, err := arg.Int("string-ref", 2, k)
			if err != nil {
				return datum.Unset, err
			}
			if i < 0 || i >= s.Len() {
				return datum.Unset, datum.OutOfBounds("string-ref", 0, s.Len()-1, k)
			}
			return datum.Char(s.At(i)), nil
		}),
		arg.F3("string-set!", func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) {
			s, err := arg.MutableStr("string-set!", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			i, err := arg.Index("string-set!", 2, k, s.Len())
			if err != nil {
				return datum.Unset, err
			}
			c, err := arg.Char("string-set!", 3, x)
			if err != nil {
				return datum.Unset, err
			}
			s.Set(i, c)
			return datum.Unspecified, nil
		}),
		sub("substring", 2), sub("string-copy", 1), sub("substring/copy", 2),
		subWith("substring/shared", 2, (*datum.String).Share),
		subWith("substring/read-only", 2, func(s *datum.String, a, b int) datum.Value {
			v := s.Slice(a, b)
			v.Str().Literal = true
			return v
		}),
		arg.FN("string->list", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, a, b, err := piece("string->list", args, 0, 1)
			if err != nil {
				return datum.Unset, err
			}
			l := datum.Null
			for i := b - 1; i >= a; i-- {
				l = datum.Cons(datum.Char(s.At(i)), l)
			}
			return l, nil
		}),
		arg.FN("string->vector", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, a, b, err := piece("string->vector", args, 0, 1)
			if err != nil {
				return datum.Unset, err
			}
			out := make([]datum.Value, 0, b-a)
			for i := a; i < b; i++ {
				out = append(out, datum.Char(s.At(i)))
			}
			return datum.NewVector(out), nil
		}),
		arg.FN("vector->string", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			v, err := arg.Vec("vector->string", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			a, b, err := arg.Range("vector->string", args, 1, len(v.Items))
			if err != nil {
				return datum.Unset, err
			}
			return fromChars("vector->string", v.Items[a:b])
		}),
		arg.F1("list->string", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("list->string", 1, l)
			if err != nil {
				return datum.Unset, err
			}
			return fromChars("list->string", items)
		}),
		arg.F1("reverse-list->string", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("reverse-list->string", 1, l)
			if err != nil {
				return datum.Unset, err
			}
			for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
				items[i], items[j] = items[j], items[i]
			}
			return fromChars("reverse-list->string", items)
		}),
		arg.FN("string-append", 0, -1, appendStrings("string-append")),
		arg.FN("string-append/shared", 0, -1, appendStrings("string-append/shared")),
		concatenate("string-concatenate"), concatenate("string-concatenate/shared"),
		hash("string-hash", nil), hash("string-hash-ci", foldChar),
		arg.F1("string-bytes-per-char", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Str("string-bytes-per-char", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			for i, n := 0, s.Len(); i < n; i++ {
				if s.At(i) > 0xFF {
					return datum.Fix(4), nil
				}
			}
			return datum.Fix(1), nil
		}),
	}
}

func repeat(c rune, n int) datum.Value {
	if c < 128 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(c)
		}
		return datum.NewASCII(b)
	}
	rs := make([]rune, n)
	for i := range rs {
		rs[i] = c
	}
	return datum.NewStringRunes(rs)
}

func fromChars(who string, items []datum.Value) (datum.Value, error) {
	rs := make([]rune, len(items))
	for i, v := range items {
		var err error
		if rs[i], err = arg.Char(who, 1, v); err != nil {
			return datum.Unset, err
		}
	}
	return datum.NewStringRunes(rs), nil
}

// piece checks for a string at args[i] and an optional range at args[j].
func piece(who string, args []datum.Value, i, j int) (s *datum.String, start, end int, err error) {
	if s, err = arg.Str(who, i+1, args[i]); err != nil {
		return nil, 0, 0, err
	}
	start, end, err = arg.Range(who, args, j, s.Len())
	return s, start, end, err
}

func sub(name string, min int) *datum.Primitive {
	return subWith(name, min, (*datum.String).Slice)
}

// subWith makes a native that gives part of a string.
func subWith(name string, min int, f func(s *datum.String, a, b int) datum.Value) *datum.Primitive {
	return arg.FN(name, min, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		s, a, b, err := piece(name, args, 0, 1)
		if err != nil {
			return datum.Unset, err
		}
		return f(s, a, b), nil
	})
}

// maxText is how long a string may become by appending.
const maxText = 1 << 31

func appendStrings(who string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		parts := make([]*datum.String, len(args))
		total := 0
		for i, v := range args {
			var err error
			if parts[i], err = arg.Str(who, i+1, v); err != nil {
				return datum.Unset, err
			}
			if total += parts[i].Len(); total > maxText {
				return datum.Unset, &datum.Error{Key: "out-of-memory", Who: who, Message: "a string of more than ~A characters is too long",
					Irritants: []datum.Value{datum.Fix(maxText)}, Rest: datum.False, Payload: datum.Unset}
			}
		}
		return datum.Concat(parts...), nil
	}
}

func concatenate(who string) *datum.Primitive {
	return arg.F1(who, func(c datum.Caller, l datum.Value) (datum.Value, error) {
		items, err := arg.List(who, 1, l)
		if err != nil {
			return datum.Unset, err
		}
		return appendStrings(who)(c, items)
	})
}

// hash is (who string [bound [start end]]), of characters changed by key.
func hash(who string, key func(rune) rune) *datum.Primitive {
	return arg.FN(who, 1, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		s, a, b, err := piece(who, args, 0, 2)
		if err != nil {
			return datum.Unset, err
		}
		n := 1 << 60
		if v, ok := arg.Given(args, 1); ok {
			if !v.IsFix() || v.Fix() <= 0 {
				return datum.Unset, datum.OutOfRange(who, 2, v)
			}
			n = int(v.Fix())
		}
		v := args[0]
		if key != nil || a > 0 || b < s.Len() {
			rs := s.Runes(a, b)
			if key != nil {
				rs = mapRunes(key)(rs)
			}
			v = datum.NewStringRunes(rs)
		}
		return datum.Fix(int64(datum.StableHash(v, uint64(n)))), nil
	})
}

// compareRunes orders two texts by code points.
func compareRunes(a, b *datum.String, key func(rune) rune) int {
	if x, ok := a.ASCII(); ok && key == nil {
		if y, ok := b.ASCII(); ok {
			return strings.Compare(string(x), string(y))
		}
	}
	n, m := a.Len(), b.Len()
	for i := 0; i < n && i < m; i++ {
		x, y := a.At(i), b.At(i)
		if key != nil {
			x, y = key(x), key(y)
		}
		if x != y {
			return int(x) - int(y)
		}
	}
	return n - m
}

func comparing() []*datum.Primitive {
	var t []*datum.Primitive
	check := func(who string, pos int, v datum.Value) error { _, err := arg.Str(who, pos, v); return err }
	for _, r := range relations {
		t = append(t,
			arg.Fold("string"+r.name, check, func(a, b datum.Value) (bool, error) { return r.test(compareRunes(a.Str(), b.Str(), nil)), nil }),
			arg.Fold("string-ci"+r.name, check, func(a, b datum.Value) (bool, error) {
				return r.test(compareRunes(a.Str(), b.Str(), foldChar)), nil
			}))
	}
	// SRFI 13: with ranges.
	for _, ci := range []bool{false, true} {
		base, key := "string", func(r rune) rune { return r }
		if ci {
			base, key = "string-ci", foldChar
		}
		for _, r := range []relation{{"=", relations[0].test}, {"<>", func(c int) bool { return c != 0 }}, {"<", relations[1].test},
			{">", relations[2].test}, {"<=", relations[3].test}, {">=", relations[4].test}} {
			name := base + r.name
			t = append(t, arg.FN(name, 2, 6, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				s, t, a, b, c, d, err := twoPieces(name, args)
				if err != nil {
					return datum.Unset, err
				}
				i, j := a, c
				for i < b && j < d && key(s.At(i)) == key(t.At(j)) {
					i, j = i+1, j+1
				}
				order := 0
				switch {
				case i < b && j < d:
					order = int(key(s.At(i))) - int(key(t.At(j)))
				case i < b:
					order = 1
				case j < d:
					order = -1
				}
				return datum.Bool(r.test(order)), nil
			}))
		}
		for _, suffix := range []bool{false, true} {
			word := "prefix"
			if suffix {
				word = "suffix"
			}
			name := "string-" + word
			if ci {
				name += "-ci"
			}
			common := func(who string, args []datum.Value) (n, len1 int, err error) {
				s, t, a, b, c, d, err := twoPieces(who, args)
				if err != nil {
					return 0, 0, err
				}
				for n < b-a && n < d-c {
					x, y := a+n, c+n
					if suffix {
						x, y = b-1-n, d-1-n
					}
					if key(s.At(x)) != key(t.At(y)) {
						break
					}
					n++
				}
				return n, b - a, nil
			}
			t = append(t,
				arg.FN(name+"?", 2, 6, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					n, l, err := common(name+"?", args)
					return datum.Bool(n == l), err
				}),
				arg.FN("string-"+word+"-length"+strings.TrimPrefix(name, "string-"+word), 2, 6, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					n, _, err := common(name, args)
					return datum.Fix(int64(n)), err
				}))
		}
	}
	return t
}

// twoPieces checks for two strings with optional ranges: s1 s2 start1 end1
// start2 end2.
func twoPieces(who string, args []datum.Value) (s, t *datum.String, a, b, c, d int, err error) {
	if s, a, b, err = piece(who, args, 0, 2); err != nil {
		return
	}
	t, c, d, err = piece(who, args, 1, 4)
	return
}

func changing() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.FN("string-fill!", 2, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := arg.MutableStr("string-fill!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			c, err := arg.Char("string-fill!", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			a, b, err := arg.Range("string-fill!", args, 2, s.Len())
			for i := a; i < b; i++ {
				s.Set(i, c)
			}
			return datum.Unspecified, err
		}),
		arg.FN("substring-fill!", 4, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, err := arg.MutableStr("substring-fill!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			c, err := arg.Char("substring-fill!", 4, args[3])
			if err != nil {
				return datum.Unset, err
			}
			a, b, err := arg.Range("substring-fill!", args, 1, s.Len())
			for i := a; i < b; i++ {
				s.Set(i, c)
			}
			return datum.Unspecified, err
		}),
		arg.FN("string-copy!", 3, 5, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "string-copy!"
			to, err := arg.MutableStr(who, 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			at, err := arg.Index(who, 2, args[1], to.Len()+1)
			if err != nil {
				return datum.Unset, err
			}
			from, a, b, err := piece(who, args, 2, 3)
			if err != nil {
				return datum.Unset, err
			}
			if b-a > to.Len()-at {
				return datum.Unset, datum.OutOfRange(who, 2, args[1])
			}
			for i, c := range from.Runes(a, b) {
				to.Set(at+i, c)
			}
			return datum.Unspecified, nil
		}),
		arg.FN("substring-move!", 5, 5, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			const who = "substring-move!"
			from, a, b, err := piece(who, args, 0, 1)
			if err != nil {
				return datum.Unset, err
			}
			to, err := arg.MutableStr(who, 4, args[3])
			if err != nil {
				return datum.Unset, err
			}
			at, err := arg.Index(who, 5, args[4], to.Len()+1)
			if err != nil {
				return datum.Unset, err
			}
			if b-a > to.Len()-at {
				return datum.Unset, datum.OutOfRange(who, 5, args[4])
			}
			for i, c := range from.Runes(a, b) {
				to.Set(at+i, c)
			}
			return datum.Unspecified, nil
		}),
		arg.FN("string-replace", 2, 6, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			s, u, a, b, c, d, err := twoPieces("string-replace", args)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Concat(s.Slice(0, a).Str(), u.Slice(c, d).Str(), s.Slice(b, s.Len()).Str()), nil
		}),
	}
	for _, m := range []struct {
		name string
		f    func([]rune) []rune
	}{
		{"string-upcase", mapRunes(unicode.ToUpper)}, {"string-downcase", mapRunes(unicode.ToLower)},
		{"string-capitalize", titlecase}, {"string-titlecase", titlecase}, {"string-reverse", reversed},
	} {
		t = append(t,
			arg.FN(m.name, 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				s, a, b, err := piece(m.name, args, 0, 1)
				if err != nil {
					return datum.Unset, err
				}
				rs := s.Runes(0, s.Len())
				copy(rs[a:b], m.f(s.Runes(a, b)))
				return datum.NewStringRunes(rs), nil
			}),
			arg.FN(m.name+"!", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				s, err := arg.MutableStr(m.name+"!", 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				a, b, err := arg.Range(m.name+"!", args, 1, s.Len())
				if err != nil {
					return datum.Unset, err
				}
				for i, c := range m.f(s.Runes(a, b)) {
					s.Set(a+i, c)
				}
				return args[0], nil
			}))
	}
	for name, f := range map[string]func(string) string{
		"string-foldcase":      func(s string) string { return string(mapRunes(foldChar)([]rune(s))) },
		"string-normalize-nfc": norm.NFC.String, "string-normalize-nfd": norm.NFD.String,
		"string-normalize-nfkc": norm.NFKC.String, "string-normalize-nfkd": norm.NFKD.String,
	} {
		t = append(t, arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := arg.Text(name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewString(f(s)), nil
		}))
	}
	return t
}

func mapRunes(f func(rune) rune) func([]rune) []rune {
	return func(rs []rune) []rune {
		for i, r := range rs {
			rs[i] = f(r)
		}
		return rs
	}
}

func titlecase(rs []rune) []rune {
	inWord := false
	for i, r := range rs {
		switch {
		case !unicode.IsLetter(r) && !unicode.Is(unicode.M, r):
			inWord = false
		case inWord:
			rs[i] = unicode.ToLower(r)
		default:
			rs[i] = unicode.ToTitle(r)
			inWord = true
		}
	}
	return rs
}

func reversed(rs []rune) []rune {
	for i, j := 0, len(rs)-1; i < j; i, j = i+1, j-1 {
		rs[i], rs[j] = rs[j], rs[i]
	}
	return rs
}
