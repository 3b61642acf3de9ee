// Package vectors holds the natives for vectors, bytevectors, uniform
// vectors, bitvectors and arrays.
package vectors

import (
	"fruix/interp/array"
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.Is("vector?", func(v datum.Value) bool { return v.Is(datum.KVector) }),
		arg.FN("make-vector", 1, 2, makeVector),
		arg.FN("vector", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return datum.NewVector(append([]datum.Value(nil), args...)), nil
		}),
		arg.F1("vector-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			x, err := arg.Vec("vector-length", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(x.Items))), nil
		}),
		arg.F2("vector-ref", vectorRef), arg.F3("vector-set!", vectorSet),
		arg.FN("vector->list", 1, 3, vectorToList),
		arg.F1("list->vector", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("list->vector", 1, l)
			return datum.NewVector(items), err
		}),
		arg.FN("vector-fill!", 2, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			v, err := arg.MutableVec("vector-fill!", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range("vector-fill!", args, 2, len(v.Items))
			if err != nil {
				return datum.Unset, err
			}
			for i := s; i < e; i++ {
				v.Items[i] = args[1]
			}
			return datum.Unspecified, nil
		}),
		arg.FN("vector-copy", 1, 3, subvector("vector-copy")),
		arg.FN("subvector", 3, 3, subvector("subvector")),
		arg.FN("vector-copy!", 3, 5, vectorCopyInto),
		arg.FN("vector-move-left!", 5, 5, vectorMove("vector-move-left!", false)),
		arg.FN("vector-move-right!", 5, 5, vectorMove("vector-move-right!", true)),
		arg.FN("vector-append", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			var out []datum.Value
			for i, a := range args {
				v, err := arg.Vec("vector-append", i+1, a)
				if err != nil {
					return datum.Unset, err
				}
				out = append(out, v.Items...)
			}
			return datum.NewVector(out), nil
		}),
	}
	t = append(t, bytevectors()...)
	t = append(t, uniform()...)
	t = append(t, generic()...)
	t = append(t, bits()...)
	return append(t, arrays()...)
}

func makeVector(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	n, err := arg.Size("make-vector", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	fill := datum.Unspecified
	if v, ok := arg.Given(args, 1); ok {
		fill = v
	}
	items := make([]datum.Value, n)
	for i := range items {
		items[i] = fill
	}
	return datum.NewVector(items), nil
}

func vectorRef(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
	x, err := arg.Vec("vector-ref", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	i, err := arg.Index("vector-ref", 2, k, len(x.Items))
	if err != nil {
		return datum.Unset, err
	}
	return x.Items[i], nil
}

func vectorSet(_ datum.Caller, v, k, val datum.Value) (datum.Value, error) {
	x, err := arg.MutableVec("vector-set!", 1, v)
	if err != nil {
		return datum.Unset, err
	}
	i, err := arg.Index("vector-set!", 2, k, len(x.Items))
	if err != nil {
		return datum.Unset, err
	}
	x.Items[i] = val
	return datum.Unspecified, nil
}

func vectorToList(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	if args[0].Is(datum.KArray) && len(args) == 1 {
		if w, ok := array.Of(args[0]); ok && w.Rank() == 1 {
			return w.List(), nil
		}
	}
	v, err := arg.Vec("vector->list", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	s, e, err := arg.Range("vector->list", args, 1, len(v.Items))
	if err != nil {
		return datum.Unset, err
	}
	return datum.List(v.Items[s:e]...), nil
}

func subvector(who string) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		v, err := arg.Vec(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		s, e, err := arg.Range(who, args, 1, len(v.Items))
		if err != nil {
			return datum.Unset, err
		}
		return datum.NewVector(append([]datum.Value(nil), v.Items[s:e]...)), nil
	}
}

// vectorCopyInto is vector-copy! of R7RS: to at from start end.
func vectorCopyInto(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "vector-copy!"
	to, err := arg.MutableVec(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	from, err := arg.Vec(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	at, err := arg.Index(who, 2, args[1], len(to.Items)+1)
	if err != nil {
		return datum.Unset, err
	}
	s, e, err := arg.Range(who, args, 3, len(from.Items))
	if err != nil {
		return datum.Unset, err
	}
	if e-s > len(to.Items)-at {
		return datum.Unset, datum.OutOfRange(who, 2, args[1])
	}
	copy(to.Items[at:], from.Items[s:e])
	return datum.Unspecified, nil
}

// vectorMove is Guile's vector-move-…!: from start end to at, the last element
// first when backward.
func vectorMove(who string, backward bool) func(datum.Caller, []datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		from, err := arg.Vec(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		to, err := arg.MutableVec(who, 4, args[3])
		if err != nil {
			return datum.Unset, err
		}
		s, e, err := arg.Range(who, args, 1, len(from.Items))
		if err != nil {
			return datum.Unset, err
		}
		at, err := arg.Index(who, 5, args[4], len(to.Items)+1)
		if err != nil {
			return datum.Unset, err
		}
		if e-s > len(to.Items)-at {
			return datum.Unset, datum.OutOfRange(who, 5, args[4])
		}
		// Within one vector the order of the moves shows.
		for i := 0; i < e-s; i++ {
			k := i
			if backward {
				k = e - s - 1 - i
			}
			to.Items[at+k] = from.Items[s+k]
		}
		return datum.Unspecified, nil
	}
}
