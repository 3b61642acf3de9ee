package vectors

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf16"
	"unicode/utf8"

	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

var (
	little = datum.Sym("little")
	bigEnd = datum.Sym("big")
)

func bytevectors() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.Is("bytevector?", func(v datum.Value) bool { return v.Is(datum.KBytevector) }),
		arg.FN("make-bytevector", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Size("make-bytevector", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			b := make([]byte, n)
			if v, ok := arg.Given(args, 1); ok {
				c, err := octet("make-bytevector", 2, v)
				if err != nil {
					return datum.Unset, err
				}
				for i := range b {
					b[i] = c
				}
			}
			return datum.NewBytevector(b), nil
		}),
		arg.FN("bytevector", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			b := make([]byte, len(args))
			for i, v := range args {
				var err error
				if b[i], err = octet("bytevector", i+1, v); err != nil {
					return datum.Unset, err
				}
			}
			return datum.NewBytevector(b), nil
		}),
		arg.F1("bytevector-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := arg.Bytes("bytevector-length", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(b.B))), nil
		}),
		arg.F2("bytevector=?", func(_ datum.Caller, x, y datum.Value) (datum.Value, error) {
			a, err := arg.Bytes("bytevector=?", 1, x)
			if err != nil {
				return datum.Unset, err
			}
			b, err := arg.Bytes("bytevector=?", 2, y)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(bytes.Equal(a.B, b.B)), nil
		}),
		arg.FN("bytevector-fill!", 2, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			b, err := arg.MutableBytes("bytevector-fill!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			c, err := octet("bytevector-fill!", 2, args[1])
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range("bytevector-fill!", args, 2, len(b.B))
			for i := s; i < e; i++ {
				b.B[i] = c
			}
			return datum.Unspecified, err
		}),
		arg.FN("bytevector-copy", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			b, err := arg.Bytes("bytevector-copy", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range("bytevector-copy", args, 1, len(b.B))
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewBytevector(append([]byte(nil), b.B[s:e]...)), nil
		}),
		arg.FN("bytevector-slice", 2, 3, sliceBytes),
		arg.F1("uniform-array->bytevector", uniformToBytes),
		// The order of arguments is R7RS's: to at from start end.
		arg.FN("r7rs:bytevector-copy!", 3, 5, bytesCopyR7RS),
		arg.FN("bytevector-copy!", 5, 5, bytesCopyR6RS),
		arg.FN("bytevector-append", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			var out []byte
			for i, a := range args {
				b, err := arg.Bytes("bytevector-append", i+1, a)
				if err != nil {
					return datum.Unset, err
				}
				out = append(out, b.B...)
			}
			return datum.NewBytevector(out), nil
		}),
		arg.F1("bytevector->u8-list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := arg.Bytes("bytevector->u8-list", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			l := datum.Null
			for i := len(b.B) - 1; i >= 0; i-- {
				l = datum.Cons(datum.Fix(int64(b.B[i])), l)
			}
			return l, nil
		}),
		arg.F1("u8-list->bytevector", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("u8-list->bytevector", 1, l)
			if err != nil {
				return datum.Unset, err
			}
			b := make([]byte, len(items))
			for i, v := range items {
				if b[i], err = octet("u8-list->bytevector", 1, v); err != nil {
					return datum.Unset, datum.WrongType("u8-list->bytevector", 1, v)
				}
			}
			return datum.NewBytevector(b), nil
		}),
		arg.F0("native-endianness", func(datum.Caller) (datum.Value, error) { return little, nil }),
		arg.FN("utf8->string", 1, 3, utf8ToString), arg.FN("string->utf8", 1, 3, stringToUTF8),
		arg.FN("string->utf16", 1, 2, stringToWide(2)), arg.FN("string->utf32", 1, 2, stringToWide(4)),
		arg.FN("utf16->string", 1, 2, wideToString(2)), arg.FN("utf32->string", 1, 2, wideToString(4)),
	}
	t = append(t, intAccess()...)
	return append(t, floatAccess()...)
}

func octet(who string, pos int, v datum.Value) (byte, error) {
	n, err := arg.Int(who, pos, v)
	if err != nil {
		return 0, err
	}
	if n < -128 || n > 255 {
		return 0, datum.OutOfRange(who, pos, v)
	}
	return byte(n), nil
}

// sliceBytes is (bytevector-slice bv offset [size]): a bytevector over
// the same bytes, of the same element type where they are whole elements.
func sliceBytes(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "bytevector-slice"
	b, err := arg.Bytes(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	at, err := arg.Index(who, 2, args[1], len(b.B)+1)
	if err != nil {
		return datum.Unset, err
	}
	n := len(b.B) - at
	if v, ok := arg.Given(args, 2); ok {
		if n, err = arg.Index(who, 3, v, n+1); err != nil {
			return datum.Unset, err
		}
	}
	v := datum.NewBytevector(b.B[at : at+n : at+n])
	v.Bytevector().Literal = b.Literal
	if size := b.ElemSize(); at%size == 0 && n%size == 0 {
		v.Bytevector().Elem = b.Elem
	}
	return v, nil
}

// uniformToBytes is uniform-array->bytevector: the elements of an array in the
// machine's format, bits in words of 32.
func uniformToBytes(_ datum.Caller, v datum.Value) (datum.Value, error) {
	const who = "uniform-array->bytevector"
	w, err := check(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	n, size := w.Count(), datum.ElemSize(w.Tag)
	switch {
	case w.Tag == "b":
		out := make([]byte, (n+31)/32*4)
		for i := 0; i < n; i++ {
			if w.Get(w.Row(i)) == datum.True {
				out[i/8] |= 1 << (i % 8)
			}
		}
		return datum.NewBytevector(out), nil
	case w.Tag == "" || size == 0:
		return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "uniform array")
	}
	out := make([]byte, n*size)
	for i := 0; i < n; i++ {
		array.PutElement(w.Tag, out[i*size:], w.Get(w.Row(i)))
	}
	return datum.NewBytevector(out), nil
}

func bytesCopyR7RS(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "bytevector-copy!"
	to, err := arg.MutableBytes(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	from, err := arg.Bytes(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	at, err := arg.Index(who, 2, args[1], len(to.B)+1)
	if err != nil {
		return datum.Unset, err
	}
	s, e, err := arg.Range(who, args, 3, len(from.B))
	if err != nil {
		return datum.Unset, err
	}
	if e-s > len(to.B)-at {
		return datum.Unset, datum.OutOfRange(who, 2, args[1])
	}
	copy(to.B[at:], from.B[s:e])
	return datum.Unspecified, nil
}

// bytesCopyR6RS is bytevector-copy! as (guile) and R6RS have it: source
// source-start target target-start count.
func bytesCopyR6RS(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "bytevector-copy!"
	from, err := arg.Bytes(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	s, err := arg.Index(who, 2, args[1], len(from.B)+1)
	if err != nil {
		return datum.Unset, err
	}
	to, err := arg.MutableBytes(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	at, err := arg.Index(who, 4, args[3], len(to.B)+1)
	if err != nil {
		return datum.Unset, err
	}
	n, err := arg.Count(who, 5, args[4])
	if err != nil {
		return datum.Unset, err
	}
	if n > len(from.B)-s || n > len(to.B)-at {
		return datum.Unset, datum.OutOfRange(who, 5, args[4])
	}
	copy(to.B[at:at+n], from.B[s:s+n])
	return datum.Unspecified, nil
}

func utf8ToString(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	b, err := arg.Bytes("utf8->string", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	s, e, err := arg.Range("utf8->string", args, 1, len(b.B))
	if err != nil {
		return datum.Unset, err
	}
	if !utf8.Valid(b.B[s:e]) {
		return datum.Unset, &datum.Error{Key: "decoding-error", Who: "utf8->string",
			Message: "input locale conversion error", Irritants: []datum.Value{}, Rest: datum.List(datum.Fix(84), args[0]), Payload: datum.Unset}
	}
	return datum.NewString(string(b.B[s:e])), nil
}

func stringToUTF8(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	str, err := arg.Str("string->utf8", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	s, e, err := arg.Range("string->utf8", args, 1, str.Len())
	if err != nil {
		return datum.Unset, err
	}
	return datum.NewBytevector([]byte(str.Sub(s, e))), nil
}

// order reads an endianness argument.
func order(who string, args []datum.Value, i int, def binary.ByteOrder) (binary.ByteOrder, error) {
	v, ok := arg.Given(args, i)
	switch {
	case !ok:
		return def, nil
	case v == little:
		return binary.LittleEndian, nil
	case v == bigEnd:
		return binary.BigEndian, nil
	}
	return nil, datum.OutOfRange(who, i+1, v)
}

func stringToWide(width int) func(datum.Caller, []datum.Value) (datum.Value, error) {
	who := map[int]string{2: "string->utf16", 4: "string->utf32"}[width]
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		str, err := arg.Str(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		o, err := order(who, args, 1, binary.BigEndian)
		if err != nil {
			return datum.Unset, err
		}
		rs := str.Runes(0, str.Len())
		var out []byte
		if width == 2 {
			for _, u := range utf16.Encode(rs) {
				out = append(out, 0, 0)
				o.PutUint16(out[len(out)-2:], u)
			}
		} else {
			for _, r := range rs {
				out = append(out, 0, 0, 0, 0)
				o.PutUint32(out[len(out)-4:], uint32(r))
			}
		}
		return datum.NewBytevector(out), nil
	}
}

func wideToString(width int) func(datum.Caller, []datum.Value) (datum.Value, error) {
	who := map[int]string{2: "utf16->string", 4: "utf32->string"}[width]
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		b, err := arg.Bytes(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		o, err := order(who, args, 1, binary.BigEndian)
		if err != nil {
			return datum.Unset, err
		}
		var rs []rune
		if width == 2 {
			var us []uint16
			for i := 0; i+2 <= len(b.B); i += 2 {
				us = append(us, o.Uint16(b.B[i:]))
			}
			rs = utf16.Decode(us)
		} else {
			for i := 0; i+4 <= len(b.B); i += 4 {
				r := rune(o.Uint32(b.B[i:]))
				if !utf8.ValidRune(r) {
					r = utf8.RuneError
				}
				rs = append(rs, r)
			}
		}
		return datum.NewStringRunes(rs), nil
	}
}

// field finds the bytes that an accessor reads or writes.
func field(who string, args []datum.Value, size int, write bool) ([]byte, error) {
	get := arg.Bytes
	if write {
		get = arg.MutableBytes
	}
	b, err := get(who, 1, args[0])
	if err != nil {
		return nil, err
	}
	i, err := arg.Index(who, 2, args[1], len(b.B)-size+1)
	if err != nil {
		return nil, err
	}
	return b.B[i : i+size], nil
}

// getInt decodes an integer of any size.
func getInt(b []byte, o binary.ByteOrder, signed bool) datum.Value {
	be := append([]byte(nil), b...)
	if o == binary.LittleEndian {
		for i, j := 0, len(be)-1; i < j; i, j = i+1, j-1 {
			be[i], be[j] = be[j], be[i]
		}
	}
	n := new(big.Int).SetBytes(be)
	if signed && len(be) > 0 && be[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(be))))
	}
	return datum.Big(n)
}

// putInt encodes an integer and reports whether it fits.
func putInt(b []byte, v datum.Value, o binary.ByteOrder, signed bool) bool {
	n, ok := num.BigInt(v)
	if !ok {
		return false
	}
	limit := uint(8 * len(b))
	m := new(big.Int).Set(n)
	if signed {
		half := new(big.Int).Lsh(big.NewInt(1), limit-1)
		if n.Cmp(half) >= 0 || n.Cmp(new(big.Int).Neg(half)) < 0 {
			return false
		}
		if n.Sign() < 0 {
			m.Add(m, new(big.Int).Lsh(big.NewInt(1), limit))
		}
	} else if n.Sign() < 0 || uint(n.BitLen()) > limit {
		return false
	}
	m.FillBytes(b)
	if o == binary.LittleEndian {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	return true
}

func intAccess() []*datum.Primitive {
	var t []*datum.Primitive
	for _, a := range []struct {
		name   string
		size   int
		signed bool
	}{{"u8", 1, false}, {"s8", 1, true}, {"u16", 2, false}, {"s16", 2, true}, {"u32", 4, false}, {"s32", 4, true}, {"u64", 8, false}, {"s64", 8, true}} {
		ref, set := "bytevector-"+a.name+"-ref", "bytevector-"+a.name+"-set!"
		access := func(ref, set string, at int, def binary.ByteOrder) {
			n := 2
			if at > 0 {
				n = 3
			}
			t = append(t,
				arg.FN(ref, n, n, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					f, err := field(ref, args, a.size, false)
					if err != nil {
						return datum.Unset, err
					}
					if a.size == 1 && !a.signed {
						return datum.Fix(int64(f[0])), nil
					}
					o, err := order(ref, args, 2, def)
					if err != nil {
						return datum.Unset, err
					}
					return getInt(f, o, a.signed), nil
				}),
				arg.FN(set, n+1, n+1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					f, err := field(set, args, a.size, true)
					if err != nil {
						return datum.Unset, err
					}
					o, err := order(set, args, 3, def)
					if err != nil {
						return datum.Unset, err
					}
					if !putInt(f, args[2], o, a.signed) {
						return datum.Unset, datum.OutOfRange(set, 3, args[2])
					}
					return datum.Unspecified, nil
				}))
		}
		if a.size == 1 {
			access(ref, set, 0, binary.LittleEndian)
			continue
		}
		access(ref, set, 2, binary.LittleEndian)
		access("bytevector-"+a.name+"-native-ref", "bytevector-"+a.name+"-native-set!", 0, binary.LittleEndian)
	}
	for _, signed := range []bool{false, true} {
		kind := map[bool]string{false: "uint", true: "sint"}[signed]
		ref, set := "bytevector-"+kind+"-ref", "bytevector-"+kind+"-set!"
		toList, fromList := "bytevector->"+kind+"-list", kind+"-list->bytevector"
		t = append(t,
			arg.FN(ref, 4, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				size, err := arg.Size(ref, 4, args[3])
				if err != nil {
					return datum.Unset, err
				}
				f, err := field(ref, args, size, false)
				if err != nil {
					return datum.Unset, err
				}
				o, err := order(ref, args, 2, binary.LittleEndian)
				if err != nil {
					return datum.Unset, err
				}
				return getInt(f, o, signed), nil
			}),
			arg.FN(set, 5, 5, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				size, err := arg.Size(set, 5, args[4])
				if err != nil {
					return datum.Unset, err
				}
				f, err := field(set, args, size, true)
				if err != nil {
					return datum.Unset, err
				}
				o, err := order(set, args, 3, binary.LittleEndian)
				if err != nil {
					return datum.Unset, err
				}
				if !putInt(f, args[2], o, signed) {
					return datum.Unset, datum.OutOfRange(set, 3, args[2])
				}
				return datum.Unspecified, nil
			}),
			arg.FN(toList, 3, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				b, err := arg.Bytes(toList, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				o, err := order(toList, args, 1, binary.LittleEndian)
				if err != nil {
					return datum.Unset, err
				}
				size, err := arg.Size(toList, 3, args[2])
				if err != nil || size == 0 {
					return datum.Unset, datum.OutOfRange(toList, 3, args[2])
				}
				if len(b.B)%size != 0 {
					return datum.Unset, datum.WrongTypeExpecting(toList, 3, args[2], "exact positive integer that divides the length of the bytevector")
				}
				var out []datum.Value
				for i := 0; i < len(b.B); i += size {
					out = append(out, getInt(b.B[i:i+size], o, signed))
				}
				return datum.List(out...), nil
			}),
			arg.FN(fromList, 3, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				items, err := arg.List(fromList, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				o, err := order(fromList, args, 1, binary.LittleEndian)
				if err != nil {
					return datum.Unset, err
				}
				size, err := arg.Index(fromList, 3, args[2], 1<<20)
				if err != nil || size == 0 {
					return datum.Unset, datum.OutOfRange(fromList, 3, args[2])
				}
				b := make([]byte, size*len(items))
				for i, v := range items {
					if !putInt(b[i*size:(i+1)*size], v, o, signed) {
						return datum.Unset, datum.OutOfRange(fromList, 1, v)
					}
				}
				return datum.NewBytevector(b), nil
			}))
	}
	return t
}

func floatAccess() []*datum.Primitive {
	var t []*datum.Primitive
	for name, size := range map[string]int{"single": 4, "double": 8} {
		for _, native := range []bool{false, true} {
			base := "bytevector-ieee-" + name
			n := 3
			if native {
				base += "-native"
				n = 2
			}
			ref, set := base+"-ref", base+"-set!"
			t = append(t,
				arg.FN(ref, n, n, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					f, err := field(ref, args, size, false)
					if err != nil {
						return datum.Unset, err
					}
					o, err := order(ref, args, 2, binary.LittleEndian)
					if err != nil {
						return datum.Unset, err
					}
					if size == 4 {
						return datum.Flo(float64(math.Float32frombits(o.Uint32(f)))), nil
					}
					return datum.Flo(math.Float64frombits(o.Uint64(f))), nil
				}),
				arg.FN(set, n+1, n+1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
					f, err := field(set, args, size, true)
					if err != nil {
						return datum.Unset, err
					}
					o, err := order(set, args, 3, binary.LittleEndian)
					if err != nil {
						return datum.Unset, err
					}
					x, ok := num.Float64(args[2])
					if !ok {
						return datum.Unset, datum.WrongType(set, 3, args[2])
					}
					if size == 4 {
						o.PutUint32(f, math.Float32bits(float32(x)))
					} else {
						o.PutUint64(f, math.Float64bits(x))
					}
					return datum.Unspecified, nil
				}))
		}
	}
	return t
}
