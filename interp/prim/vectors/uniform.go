package vectors

import (
	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// uniform lists the procedures of SRFI 4.
func uniform() []*datum.Primitive {
	var t []*datum.Primitive
	for _, elem := range []string{"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "c32", "c64"} {
		size := datum.ElemSize(elem)
		name := elem + "vector"
		is := func(v datum.Value) bool { return v.Is(datum.KBytevector) && v.Bytevector().Elem == elem }
		// As in Guile, what reads and writes takes any bytevector, whose bytes it
		// sees as elements of its own type.
		check := func(who string, v datum.Value) (*datum.Bytevector, error) {
			if v.Is(datum.KBytevector) {
				return v.Bytevector(), nil
			}
			return nil, datum.WrongTypeExpecting(who, 1, v, name)
		}
		fill := func(who string, items []datum.Value) (datum.Value, error) {
			b := make([]byte, size*len(items))
			for i, v := range items {
				if !array.PutElement(elem, b[i*size:], v) {
					return datum.Unset, datum.OutOfRange(who, i+1, v)
				}
			}
			bv := datum.NewBytevector(b)
			bv.Bytevector().Elem = elem
			return bv, nil
		}
		t = append(t,
			arg.Is(name+"?", is),
			arg.FN(name, 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return fill(name, args) }),
			arg.FN("make-"+name, 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
				n, err := arg.Size("make-"+name, 1, args[0])
				if err != nil {
					return datum.Unset, err
				}
				b := make([]byte, n*size)
				if v, ok := arg.Given(args, 1); ok {
					for i := 0; i < len(b); i += size {
						if !array.PutElement(elem, b[i:], v) {
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
				return array.Element(elem, b.B[i*size:]), nil
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
				if !array.PutElement(elem, b.B[i*size:], x) {
					return datum.Unset, datum.OutOfRange(name+"-set!", 3, x)
				}
				return datum.Unspecified, nil
			}),
			arg.F1(name+"->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
				b, err := check(name+"->list", v)
				if err != nil {
					return datum.Unset, err
				}
				out := make([]datum.Value, 0, len(b.B)/size)
				for i := 0; i+size <= len(b.B); i += size {
					out = append(out, array.Element(elem, b.B[i:]))
				}
				return datum.List(out...), nil
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

// generic lists what works on uniform vectors of any element type.
func generic() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F1("srfi-4-vector-type-size", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := arg.Bytes("srfi-4-vector-type-size", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(b.ElemSize())), nil
		}),
		arg.FN("make-srfi-4-vector", 2, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			fill := datum.Unspecified
			if v, ok := arg.Given(args, 2); ok {
				fill = v
			}
			if tag, ok := typeTag(args[0]); !ok || datum.ElemSize(tag) == 0 || tag == "" {
				return datum.Unset, datum.WrongTypeExpecting("make-srfi-4-vector", 1, args[0], "uniform vector type")
			}
			return makeTyped("make-srfi-4-vector", args[0], fill, args[1:2], 2)
		}),
	}
}

// elements decodes a uniform vector.
func elements(b *datum.Bytevector) []datum.Value {
	size := b.ElemSize()
	out := make([]datum.Value, 0, len(b.B)/size)
	for i := 0; i+size <= len(b.B); i += size {
		out = append(out, array.Element(b.Elem, b.B[i:]))
	}
	return out
}
