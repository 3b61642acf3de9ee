package vectors

import (
	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// sharing lists what makes arrays that share the elements of others, and what
// copies between arrays.
func sharing() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("transpose-array", 1, -1, transpose),
		arg.FN("array-contents", 1, 2, contents),
		arg.FN("array-slice", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return slice("array-slice", args[0], args[1:])
		}),
		arg.FN("array-cell-ref", 1, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := check("array-cell-ref", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			v, err := slice("array-cell-ref", args[0], args[1:])
			if err == nil && len(args)-1 == w.Rank() {
				w, _ = array.Of(v)
				return w.Get(w.Base()), nil
			}
			return v, err
		}),
		arg.FN("array-cell-set!", 2, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			w, err := mutable("array-cell-set!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			v, err := slice("array-cell-set!", args[0], args[2:])
			if err != nil {
				return datum.Unset, err
			}
			if len(args)-2 == w.Rank() {
				w, _ = array.Of(v)
				return args[0], put("array-cell-set!", 2, &w, w.Base(), args[1])
			}
			return args[0], copyArray("array-cell-set!", args[1], v)
		}),
		arg.F1("shared-array-root", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("shared-array-root", 1, v)
			return w.Root, err
		}),
		arg.F1("shared-array-offset", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("shared-array-offset", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(w.Base())), nil
		}),
		arg.F1("shared-array-increments", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := check("shared-array-increments", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			out := make([]datum.Value, w.Rank())
			for k := range out {
				out[k] = datum.Fix(int64(w.Inc(k)))
			}
			return datum.List(out...), nil
		}),
		arg.F2("array-copy!", func(_ datum.Caller, from, to datum.Value) (datum.Value, error) {
			return datum.Unspecified, copyArray("array-copy!", from, to)
		}),
		arg.F2("array-copy-in-order!", func(_ datum.Caller, from, to datum.Value) (datum.Value, error) {
			return datum.Unspecified, copyArray("array-copy-in-order!", from, to)
		}),
		// (%array-offset who array indices) is where an element lies in the root.
		arg.F3("%array-offset", func(_ datum.Caller, who, a, l datum.Value) (datum.Value, error) {
			name := caller(who)
			w, err := check(name, 1, a)
			if err != nil {
				return datum.Unset, err
			}
			idx, err := arg.List(name, 2, l)
			if err != nil {
				return datum.Unset, err
			}
			off, err := offset(name, &w, idx)
			return datum.Fix(int64(off)), err
		}),
		arg.FN("%make-shared-array", 4, 4, makeShared),
	}
}

// shared makes an array over part of another's root; a whole root is returned
// as itself.
func shared(w *array.View, dims []datum.Dim, inc []int, base int) datum.Value {
	if len(dims) == 1 && dims[0].Lo == 0 && dims[0].Len == w.RootLen() && inc[0] == 1 && base == 0 {
		return w.Root
	}
	return datum.NewArray(&datum.Array{Root: w.Root, Dims: dims, Inc: inc, Base: base})
}

// makeShared is (%make-shared-array old bounds base increments): the last step
// of make-shared-array. Increments along dimensions of one element are #f.
func makeShared(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "make-shared-array"
	old, err := check(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	bounds, err := arg.List(who, 3, args[1])
	if err != nil {
		return datum.Unset, err
	}
	dims, n, err := dimensions(who, bounds, 3)
	if err != nil {
		return datum.Unset, err
	}
	base, err := arg.Int(who, 1, args[2])
	if err != nil {
		return datum.Unset, err
	}
	incs, err := arg.List(who, 1, args[3])
	if err != nil || len(incs) != len(dims) {
		return datum.Unset, datum.WrongType(who, 2, args[3])
	}
	low, high := base, base
	inc := make([]int, len(dims))
	for k, v := range incs {
		if !v.IsFix() {
			inc[k] = high - low + 1
			continue
		}
		inc[k] = int(v.Fix())
		if d := inc[k] * (dims[k].Len - 1); d > 0 {
			high += d
		} else {
			low += d
		}
	}
	if lo, hi := extent(&old); n > 0 && (low < lo || high > hi) {
		return datum.Unset, datum.Misc(who, "mapping out of range")
	}
	return shared(&old, dims, inc, base), nil
}

// extent is the first and the last offset that a view uses.
func extent(w *array.View) (lo, hi int) {
	lo, hi = w.Base(), w.Base()
	for k := 0; k < w.Rank(); k++ {
		if d := w.Inc(k) * (w.Dim(k).Len - 1); d > 0 {
			hi += d
		} else {
			lo += d
		}
	}
	return lo, hi
}

// transpose is (transpose-array a d0 d1 …): dimension k of a becomes
// dimension dk; several that become one give a diagonal.
func transpose(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "transpose-array"
	w, err := check(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	if len(args)-1 != w.Rank() {
		return datum.Unset, &datum.Error{Key: "wrong-number-of-args", Who: who, Message: "Wrong number of arguments to ~A",
			Irritants: []datum.Value{datum.NewString(who)}, Rest: datum.False, Payload: datum.Unset}
	}
	n := 0
	to := make([]int, w.Rank())
	for k, v := range args[1:] {
		if to[k], err = arg.Index(who, k+2, v, w.Rank()); err != nil {
			return datum.Unset, err
		}
		n = max(n, to[k]+1)
	}
	dims, inc, seen := make([]datum.Dim, n), make([]int, n), make([]bool, n)
	base := w.Base()
	for k, d := range to {
		x := w.Dim(k)
		if !seen[d] {
			dims[d], inc[d], seen[d] = x, w.Inc(k), true
			continue
		}
		// The diagonal covers the indices that are valid in all of them.
		y := dims[d]
		lo := max(x.Lo, y.Lo)
		base += (lo-y.Lo)*inc[d] + (lo-x.Lo)*w.Inc(k)
		dims[d] = datum.Dim{Lo: lo, Len: max(min(x.Lo+x.Len, y.Lo+y.Len)-lo, 0)}
		inc[d] += w.Inc(k)
	}
	for _, s := range seen {
		if !s {
			return datum.Unset, datum.Misc(who, "bad argument list")
		}
	}
	return shared(&w, dims, inc, base), nil
}

// contents is (array-contents a [strict]): the elements as a vector of one
// dimension that shares them, or #f when they do not lie in one regular row.
func contents(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	w, err := check("array-contents", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	strict, given := arg.Given(args, 1)
	inc := 1
	if n := w.Rank(); n > 0 {
		inc = w.Inc(n - 1)
		row := inc
		for k := n - 1; k >= 0; k-- {
			if w.Inc(k) != row && w.Dim(k).Len > 1 {
				return datum.False, nil
			}
			row *= w.Dim(k).Len
		}
	}
	if given && strict.Truthy() && inc != 1 && w.Count() > 1 {
		return datum.False, nil
	}
	return shared(&w, []datum.Dim{{Len: w.Count()}}, []int{inc}, w.Base()), nil
}

// slice fixes the first indices of an array; what is left shares its elements.
func slice(who string, a datum.Value, idx []datum.Value) (datum.Value, error) {
	w, err := check(who, 1, a)
	if err != nil {
		return datum.Unset, err
	}
	if len(idx) > w.Rank() {
		return datum.Unset, datum.Misc(who, "too many indices", a, datum.List(idx...))
	}
	base := w.Base()
	for k, v := range idx {
		i, err := index(who, w.Dim(k), v)
		if err != nil {
			return datum.Unset, datum.Misc(who, "indices out of range", a, datum.List(idx...))
		}
		base += i * w.Inc(k)
	}
	dims := w.Dims()[len(idx):]
	inc := make([]int, len(dims))
	for k := range inc {
		inc[k] = w.Inc(len(idx) + k)
	}
	return shared(&w, dims, inc, base), nil
}

func mismatch(who string, a datum.Value) error { return datum.Misc(who, "array shape mismatch: ~S", a) }

// fits reports whether each index of the view w is also one of x.
func fits(w, x *array.View) bool {
	if w.Rank() != x.Rank() {
		return false
	}
	for k := 0; k < w.Rank(); k++ {
		if d, e := w.Dim(k), x.Dim(k); d.Lo != e.Lo || d.Len > e.Len {
			return false
		}
	}
	return true
}

// narrowed is x with the dimensions of w.
func narrowed(w, x *array.View) datum.Value {
	inc := make([]int, w.Rank())
	for k := range inc {
		inc[k] = x.Inc(k)
	}
	return shared(x, w.Dims(), inc, x.Base())
}

// copyArray copies an array into another that has at least its indices.
func copyArray(who string, from, to datum.Value) error {
	src, err := check(who, 1, from)
	if err != nil {
		return err
	}
	dst, err := mutable(who, 2, to)
	if err != nil {
		return err
	}
	if !fits(&src, &dst) {
		return mismatch(who, from)
	}
	dst, _ = array.Of(narrowed(&src, &dst))
	for i, n := 0, src.Count(); i < n; i++ {
		if err := put(who, 2, &dst, dst.Row(i), src.Get(src.Row(i))); err != nil {
			return err
		}
	}
	return nil
}

// rowMajor lists what the procedures in Scheme that visit arrays build on:
// elements by their number in row-major order.
func rowMajor() []*datum.Primitive {
	return []*datum.Primitive{
		// (%array-match who a b) is b with the dimensions of a, which must fit.
		arg.F3("%array-match", func(_ datum.Caller, who, a, b datum.Value) (datum.Value, error) {
			name := caller(who)
			w, err := check(name, 1, a)
			if err != nil {
				return datum.Unset, err
			}
			x, err := check(name, 2, b)
			if err != nil {
				return datum.Unset, err
			}
			if !fits(&w, &x) {
				return datum.Unset, mismatch(name, a)
			}
			return narrowed(&w, &x), nil
		}),
		// (%array-count who a) is the number of elements.
		arg.F2("%array-count", func(_ datum.Caller, who, a datum.Value) (datum.Value, error) {
			w, err := check(caller(who), 1, a)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(w.Count())), nil
		}),
		arg.F2("%array-row-ref", func(_ datum.Caller, a, i datum.Value) (datum.Value, error) {
			w, err := check("array-ref", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			k, err := arg.Index("array-ref", 2, i, w.Count())
			if err != nil {
				return datum.Unset, err
			}
			return w.Get(w.Row(k)), nil
		}),
		arg.F3("%array-row-set!", func(_ datum.Caller, a, i, v datum.Value) (datum.Value, error) {
			w, err := mutable("array-set!", 1, a)
			if err != nil {
				return datum.Unset, err
			}
			k, err := arg.Index("array-set!", 2, i, w.Count())
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, put("array-set!", 3, &w, w.Row(k), v)
		}),
		// (%array-frame a n) has the first n dimensions of a; only its shape means
		// something.
		arg.F2("%array-frame", func(_ datum.Caller, a, n datum.Value) (datum.Value, error) {
			w, err := check("array-slice-for-each", 3, a)
			if err != nil {
				return datum.Unset, err
			}
			if !n.IsFix() || n.Fix() < 0 || n.Fix() > int64(w.Rank()) {
				return datum.Unset, datum.OutOfRange("array-slice-for-each", 1, n)
			}
			k := int(n.Fix())
			return datum.NewArray(&datum.Array{Root: w.Root, Dims: w.Dims()[:k], Inc: make([]int, k)}), nil
		}),
	}
}

// caller is the name that the library gave for messages.
func caller(v datum.Value) string {
	if v.IsSymbol() {
		return v.Symbol().Name
	}
	return ""
}
