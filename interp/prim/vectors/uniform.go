package vectors

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/print"
	"fruix/interp/read"
)

// uniform lists the procedures of SRFI 4.
func uniform() []*datum.Primitive {
	var t []*datum.Primitive
	for _, elem := range []string{"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "c32", "c64"} {
		size := read.ElemSize(elem)
		name := elem + "vector"
		check := func(who string, v datum.Value) (*datum.Bytevector, error) {
			if v.Is(datum.KBytevector) && (v.Bytevector().Elem == elem || elem == "u8" && v.Bytevector().Elem == "") {
				return v.Bytevector(), nil
			}
			return nil, datum.WrongTypeExpecting(who, 1, v, name)
		}
		fill := func(who string, items []datum.Value) (datum.Value, error) {
			b := make([]byte, size*len(items))
			for i, v := range items {
				if !read.PutElem(elem, b[i*size:], v) {
					return datum.Unset, datum.OutOfRange(who, i+1, v)
				}
			}
			bv := datum.NewBytevector(b)
			bv.Bytevector().Elem = elem
			return bv, nil
		}
		t = append(t,
			arg.Is(name+"?", func(v datum.Value) bool { _, err := check("", v); return err == nil }),
			arg.FN(name, 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return fill(name, args) }),
			arg.FN("make-"+name, 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				n, err := arg.Size("make-"+name, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				b := make([]byte, n*size)
				if v, ok := arg.Given(args, 1); ok {
					for i := 0; i < len(b); i += size {
						if !read.PutElem(elem, b[i:], v) {
							return datum.Unset, datum.OutOfRange("make-"+name, 2, v)
						}
					}
				}
				bv := datum.NewBytevector(b)
				bv.Bytevector().Elem = elem
				return bv, nil
			}),
			arg.F1(name+"-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
				b, err := check(name+"-length", v)
				if err != nil {
					return datum.Unset, err
				}
				return datum.Fix(int64(len(b.B) / size)), nil
			}),
			arg.F2(name+"-ref", func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
				b, err := check(name+"-ref", v)
				if err != nil {
					return datum.Unset, err
				}
				i, err := arg.Index(name+"-ref", 2, k, len(b.B)/size)
				if err != nil {
					return datum.Unset, err
				}
				return print.Elem(elem, b.B[i*size:]), nil
			}),
			arg.F3(name+"-set!", func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) {
				b, err := check(name+"-set!", v)
				if err != nil {
					return datum.Unset, err
				}
				i, err := arg.Index(name+"-set!", 2, k, len(b.B)/size)
				if err != nil {
					return datum.Unset, err
				}
				if b.Literal {
					return datum.Unset, datum.WrongType(name+"-set!", 1, v)
				}
				if !read.PutElem(elem, b.B[i*size:], x) {
					return datum.Unset, datum.OutOfRange(name+"-set!", 3, x)
				}
				return datum.Unspecified, nil
			}),
			arg.F1(name+"->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
				b, err := check(name+"->list", v)
				if err != nil {
					return datum.Unset, err
				}
				return datum.List(elements(b)...), nil
			}),
			arg.F1("list->"+name, func(_ datum.Caller, l datum.Value) (datum.Value, error) {
				items, err := arg.List("list->"+name, 1, l)
				if err != nil {
					return datum.Unset, err
				}
				return fill("list->"+name, items)
			}))
	}
	return t
}

// elements decodes a uniform vector.
func elements(b *datum.Bytevector) []datum.Value {
	size := max(read.ElemSize(b.Elem), 1)
	out := make([]datum.Value, 0, len(b.B)/size)
	for i := 0; i+size <= len(b.B); i += size {
		out = append(out, print.Elem(b.Elem, b.B[i:]))
	}
	return out
}

// bits lists the procedures of bitvectors.
func bits() []*datum.Primitive {
	check := func(who string, v datum.Value) (*datum.Bitvector, error) {
		if !v.Is(datum.KBitvector) {
			return nil, datum.WrongTypeExpecting(who, 1, v, "bitvector")
		}
		return v.Bitvector(), nil
	}
	fromList := func(items []datum.Value) datum.Value {
		b := make([]bool, len(items))
		for i, v := range items {
			b[i] = v.Truthy()
		}
		return datum.NewBitvector(b)
	}
	at := func(who string, v, k datum.Value) (*bool, error) {
		b, err := check(who, v)
		if err != nil {
			return nil, err
		}
		i, err := arg.Index(who, 2, k, len(b.Bits))
		if err != nil {
			return nil, err
		}
		return &b.Bits[i], nil
	}
	ref := func(who string) *datum.Primitive {
		return arg.F2(who, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			p, err := at(who, v, k)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(*p), nil
		})
	}
	set := func(who string, fixed bool, to bool) *datum.Primitive {
		f := func(v, k datum.Value, to bool) (datum.Value, error) {
			p, err := at(who, v, k)
			if err == nil {
				*p = to
			}
			return datum.Unspecified, err
		}
		if fixed {
			return arg.F2(who, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) { return f(v, k, to) })
		}
		return arg.F3(who, func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) { return f(v, k, x.Truthy()) })
	}
	return []*datum.Primitive{
		arg.Is("bitvector?", func(v datum.Value) bool { return v.Is(datum.KBitvector) }),
		arg.FN("make-bitvector", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Size("make-bitvector", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			b := make([]bool, n)
			if v, ok := arg.Given(args, 1); ok && v.Truthy() {
				for i := range b {
					b[i] = true
				}
			}
			return datum.NewBitvector(b), nil
		}),
		arg.FN("bitvector", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return fromList(args), nil }),
		arg.F1("list->bitvector", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("list->bitvector", 1, l)
			return fromList(items), err
		}),
		arg.F1("bitvector->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := check("bitvector->list", v)
			if err != nil {
				return datum.Unset, err
			}
			l := datum.Null
			for i := len(b.Bits) - 1; i >= 0; i-- {
				l = datum.Cons(datum.Bool(b.Bits[i]), l)
			}
			return l, nil
		}),
		arg.F1("bitvector-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := check("bitvector-length", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(b.Bits))), nil
		}),
		ref("bitvector-ref"), ref("bitvector-bit-set?"),
		set("bitvector-set!", false, false), set("bitvector-set-bit!", true, true), set("bitvector-clear-bit!", true, false),
		arg.F1("bitvector-count", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := check("bitvector-count", v)
			if err != nil {
				return datum.Unset, err
			}
			n := int64(0)
			for _, x := range b.Bits {
				if x {
					n++
				}
			}
			return datum.Fix(n), nil
		}),
	}
}
