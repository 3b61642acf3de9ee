// Package tables holds the natives of Guile's hash tables. Procedures that
// walk a table with a procedure of the user are Scheme, on top of the
// snapshots made by %hash-table-cells.
package tables

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

func table(who string, v datum.Value) (*datum.HashTable, error) {
	if !v.Is(datum.KHashTable) {
		return nil, datum.WrongTypeExpecting(who, 1, v, "hash-table")
	}
	return v.HashTable(), nil
}

// Table lists the natives.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.Is("hash-table?", func(v datum.Value) bool { return v.Is(datum.KHashTable) }),
		maker("make-hash-table", datum.NewHashTable),
		maker("make-weak-key-hash-table", func() *datum.HashTable { return datum.NewWeakTable(true, false) }),
		maker("make-weak-value-hash-table", func() *datum.HashTable { return datum.NewWeakTable(false, true) }),
		maker("make-doubly-weak-hash-table", func() *datum.HashTable { return datum.NewWeakTable(true, true) }),
		weak("weak-key-hash-table?", true, false), weak("weak-value-hash-table?", false, true), weak("doubly-weak-hash-table?", true, true),
		arg.F1("hash-clear!", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			h, err := table("hash-clear!", v)
			if err == nil {
				h.Clear()
			}
			return datum.Unspecified, err
		}),
		arg.F1("%hash-table-cells", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			h, err := table("hash-fold", v)
			if err != nil {
				return datum.Unset, err
			}
			cells := h.Cells()
			l := datum.Null
			for i := len(cells) - 1; i >= 0; i-- {
				l = datum.Cons(cells[i].PairValue(), l)
			}
			return l, nil
		}),
		arg.F1("hash-table-count-entries", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			h, err := table("hash-table-count", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(h.Len())), nil
		}),
	}
	for name, e := range map[string]datum.Equivalence{"hashq": datum.ByEq, "hashv": datum.ByEqv, "hash": datum.ByEqual} {
		t = append(t, family(name, e)...)
	}
	return append(t, custom()...)
}

func maker(name string, f func() *datum.HashTable) *datum.Primitive {
	return arg.FN(name, 0, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		h := f()
		if v, ok := arg.Given(args, 0); ok {
			n, err := arg.Count(name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			h.Expect(n)
		}
		return h.Value(), nil
	})
}

func weak(name string, keys, values bool) *datum.Primitive {
	return arg.Is(name, func(v datum.Value) bool {
		if !v.Is(datum.KHashTable) {
			return false
		}
		k, x := v.HashTable().Weakness()
		return k == keys && x == values
	})
}

// family lists the operations of one equivalence.
func family(name string, e datum.Equivalence) []*datum.Primitive {
	ref, set, remove := name+"-ref", name+"-set!", name+"-remove!"
	get, create := name+"-get-handle", name+"-create-handle!"
	lookup := func(v, key, def datum.Value) (datum.Value, error) {
		h, err := table(ref, v)
		if err != nil {
			return datum.Unset, err
		}
		if x, ok := h.Get(key, e); ok {
			return x, nil
		}
		return def, nil
	}
	return []*datum.Primitive{
		{Name: ref, Min: 2, Max: 3,
			F2: func(_ datum.Caller, h, k datum.Value) (datum.Value, error) { return lookup(h, k, datum.False) },
			F3: func(_ datum.Caller, h, k, d datum.Value) (datum.Value, error) { return lookup(h, k, d) }},
		arg.F3(set, func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) {
			h, err := table(set, v)
			if err == nil {
				h.Set(k, x, e)
			}
			return x, err
		}),
		arg.F2(remove, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			h, err := table(remove, v)
			if err != nil {
				return datum.Unset, err
			}
			if c := h.Remove(k, e); c != nil {
				return c.PairValue(), nil
			}
			return datum.False, nil
		}),
		arg.F2(get, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			h, err := table(get, v)
			if err != nil {
				return datum.Unset, err
			}
			if c := h.Handle(k, e); c != nil {
				return c.PairValue(), nil
			}
			return datum.False, nil
		}),
		arg.F3(create, func(_ datum.Caller, v, k, init datum.Value) (datum.Value, error) {
			h, err := table(create, v)
			if err != nil {
				return datum.Unset, err
			}
			return h.Create(k, init, e).PairValue(), nil
		}),
		arg.FN(name, 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n := 1 << 60
			if v, ok := arg.Given(args, 1); ok {
				if !v.IsFix() || v.Fix() <= 0 {
					return datum.Unset, datum.OutOfRange(name, 2, v)
				}
				n = int(v.Fix())
			}
			return datum.Fix(int64(datum.StableHash(args[0], uint64(n)))), nil
		}),
	}
}

// custom lists what the hashx procedures, which are Scheme, are made of. A
// bucket is named by an equivalence, whose hash of the key counts, or by the
// number that the user's hash procedure gives.
func custom() []*datum.Primitive {
	hashOf := func(by, key datum.Value) uint64 {
		switch {
		case by == datum.Sym("hashq"):
			return datum.ByEq.Hash(key)
		case by == datum.Sym("hashv"):
			return datum.ByEqv.Hash(key)
		case by == datum.Sym("hash"):
			return datum.ByEqual.Hash(key)
		}
		return datum.ByEqv.Hash(by)
	}
	return []*datum.Primitive{
		// (%hash-bucket table by key) lists cells.
		arg.F3("%hash-bucket", func(_ datum.Caller, v, by, key datum.Value) (datum.Value, error) {
			h, err := table("hashx-ref", v)
			if err != nil {
				return datum.Unset, err
			}
			l := datum.Null
			for _, c := range h.Bucket(hashOf(by, key)) {
				l = datum.Cons(c.PairValue(), l)
			}
			return l, nil
		}),
		// (%hash-bucket-add! table by key value) returns the new cell.
		arg.FN("%hash-bucket-add!", 4, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			h, err := table("hashx-set!", args[0])
			if err != nil {
				return datum.Unset, err
			}
			return h.AddToBucket(hashOf(args[1], args[2]), args[2], args[3]).PairValue(), nil
		}),
		// (%hash-bucket-remove! table by key stored-key)
		arg.FN("%hash-bucket-remove!", 4, 4, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			h, err := table("hashx-remove!", args[0])
			if err == nil {
				h.RemoveFromBucket(hashOf(args[1], args[2]), args[3])
			}
			return datum.Unspecified, err
		}),
	}
}
