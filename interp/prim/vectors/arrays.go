package vectors

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/print"
	"fruix/interp/read"
)

// view is one way to reach the elements of any object that counts as an
// array: vectors, uniform vectors, bitvectors, strings and arrays proper.
type view struct {
	dims []datum.Dim
	get  func(off int) datum.Value
	set  func(off int, v datum.Value) bool
	inc  []int
	base int
}

func viewOf(v datum.Value) (*view, bool) {
	flat := func(n int, get func(int) datum.Value, set func(int, datum.Value) bool) (*view, bool) {
		return &view{dims: []datum.Dim{{Len: n}}, inc: []int{1}, get: get, set: set}, true
	}
	switch v.Kind() {
	case datum.KVector:
		x := v.Vector()
		return flat(len(x.Items), func(i int) datum.Value { return x.Items[i] },
			func(i int, v datum.Value) bool { x.Items[i] = v; return !x.Literal })
	case datum.KBytevector:
		b := v.Bytevector()
		size := max(read.ElemSize(b.Elem), 1)
		return flat(len(b.B)/size, func(i int) datum.Value { return print.Elem(b.Elem, b.B[i*size:]) },
			func(i int, v datum.Value) bool { return read.PutElem(b.Elem, b.B[i*size:], v) })
	case datum.KBitvector:
		b := v.Bitvector()
		return flat(len(b.Bits), func(i int) datum.Value { return datum.Bool(b.Bits[i]) },
			func(i int, v datum.Value) bool { b.Bits[i] = v.Truthy(); return true })
	case datum.KString:
		s := v.Str()
		return flat(s.Len(), func(i int) datum.Value { return datum.Char(s.At(i)) },
			func(i int, v datum.Value) bool {
				if !v.IsChar() || s.Literal {
					return false
				}
				s.Set(i, v.Char())
				return true
			})
	case datum.KArray:
		a := v.Array()
		return &view{dims: a.Dims, inc: a.Inc, base: a.Base,
			get: func(i int) datum.Value { return a.Items.Items[i] },
			set: func(i int, v datum.Value) bool { a.Items.Items[i] = v; return true }}, true
	}
	return nil, false
}

// offset finds an element; ok is false for an index out of range.
func (w *view) offset(idx []datum.Value) (int, bool) {
	if len(idx) != len(w.dims) {
		return 0, false
	}
	off := w.base
	for k, v := range idx {
		if !v.IsFix() {
			return 0, false
		}
		i := v.Fix() - int64(w.dims[k].Lo)
		if i < 0 || i >= int64(w.dims[k].Len) {
			return 0, false
		}
		off += int(i) * w.inc[k]
	}
	return off, true
}

// dimensions reads the bounds arguments of make-array: lengths or (lo hi).
func dimensions(who string, args []datum.Value, at int) ([]datum.Dim, int, error) {
	total := 1
	dims := make([]datum.Dim, len(args))
	for k, v := range args {
		if v.IsPair() && arg.Length(v) == 2 && v.Pair().Car.IsFix() && v.Pair().Cdr.Pair().Car.IsFix() {
			lo, hi := v.Pair().Car.Fix(), v.Pair().Cdr.Pair().Car.Fix()
			if lo < -1<<40 || hi > 1<<40 || hi < lo-1 {
				return nil, 0, datum.OutOfRange(who, at+k, v)
			}
			dims[k] = datum.Dim{Lo: int(lo), Len: int(hi - lo + 1)}
		} else {
			n, err := arg.Size(who, at+k, v)
			if err != nil {
				return nil, 0, err
			}
			dims[k] = datum.Dim{Len: n}
		}
		if total > 0 && dims[k].Len > 1<<32/total {
			return nil, 0, datum.OutOfRange(who, at+k, v)
		}
		total *= dims[k].Len
	}
	return dims, total, nil
}

func makeTyped(who string, typ string, fill datum.Value, bounds []datum.Value, at int) (datum.Value, error) {
	dims, n, err := dimensions(who, bounds, at)
	if err != nil {
		return datum.Unset, err
	}
	if len(dims) == 1 && dims[0].Lo == 0 {
		switch {
		case typ == "":
			return makeVector(nil, []datum.Value{datum.Fix(int64(n)), fill})
		case typ == "b":
			b := make([]bool, n)
			for i := range b {
				b[i] = fill.Truthy() && fill != datum.Unspecified
			}
			return datum.NewBitvector(b), nil
		case typ == "a":
			rs := make([]rune, n)
			for i := range rs {
				rs[i] = ' '
				if fill.IsChar() {
					rs[i] = fill.Char()
				}
			}
			return datum.NewStringRunes(rs), nil
		}
		size := read.ElemSize(typ)
		if size == 0 {
			return datum.Unset, datum.WrongType(who, 1, datum.Sym(typ))
		}
		b := datum.NewBytevector(make([]byte, n*size))
		b.Bytevector().Elem = typ
		if typ == "vu8" {
			b.Bytevector().Elem = ""
		}
		for i := 0; i < n && fill != datum.Unspecified; i++ {
			if !read.PutElem(typ, b.Bytevector().B[i*size:], fill) {
				return datum.Unset, datum.WrongType(who, 2, fill)
			}
		}
		return b, nil
	}
	items, err := makeVector(nil, []datum.Value{datum.Fix(int64(n)), fill})
	if err != nil {
		return datum.Unset, err
	}
	if fill == datum.Unspecified && typ != "" {
		for i := range items.Vector().Items {
			items.Vector().Items[i] = datum.Fix(0)
		}
	}
	a := &datum.Array{Type: typ, Dims: dims, Inc: make([]int, len(dims)), Items: items.Vector()}
	inc := 1
	for k := len(dims) - 1; k >= 0; k-- {
		a.Inc[k] = inc
		inc *= dims[k].Len
	}
	return datum.NewArray(a), nil
}

func typeTag(v datum.Value) string {
	if v.IsSymbol() {
		return v.Symbol().Name
	}
	return ""
}

func arrays() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.FN("array?", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			_, ok := viewOf(args[0])
			return datum.Bool(ok), nil
		}),
		arg.FN("make-array", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return makeTyped("make-array", "", args[0], args[1:], 2)
		}),
		arg.FN("make-typed-array", 2, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return makeTyped("make-typed-array", typeTag(args[0]), args[1], args[2:], 3)
		}),
		arg.FN("array-ref", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-ref", args[0])
			if err != nil {
				return datum.Unset, err
			}
			off, ok := w.offset(args[1:])
			if !ok {
				return datum.Unset, datum.ValueOutOfRange("array-ref", datum.List(args[1:]...))
			}
			return w.get(off), nil
		}),
		arg.FN("array-set!", 2, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-set!", args[0])
			if err != nil {
				return datum.Unset, err
			}
			off, ok := w.offset(args[2:])
			if !ok {
				return datum.Unset, datum.ValueOutOfRange("array-set!", datum.List(args[2:]...))
			}
			if !w.set(off, args[1]) {
				return datum.Unset, datum.WrongType("array-set!", 2, args[1])
			}
			return datum.Unspecified, nil
		}),
		arg.FN("array-in-bounds?", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-in-bounds?", args[0])
			if err != nil {
				return datum.Unset, err
			}
			_, ok := w.offset(args[1:])
			return datum.Bool(ok), nil
		}),
		arg.F1("array-rank", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-rank", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(w.dims))), nil
		}),
		arg.F1("array-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-length", v)
			if err != nil || len(w.dims) == 0 {
				return datum.Unset, datum.WrongType("array-length", 1, v)
			}
			return datum.Fix(int64(w.dims[0].Len)), nil
		}),
		arg.F1("array-dimensions", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return shapeOf("array-dimensions", v, false) }),
		arg.F1("array-shape", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return shapeOf("array-shape", v, true) }),
		arg.F1("array-type", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if _, err := check("array-type", v); err != nil {
				return datum.Unset, err
			}
			switch v.Kind() {
			case datum.KBytevector:
				if e := v.Bytevector().Elem; e != "" {
					return datum.Sym(e), nil
				}
				return datum.Sym("vu8"), nil
			case datum.KBitvector:
				return datum.Sym("b"), nil
			case datum.KString:
				return datum.Sym("a"), nil
			case datum.KArray:
				if e := v.Array().Type; e != "" {
					return datum.Sym(e), nil
				}
			}
			return datum.True, nil
		}),
		arg.F1("array->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array->list", v)
			if err != nil {
				return datum.Unset, err
			}
			return w.list(0, w.base), nil
		}),
		arg.F2("list->array", func(_ datum.Caller, shape, l datum.Value) (datum.Value, error) {
			return listToArray("list->array", "", shape, l)
		}),
		arg.F3("list->typed-array", func(_ datum.Caller, typ, shape, l datum.Value) (datum.Value, error) {
			return listToArray("list->typed-array", typeTag(typ), shape, l)
		}),
		arg.F2("array-fill!", func(_ datum.Caller, a, v datum.Value) (datum.Value, error) {
			w, err := check("array-fill!", a)
			if err != nil {
				return datum.Unset, err
			}
			ok := true
			w.each(0, w.base, func(off int) { ok = w.set(off, v) && ok })
			if !ok {
				return datum.Unset, datum.WrongType("array-fill!", 2, v)
			}
			return datum.Unspecified, nil
		}),
	}
	return t
}

func check(who string, v datum.Value) (*view, error) {
	w, ok := viewOf(v)
	if !ok {
		return nil, datum.WrongTypeExpecting(who, 1, v, "array")
	}
	return w, nil
}

func (w *view) each(k, off int, f func(off int)) {
	if k == len(w.dims) {
		f(off)
		return
	}
	for i := 0; i < w.dims[k].Len; i++ {
		w.each(k+1, off+i*w.inc[k], f)
	}
}

func (w *view) list(k, off int) datum.Value {
	if k == len(w.dims) {
		return w.get(off)
	}
	items := make([]datum.Value, w.dims[k].Len)
	for i := range items {
		items[i] = w.list(k+1, off+i*w.inc[k])
	}
	return datum.List(items...)
}

func shapeOf(who string, v datum.Value, full bool) (datum.Value, error) {
	w, err := check(who, v)
	if err != nil {
		return datum.Unset, err
	}
	var out []datum.Value
	for _, d := range w.dims {
		if d.Lo == 0 && !full {
			out = append(out, datum.Fix(int64(d.Len)))
			continue
		}
		out = append(out, datum.List(datum.Fix(int64(d.Lo)), datum.Fix(int64(d.Lo+d.Len-1))))
	}
	return datum.List(out...), nil
}

// listToArray makes an array of nested lists; shape is a rank or a list of
// lower bounds.
func listToArray(who, typ string, shape, l datum.Value) (datum.Value, error) {
	var lows []int
	if shape.IsFix() {
		n, err := arg.Index(who, 1, shape, 32)
		if err != nil {
			return datum.Unset, err
		}
		lows = make([]int, n)
	} else {
		items, err := arg.List(who, 1, shape)
		if err != nil {
			return datum.Unset, err
		}
		for _, v := range items {
			n, err := arg.Int(who, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			lows = append(lows, n)
		}
	}
	var bounds []datum.Value
	row := l
	for _, lo := range lows {
		n := arg.Length(row)
		if n < 0 {
			return datum.Unset, datum.WrongTypeExpecting(who, 2, l, "list")
		}
		bounds = append(bounds, datum.List(datum.Fix(int64(lo)), datum.Fix(int64(lo+n-1))))
		if n > 0 {
			row = row.Pair().Car
		} else {
			row = datum.Null
		}
	}
	a, err := makeTyped(who, typ, datum.Unspecified, bounds, 1)
	if err != nil {
		return datum.Unset, err
	}
	w, _ := viewOf(a)
	return a, w.store(who, l, 0, w.base)
}

func (w *view) store(who string, l datum.Value, k, off int) error {
	if k == len(w.dims) {
		if !w.set(off, l) {
			return datum.WrongType(who, 2, l)
		}
		return nil
	}
	if arg.Length(l) != w.dims[k].Len {
		return datum.Misc(who, "the rows of the list differ in length: ~S", l)
	}
	for i := 0; l.IsPair(); i, l = i+1, l.Pair().Cdr {
		if err := w.store(who, l.Pair().Car, k+1, off+i*w.inc[k]); err != nil {
			return err
		}
	}
	return nil
}
