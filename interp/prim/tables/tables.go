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
		maker("make-hash-table", ""), maker("make-weak-key-hash-table", "key"),
		maker("make-weak-value-hash-table", "value"), maker("make-doubly-weak-hash-table", "key-value"),
		weak("weak-key-hash-table?", "key"), weak("weak-value-hash-table?", "value"), weak("doubly-weak-hash-table?", "key-value"),
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

func maker(name, weakness string) *datum.Primitive {
	return arg.FN(name, 0, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
		if v, ok := arg.Given(args, 0); ok {
			if _, err := arg.Count(name, 1, v); err != nil {
				return datum.Unset, err
			}
		}
		h := datum.NewHashTable()
		h.Weak = weakness
		return h.Value(), nil
	})
}

func weak(name, weakness string) *datum.Primitive {
	return arg.Is(name, func(v datum.Value) bool { return v.Is(datum.KHashTable) && v.HashTable().Weak == weakness })
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

// custom lists the hashx procedures, whose hash and assoc procedures the
// user gives. The table holds, by hash value, alists of handles.
func custom() []*datum.Primitive {
	find := func(c datum.Caller, who string, args []datum.Value) (*datum.HashTable, *datum.Pair, datum.Value, error) {
		hash, assoc, key := args[0], args[1], args[3]
		h, err := table(who, args[2])
		if err != nil {
			return nil, nil, datum.Unset, err
		}
		n, err := c.Apply(hash, key, datum.Fix(1<<30))
		if err != nil {
			return nil, nil, datum.Unset, err
		}
		l := datum.Null
		for _, cell := range h.Cells() {
			// Buckets are not kept: the hash only shortens the alist given
			// to assoc.
			m, err := c.Apply(hash, cell.Car, datum.Fix(1<<30))
			if err != nil {
				return nil, nil, datum.Unset, err
			}
			if datum.Eqv(m, n) {
				l = datum.Cons(cell.PairValue(), l)
			}
		}
		found, err := c.Apply(assoc, key, l)
		if err != nil {
			return nil, nil, datum.Unset, err
		}
		if found.IsPair() {
			return h, found.Pair(), key, nil
		}
		return h, nil, key, nil
	}
	return []*datum.Primitive{
		arg.FN("hashx-ref", 4, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			_, cell, _, err := find(c, "hashx-ref", args)
			if err != nil {
				return datum.Unset, err
			}
			if cell != nil {
				return cell.Cdr, nil
			}
			if d, ok := arg.Given(args, 4); ok {
				return d, nil
			}
			return datum.False, nil
		}),
		arg.FN("hashx-set!", 5, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			h, cell, key, err := find(c, "hashx-set!", args)
			if err != nil {
				return datum.Unset, err
			}
			if cell == nil {
				cell = h.Create(key, args[4], datum.ByEq)
			}
			cell.Cdr = args[4]
			return args[4], nil
		}),
		arg.FN("hashx-get-handle", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			_, cell, _, err := find(c, "hashx-get-handle", args)
			if err != nil || cell == nil {
				return datum.False, err
			}
			return cell.PairValue(), nil
		}),
		arg.FN("hashx-create-handle!", 5, 5, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			h, cell, key, err := find(c, "hashx-create-handle!", args)
			if err != nil {
				return datum.Unset, err
			}
			if cell == nil {
				cell = h.Create(key, args[4], datum.ByEq)
			}
			return cell.PairValue(), nil
		}),
		arg.FN("hashx-remove!", 4, 4, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			h, cell, _, err := find(c, "hashx-remove!", args)
			if err != nil || cell == nil {
				return datum.False, err
			}
			h.Remove(cell.Car, datum.ByEq)
			return cell.PairValue(), nil
		}),
	}
}
