package vectors

import (
	"slices"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// bits lists the procedures of bitvectors (Guile manual, "Bit Vectors"), with
// the older names that Guile still has.
func bits() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.Is("bitvector?", func(v datum.Value) bool { return v.Is(datum.KBitvector) }),
		arg.FN("make-bitvector", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Size("make-bitvector", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			b := make([]bool, n)
			if v, ok := arg.Given(args, 1); ok {
				setAll(b, v.Truthy())
			}
			return datum.NewBitvector(b), nil
		}),
		arg.FN("bitvector", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return bitsOf(args), nil }),
		arg.F1("list->bitvector", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("list->bitvector", 1, l)
			return bitsOf(items), err
		}),
		arg.F1("bitvector->list", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := bitvector("bitvector->list", 1, v)
			l := datum.Null
			for i := len(b) - 1; i >= 0; i-- {
				l = datum.Cons(datum.Bool(b[i]), l)
			}
			return l, err
		}),
		arg.F1("bitvector-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := bitvector("bitvector-length", 1, v)
			return datum.Fix(int64(len(b))), err
		}),
		arg.FN("bitvector-copy", 1, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			b, err := bitvector("bitvector-copy", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			s, e, err := arg.Range("bitvector-copy", args, 1, len(b))
			return datum.NewBitvector(slices.Clone(b[s:e])), err
		}),
		arg.F1("bitvector-count", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			b, err := bitvector("bitvector-count", 1, v)
			return datum.Fix(count(b, true)), err
		}),
		arg.F2("bit-count", func(_ datum.Caller, bit, v datum.Value) (datum.Value, error) {
			b, err := bitvector("bit-count", 2, v)
			return datum.Fix(count(b, bit.Truthy())), err
		}),
		arg.FN("bitvector-position", 2, 3, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			start := datum.Fix(0)
			if v, ok := arg.Given(args, 2); ok {
				start = v
			}
			return position("bitvector-position", args[0], 1, args[1], start)
		}),
		arg.F3("bit-position", func(_ datum.Caller, bit, v, start datum.Value) (datum.Value, error) {
			return position("bit-position", v, 2, bit, start)
		}),
		arg.F2("bitvector-fill!", func(_ datum.Caller, v, bit datum.Value) (datum.Value, error) {
			b, err := bitvector("bitvector-fill!", 1, v)
			setAll(b, bit.Truthy())
			return datum.Unspecified, err
		}),
		allBits("bitvector-set-all-bits!", func(bool) bool { return true }),
		allBits("bitvector-clear-all-bits!", func(bool) bool { return false }),
		allBits("bitvector-flip-all-bits!", func(b bool) bool { return !b }),
		allBits("bit-invert!", func(b bool) bool { return !b }),
	}
	t = append(t, oneBit()...)
	return append(t, selectedBits()...)
}

func bitvector(who string, pos int, v datum.Value) ([]bool, error) {
	if !v.Is(datum.KBitvector) {
		return nil, datum.WrongTypeExpecting(who, pos, v, "bitvector")
	}
	return v.Bitvector().Bits, nil
}

func bitsOf(items []datum.Value) datum.Value {
	b := make([]bool, len(items))
	for i, v := range items {
		b[i] = v.Truthy()
	}
	return datum.NewBitvector(b)
}

func setAll(b []bool, to bool) {
	for i := range b {
		b[i] = to
	}
}

func count(b []bool, bit bool) int64 {
	n := int64(0)
	for _, x := range b {
		if x == bit {
			n++
		}
	}
	return n
}

// position finds a bit from start on, #f when there is none.
func position(who string, v datum.Value, pos int, bit, start datum.Value) (datum.Value, error) {
	b, err := bitvector(who, pos, v)
	if err != nil {
		return datum.Unset, err
	}
	i, err := arg.Index(who, 3, start, len(b)+1)
	if err != nil {
		return datum.Unset, err
	}
	if k := slices.Index(b[i:], bit.Truthy()); k >= 0 {
		return datum.Fix(int64(i + k)), nil
	}
	return datum.False, nil
}

func allBits(who string, f func(bool) bool) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		b, err := bitvector(who, 1, v)
		for i, x := range b {
			b[i] = f(x)
		}
		return datum.Unspecified, err
	})
}

// oneBit lists what reads and writes a single bit.
func oneBit() []*datum.Primitive {
	at := func(who string, v, k datum.Value) (*bool, error) {
		b, err := bitvector(who, 1, v)
		if err != nil {
			return nil, err
		}
		i, err := arg.Index(who, 2, k, len(b))
		if err != nil {
			return nil, err
		}
		return &b[i], nil
	}
	ref := func(who string, bit bool) *datum.Primitive {
		return arg.F2(who, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			p, err := at(who, v, k)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Bool(*p == bit), nil
		})
	}
	set := func(who string, to bool) *datum.Primitive {
		return arg.F2(who, func(_ datum.Caller, v, k datum.Value) (datum.Value, error) {
			p, err := at(who, v, k)
			if err == nil {
				*p = to
			}
			return datum.Unspecified, err
		})
	}
	return []*datum.Primitive{
		ref("bitvector-ref", true), ref("bitvector-bit-set?", true), ref("bitvector-bit-clear?", false),
		set("bitvector-set-bit!", true), set("bitvector-clear-bit!", false),
		arg.F3("bitvector-set!", func(_ datum.Caller, v, k, x datum.Value) (datum.Value, error) {
			p, err := at("bitvector-set!", v, k)
			if err == nil {
				*p = x.Truthy()
			}
			return datum.Unspecified, err
		}),
	}
}

// selectedBits lists what works on the bits that a bitvector, or for the older
// names also a u32vector of indices, selects.
func selectedBits() []*datum.Primitive {
	set := func(who string, v, sel datum.Value, to bool) (datum.Value, error) {
		b, err := bitvector(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		return datum.Unspecified, selected(who, len(b), sel, who == "bit-set*!", func(i int) { b[i] = to })
	}
	tally := func(who string, v, sel datum.Value, bit bool) (datum.Value, error) {
		b, err := bitvector(who, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		n := int64(0)
		err = selected(who, len(b), sel, who == "bit-count*", func(i int) {
			if b[i] == bit {
				n++
			}
		})
		return datum.Fix(n), err
	}
	return []*datum.Primitive{
		arg.F2("bitvector-set-bits!", func(_ datum.Caller, v, sel datum.Value) (datum.Value, error) {
			return set("bitvector-set-bits!", v, sel, true)
		}),
		arg.F2("bitvector-clear-bits!", func(_ datum.Caller, v, sel datum.Value) (datum.Value, error) {
			return set("bitvector-clear-bits!", v, sel, false)
		}),
		arg.F3("bit-set*!", func(_ datum.Caller, v, sel, bit datum.Value) (datum.Value, error) {
			return set("bit-set*!", v, sel, bit.Truthy())
		}),
		arg.F2("bitvector-count-bits", func(_ datum.Caller, v, sel datum.Value) (datum.Value, error) {
			return tally("bitvector-count-bits", v, sel, true)
		}),
		arg.F3("bit-count*", func(_ datum.Caller, v, sel, bit datum.Value) (datum.Value, error) {
			return tally("bit-count*", v, sel, bit.Truthy())
		}),
	}
}

// selected calls f with each index below n that sel selects.
func selected(who string, n int, sel datum.Value, indices bool, f func(i int)) error {
	if indices && sel.Is(datum.KBytevector) && sel.Bytevector().Elem == "u32" {
		for _, v := range elements(sel.Bytevector()) {
			if v.Fix() >= int64(n) {
				return datum.OutOfRange(who, 2, v)
			}
			f(int(v.Fix()))
		}
		return nil
	}
	s, err := bitvector(who, 2, sel)
	if err != nil {
		return err
	}
	if len(s) > n {
		return datum.Misc(who, "selection bitvector longer than target bitvector")
	}
	for i, x := range s {
		if x {
			f(i)
		}
	}
	return nil
}
