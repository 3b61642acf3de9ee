package vectors

import (
	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// arrays lists the procedures of arrays that take no procedures.
func arrays() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.FN("array?", 1, 2, isArray), arg.FN("typed-array?", 2, 2, isArray),
		arg.FN("make-array", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return makeTyped("make-array", datum.True, args[0], args[1:], 2)
		}),
		arg.FN("make-typed-array", 2, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return makeTyped("make-typed-array", args[0], args[1], args[2:], 3)
		}),
		arg.FN("make-generalized-vector", 2, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			fill := datum.Unspecified
			if v, ok := arg.Given(args, 2); ok {
				fill = v
			}
			return makeTyped("make-generalized-vector", args[0], fill, args[1:2], 2)
		}),
		arg.FN("array-ref", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-ref", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			off, err := offset("array-ref", &w, args[1:])
			if err != nil {
				return datum.Unset, err
			}
			return w.Get(off), nil
		}),
		arg.FN("array-set!", 2, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := mutable("array-set!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			off, err := offset("array-set!", &w, args[2:])
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, put("array-set!", 2, &w, off, args[1])
		}),
		arg.FN("array-in-bounds?", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-in-bounds?", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			if len(args)-1 != w.Rank() {
				return datum.Unset, badCount(&w)
			}
			for k, v := range args[1:] {
				if i, ok := num.Int64(v); !ok || i < int64(w.Dim(k).Lo) || i >= int64(w.Dim(k).Lo+w.Dim(k).Len) {
					return datum.False, nil
				}
			}
			return datum.True, nil
		}),
		arg.F1("array-rank", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-rank", 1, v)
			return datum.Fix(int64(rank(&w, err))), err
		}),
		arg.F1("array-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-length", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if w.Rank() == 0 {
				return datum.Unset, datum.WrongTypeExpecting("array-length", 1, v, "array of nonzero rank")
			}
			return datum.Fix(int64(w.Dim(0).Len)), nil
		}),
		arg.F1("array-dimensions", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			return shapeOf("array-dimensions", v, false)
		}),
		arg.F1("array-shape", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return shapeOf("array-shape", v, true) }),
		arg.F1("array-type", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-type", 1, v)
			if err != nil || w.Tag == "" {
				return datum.True, err
			}
			return datum.Sym(w.Tag), nil
		}),
		arg.F1("array-type-code", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array-type-code", 1, v)
			return datum.Fix(typeCodes[w.Tag]), err
		}),
		arg.F1("array->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("array->list", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return w.List(), nil
		}),
		arg.F2("list->array", func(_ datum.Caller, shape, l datum.Value) (datum.Value, error) {
			return listToArray("list->array", datum.True, shape, l)
		}),
		arg.F3("list->typed-array", func(_ datum.Caller, typ, shape, l datum.Value) (datum.Value, error) {
			return listToArray("list->typed-array", typ, shape, l)
		}),
		arg.F2("array-fill!", func(_ datum.Caller, a, v datum.Value) (datum.Value, error) {
			w, err := mutable("array-fill!", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			w.Each(func(off int) bool {
				err = put("array-fill!", 2, &w, off, v)
				return err == nil
			})
			return datum.Unspecified, err
		}),
		arg.FN("array-equal?", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			for i, v := range args {
				w, err := check("array-equal?", i+1, v)
				if err != nil {
					return datum.Unset, err
				}
				if i == 0 {
					continue
				}
				if u, _ := array.Of(args[i-1]); u.Rank() != w.Rank() || !datum.Equal(args[i-1], v) {
					return datum.False, nil
				}
			}
			return datum.True, nil
		}),
	}
	t = append(t, sharing()...)
	return append(t, rowMajor()...)
}

// typeCodes are the numbers that Guile has for the types of elements.
var typeCodes = map[string]int64{
	"": 0, "a": 1, "b": 2, "vu8": 3, "u8": 4, "s8": 5, "u16": 6, "s16": 7, "u32": 8, "s32": 9,
	"u64": 10, "s64": 11, "f32": 12, "f64": 13, "c32": 14, "c64": 15,
}

// isArray is array? and typed-array?: whether args[0] is an array, and of the
// type args[1].
func isArray(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	w, ok := array.Of(args[0])
	if typ, given := arg.Given(args, 1); given && ok {
		tag, known := typeTag(typ)
		ok = known && w.Tag == tag
	}
	return datum.Bool(ok), nil
}

func rank(w *array.View, err error) int {
	if err != nil {
		return 0
	}
	return w.Rank()
}

// check makes the view of an argument.
func check(who string, pos int, v datum.Value) (array.View, error) {
	w, ok := array.Of(v)
	if !ok {
		return w, datum.WrongTypeExpecting(who, pos, v, "array")
	}
	return w, nil
}

// mutable is check for arrays that are no constants.
func mutable(who string, pos int, v datum.Value) (array.View, error) {
	w, err := check(who, pos, v)
	if err == nil && w.Literal && w.Count() > 0 {
		return w, datum.WrongTypeExpecting(who, pos, v, "mutable array")
	}
	return w, err
}

// put stores an element, argument pos of who.
func put(who string, pos int, w *array.View, off int, v datum.Value) error {
	switch {
	case w.Set(off, v):
		return nil
	case v.IsNumber() && w.Tag != "a" && (num.IsExactInteger(v) || w.Tag[0] == 'f' || w.Tag[0] == 'c'):
		return datum.ValueOutOfRange(who, v)
	}
	return datum.WrongType(who, pos, v)
}

func badCount(w *array.View) error {
	return datum.Misc("", "wrong number of indices, expecting ~A", datum.Fix(int64(w.Rank())))
}

// offset finds an element by its indices.
func offset(who string, w *array.View, idx []datum.Value) (int, error) {
	if len(idx) != w.Rank() {
		return 0, badCount(w)
	}
	off := w.Base()
	for k, v := range idx {
		i, err := index(who, w.Dim(k), v)
		if err != nil {
			return 0, err
		}
		off += i * w.Inc(k)
	}
	return off, nil
}

// index gives the distance of an index from the lowest.
func index(who string, d datum.Dim, v datum.Value) (int, error) {
	if !num.IsExactInteger(v) {
		return 0, &datum.Error{Key: "wrong-type-arg", Who: who, Message: "Wrong type (expecting ~A): ~S",
			Irritants: []datum.Value{datum.NewString("exact integer"), v}, Rest: datum.List(v), Payload: datum.Unset}
	}
	i, ok := num.Int64(v)
	if !ok || i < int64(d.Lo) || i >= int64(d.Lo)+int64(d.Len) {
		return 0, datum.OutOfBounds(who, d.Lo, d.Lo+d.Len-1, v)
	}
	return int(i) - d.Lo, nil
}

// dimensions reads the bounds arguments of make-array: lengths or (lo hi).
func dimensions(who string, args []datum.Value, at int) ([]datum.Dim, int, error) {
	total := 1
	dims := make([]datum.Dim, len(args))
	for k, v := range args {
		if v.IsPair() && arg.Length(v) == 2 && v.Pair().Car.IsFix() && v.Pair().Cdr.Pair().Car.IsFix() {
			lo, hi := v.Pair().Car.Fix(), v.Pair().Cdr.Pair().Car.Fix()
			if hi < lo-1 {
				return nil, 0, datum.Misc(who, "Bad array dimension: ~S", v)
			}
			if lo < -1<<40 || hi > 1<<40 {
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

// typeTag is the tag of an array type: #t or the name of a type.
func typeTag(v datum.Value) (tag string, ok bool) {
	if v == datum.True {
		return "", true
	}
	if !v.IsSymbol() {
		return "", false
	}
	tag = v.Symbol().Name
	return tag, tag == "a" || tag == "b" || tag != "" && datum.ElemSize(tag) > 0
}

// makeTyped makes an array that is filled unless fill is unspecified.
func makeTyped(who string, typ, fill datum.Value, bounds []datum.Value, at int) (datum.Value, error) {
	dims, n, err := dimensions(who, bounds, at)
	if err != nil {
		return datum.Unset, err
	}
	root, err := newRoot(who, typ, n)
	if err != nil {
		return datum.Unset, err
	}
	if fill != datum.Unspecified {
		w, _ := array.Of(root)
		for i := 0; i < n; i++ {
			if err := put(who, 2, &w, i, fill); err != nil {
				return datum.Unset, err
			}
		}
	}
	return array.New(root, dims), nil
}

func newRoot(who string, typ datum.Value, n int) (datum.Value, error) {
	tag, ok := typeTag(typ)
	if !ok {
		return datum.Unset, datum.WrongTypeExpecting(who, 1, typ, "array type")
	}
	root, _ := array.NewRoot(tag, n)
	return root, nil
}

func shapeOf(who string, v datum.Value, full bool) (datum.Value, error) {
	w, err := check(who, 1, v)
	if err != nil {
		return datum.Unset, err
	}
	var out []datum.Value
	for _, d := range w.Dims() {
		if d.Lo == 0 && !full {
			out = append(out, datum.Fix(int64(d.Len)))
			continue
		}
		out = append(out, datum.List(datum.Fix(int64(d.Lo)), datum.Fix(int64(d.Lo+d.Len-1))))
	}
	return datum.List(out...), nil
}

// listToArray makes an array of nested lists; shape is a rank, or a list of
// lower bounds or (lo hi).
func listToArray(who string, typ, shape, l datum.Value) (datum.Value, error) {
	var dims []datum.Dim
	known := []bool{}
	if shape.IsFix() {
		n, err := arg.Index(who, 1, shape, 33)
		if err != nil {
			return datum.Unset, err
		}
		dims, known = make([]datum.Dim, n), make([]bool, n)
	} else {
		items, err := arg.List(who, 1, shape)
		if err != nil {
			return datum.Unset, err
		}
		for _, v := range items {
			if v.IsFix() {
				dims, known = append(dims, datum.Dim{Lo: int(v.Fix())}), append(known, false)
				continue
			}
			d, _, err := dimensions(who, []datum.Value{v}, 1)
			if err != nil {
				return datum.Unset, err
			}
			dims, known = append(dims, d[0]), append(known, true)
		}
	}
	total, row := 1, l
	for k := range dims {
		n := arg.Length(row)
		if n < 0 {
			return datum.Unset, datum.WrongTypeExpecting(who, 2, l, "list")
		}
		if !known[k] {
			dims[k].Len = n
		}
		total *= dims[k].Len
		if row = datum.Null; n > 0 && k+1 < len(dims) {
			row = l
			for i := 0; i <= k; i++ {
				row = row.Pair().Car
			}
		}
	}
	root, err := newRoot(who, typ, total)
	if err != nil {
		return datum.Unset, err
	}
	w, _ := array.Of(root)
	at := 0
	if err := store(who, &w, dims, l, &at); err != nil {
		return datum.Unset, err
	}
	return array.New(root, dims), nil
}

// store puts the elements of nested lists into w from *at on.
func store(who string, w *array.View, dims []datum.Dim, l datum.Value, at *int) error {
	if len(dims) == 0 {
		*at++
		return put(who, 2, w, *at-1, l)
	}
	n := 0
	for rest := l; ; rest = rest.Pair().Cdr {
		switch {
		case rest.IsNull() && n == dims[0].Len:
			return nil
		case rest.IsNull():
			return datum.Misc(who, "too few elements for array dimension ~a, need ~a", datum.Fix(int64(len(dims))), datum.Fix(int64(dims[0].Len)))
		case !rest.IsPair():
			return datum.WrongTypeExpecting(who, 2, l, "list")
		case n == dims[0].Len:
			return datum.Misc(who, "too many elements for array dimension ~a, want ~a", datum.Fix(int64(len(dims))), datum.Fix(int64(dims[0].Len)))
		}
		if err := store(who, w, dims[1:], rest.Pair().Car, at); err != nil {
			return err
		}
		n++
	}
}
