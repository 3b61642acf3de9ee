package interp

import (
	"fmt"
	"math"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/vm"
)

// confine makes the natives of e those of a sandbox: what is not known to be
// harmless refuses to work, and what can make or copy much data at once asks
// whether memory may be had for it. It comes before anything is compiled, since
// code holds natives by value.
func (e *Engine) confine() {
	effects := Effects()
	for _, m := range e.modules.Modules() {
		for _, sym := range m.Names() {
			v, err := m.Local(sym)
			if err != nil || v == nil || !v.Value.Is(datum.KPrimitive) {
				continue
			}
			p := v.Value.Primitive()
			if effect := effects[p.Name]; !effect.harmless() {
				v.Value = refusing(p, effect).Value()
			} else {
				v.Value = guarded(p, sizes[p.Name]).Value()
			}
		}
	}
}

// refusing is a native that does nothing.
func refusing(p *datum.Primitive, effect Effect) *datum.Primitive {
	what := "not allowed in a sandbox"
	if effect != "" {
		what += fmt.Sprintf(" (%s)", effect)
	}
	return &datum.Primitive{Name: p.Name, Min: p.Min, Max: p.Max, Doc: p.Doc,
		FN: func(datum.Caller, []datum.Value) (datum.Value, error) {
			return datum.Unset, datum.Misc(p.Name, what)
		}}
}

// bulky is the size in bytes from which on data counts.
const bulky = 4096

// account adds up large data that natives were given or made, and looks at the
// memory from time to time.
type account struct{ bytes int64 }

// accountKey is the extension that holds an engine's account.
const accountKey = "sandbox account"

// add counts bytes that are there already.
func (a *account) add(c datum.Caller, bytes int64) error {
	if bytes < bulky {
		return nil
	}
	if a.bytes += bytes; a.bytes < 1<<20 {
		return nil
	}
	a.bytes = 0
	return reserve(c, 0)
}

// reserve fails when bytes more would go past the limit of memory.
func reserve(c datum.Caller, bytes int64) error {
	if m, ok := c.(*vm.Machine); ok {
		return m.Reserve(bytes)
	}
	return nil
}

// guarded is a native that heeds the limit of memory. size tells how many bytes
// its arguments ask for; nil where that is not more than they take themselves.
func guarded(p *datum.Primitive, size func(a []datum.Value) int64) *datum.Primitive {
	call := func(c datum.Caller, f func() (datum.Value, error), args ...datum.Value) (datum.Value, error) {
		acc := c.Extension(accountKey).(*account)
		for _, x := range args {
			if err := acc.add(c, footprint(x)); err != nil {
				return datum.Unset, err
			}
		}
		if size != nil {
			if n := size(args); n >= bulky {
				if err := reserve(c, n); err != nil {
					return datum.Unset, err
				}
			}
		}
		v, err := f()
		if err != nil {
			return v, err
		}
		if num.Bits(v) > 2*vm.MaxBits {
			return datum.Unset, &vm.Stopped{Cause: vm.ErrMemory}
		}
		return v, acc.add(c, footprint(v))
	}
	q := *p
	if f := p.F0; f != nil {
		q.F0 = func(c datum.Caller) (datum.Value, error) {
			return call(c, func() (datum.Value, error) { return f(c) })
		}
	}
	if f := p.F1; f != nil {
		q.F1 = func(c datum.Caller, x datum.Value) (datum.Value, error) {
			return call(c, func() (datum.Value, error) { return f(c, x) }, x)
		}
	}
	if f := p.F2; f != nil {
		q.F2 = func(c datum.Caller, x, y datum.Value) (datum.Value, error) {
			return call(c, func() (datum.Value, error) { return f(c, x, y) }, x, y)
		}
	}
	if f := p.F3; f != nil {
		q.F3 = func(c datum.Caller, x, y, z datum.Value) (datum.Value, error) {
			return call(c, func() (datum.Value, error) { return f(c, x, y, z) }, x, y, z)
		}
	}
	if f := p.FN; f != nil {
		q.FN = func(c datum.Caller, a []datum.Value) (datum.Value, error) {
			return call(c, func() (datum.Value, error) { return f(c, a) }, a...)
		}
	}
	return &q
}

const valueBytes = 16

// footprint is about how many bytes an object takes itself.
func footprint(v datum.Value) int64 {
	switch v.Kind() {
	case datum.KString:
		return int64(v.Str().Len())
	case datum.KVector:
		return int64(len(v.Vector().Items)) * valueBytes
	case datum.KBytevector:
		return int64(len(v.Bytevector().B))
	case datum.KArray:
		return elements(v.Array())
	}
	return int64(num.Bits(v) / 8)
}

// elements is the size of all that an array shows, which may be more than it
// has.
func elements(a *datum.Array) int64 {
	total := int64(valueBytes)
	for _, d := range a.Dims {
		total = times(datum.Fix(int64(d.Len)), total)
	}
	return total
}

// deep is footprint with that of the elements of a list.
func deep(v datum.Value) int64 {
	if !v.IsPair() {
		return footprint(v)
	}
	total := int64(0)
	slow := v
	for n := 0; v.IsPair(); n++ {
		total += 2*valueBytes + footprint(v.Pair().Car)
		v = v.Pair().Cdr
		if n%2 == 1 {
			if slow = slow.Pair().Cdr; slow == v {
				return math.MaxInt64 / 4 // goes round
			}
		}
	}
	return total
}

// all is the size of all arguments with the elements of lists.
func all(a []datum.Value) int64 {
	total := int64(0)
	for _, x := range a {
		if total += deep(x); total < 0 || total > math.MaxInt64/8 {
			return math.MaxInt64 / 8
		}
	}
	return total
}

// count makes the size of an argument that says how many elements there will
// be.
func count(at int, each int64) func(a []datum.Value) int64 {
	return func(a []datum.Value) int64 {
		if at >= len(a) {
			return 0
		}
		return times(a[at], each)
	}
}

// times is a number times a size.
func times(v datum.Value, each int64) int64 {
	switch {
	case v.Is(datum.KBignum):
		return math.MaxInt64 / 8
	case !v.IsFix() || v.Fix() <= 0:
		return 0
	case v.Fix() > math.MaxInt64/8/each:
		return math.MaxInt64 / 8
	}
	return v.Fix() * each
}

// power is the size of a number raised to a power.
func power(a []datum.Value) int64 {
	if len(a) < 2 {
		return 0
	}
	if exact, _ := num.IsExact(a[0]); !exact {
		return 0
	}
	exponent := a[1]
	if exponent.Is(datum.KRatnum) { // of a root, which may be exact
		exponent, _ = num.Numerator(exponent)
	}
	if exponent.IsFix() && exponent.Fix() < 0 {
		exponent = datum.Fix(-exponent.Fix())
	}
	bits := times(exponent, int64(max(bitsOf(a[0]), 1)))
	if bits > vm.MaxBits {
		return math.MaxInt64 / 8
	}
	return 0
}

// bitsOf is the number of bits of a number, exactly for small ones.
func bitsOf(v datum.Value) int {
	if v.Is(datum.KCompnum) {
		c := v.Compnum()
		return bitsOf(c.Re) + bitsOf(c.Im)
	}
	if !v.IsFix() {
		return num.Bits(v)
	}
	n := 0
	for x := v.Fix(); x > 1 || x < -1; x /= 2 {
		n++
	}
	return n
}

// shift is the size of a number shifted to the left.
func shift(a []datum.Value) int64 {
	if len(a) < 2 || times(a[1], 1) <= vm.MaxBits {
		return 0
	}
	return math.MaxInt64 / 8
}

// product is the size of numbers multiplied, or added as fractions.
func product(a []datum.Value) int64 {
	bits := 0
	for _, x := range a {
		if !x.IsFix() {
			bits += num.Bits(x)
		}
	}
	if bits > vm.MaxBits {
		return math.MaxInt64 / 8
	}
	return 0
}

// dimensions is the size of an array from argument at on.
func dimensions(at int) func(a []datum.Value) int64 {
	return func(a []datum.Value) int64 {
		total := int64(valueBytes)
		for _, d := range a[min(at, len(a)):] {
			if d.IsPair() && d.Pair().Cdr.IsPair() {
				lo, hi := d.Pair().Car, d.Pair().Cdr.Pair().Car
				if !lo.IsFix() || !hi.IsFix() {
					return math.MaxInt64 / 8
				}
				d = datum.Fix(min(max(hi.Fix()-lo.Fix()+1, 0), datum.MaxFixnum))
			}
			if total = times(d, max(total, 1)); total >= math.MaxInt64/8 {
				return total
			}
		}
		return total
	}
}

// digits refuses texts of numbers that take long to read.
func digits(a []datum.Value) int64 {
	if len(a) > 0 && a[0].IsString() && a[0].Str().Len() > vm.MaxBits/4 {
		return math.MaxInt64 / 8
	}
	return 0
}

// sizes are those of natives whose results can be much larger than their
// arguments, or as large as all elements of these.
var sizes = func() map[string]func(a []datum.Value) int64 {
	t := map[string]func(a []datum.Value) int64{
		"make-list": count(0, 2*valueBytes), "iota": count(0, 2*valueBytes),
		"make-vector": count(0, valueBytes), "make-weak-vector": count(0, valueBytes), "make-string": count(0, 4), "make-bytevector": count(0, 1),
		"make-bitvector": count(0, valueBytes), "string-pad": count(1, 4), "string-pad-right": count(1, 4),
		"make-array": dimensions(1), "make-typed-array": dimensions(2),
		"get-string-n": count(1, 4), "get-bytevector-n": count(1, 1), "read-string": count(0, 4), "read-bytevector": count(0, 1),
		"%allocate": count(1, valueBytes),
		"expt":      power, "integer-expt": power, "ash": shift, "arithmetic-shift": shift, "round-ash": shift,
		"*": product, "+": product, "-": product, "/": product, "lcm": product,
		"string->number": digits,
	}
	for _, kind := range []string{"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "c32", "c64"} {
		t["make-"+kind+"vector"] = count(0, valueBytes)
	}
	t["xsubstring"] = func(a []datum.Value) int64 {
		if len(a) > 2 {
			return times(a[2], 4)
		}
		return 0
	}
	for _, name := range []string{"append", "append!", "append-reverse", "string-append", "string-append/shared", "string-concatenate",
		"string-join", "vector-append", "bytevector-append", "list-copy", "copy-tree", "list->string", "list->vector", "reverse",
		"reverse-list->string", "list-head", "delete", "delq", "delv", "apply", "string->list", "vector->list", "cons*",
		"string-replace-substring", "symbol-append", "u8-list->bytevector", "list->array", "list->typed-array", "list->char-set"} {
		t[name] = all
	}
	return t
}()
