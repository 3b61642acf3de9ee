// Package lists holds the natives for pairs and lists that call no
// procedures (Guile manual, "Pairs" and "Lists"; SRFI 1).
package lists

import (
	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.F2("cons", func(_ datum.Caller, a, b datum.Value) (datum.Value, error) { return datum.Cons(a, b), nil }),
		arg.F1("car", car), arg.F1("cdr", cdr),
		arg.F2("set-car!", func(_ datum.Caller, p, v datum.Value) (datum.Value, error) {
			if !p.IsPair() {
				return datum.Unset, datum.WrongTypeExpecting("set-car!", 1, p, "pair")
			}
			p.Pair().Car = v
			return datum.Unspecified, nil
		}),
		arg.F2("set-cdr!", func(_ datum.Caller, p, v datum.Value) (datum.Value, error) {
			if !p.IsPair() {
				return datum.Unset, datum.WrongTypeExpecting("set-cdr!", 1, p, "pair")
			}
			p.Pair().Cdr = v
			return datum.Unspecified, nil
		}),
		arg.Is("pair?", datum.Value.IsPair),
		arg.Is("null?", datum.Value.IsNull),
		arg.Is("list?", func(v datum.Value) bool { return arg.Length(v) >= 0 }),
		arg.FN("list", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return datum.List(args...), nil }),
		arg.FN("cons*", 1, -1, consStar),
		arg.FN("make-list", 1, 2, makeList),
		arg.F1("length", length),
		arg.F1("length+", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			if n := arg.Length(v); n >= 0 {
				return datum.Fix(int64(n)), nil
			}
			if !circular(v) {
				return datum.Unset, &datum.Error{Key: "wrong-type-arg", Who: "length+", Message: "Argument not a proper or circular list: ~S",
					Irritants: []datum.Value{v}, Rest: datum.List(v), Payload: datum.Unset}
			}
			return datum.False, nil
		}),
		arg.FN("append", 0, -1, appendLists), arg.FN("append!", 0, -1, appendInPlace),
		arg.F1("reverse", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return reverse("reverse", v) }),
		arg.FN("reverse!", 1, 2, reverseInPlace),
		arg.F2("append-reverse", func(_ datum.Caller, l, tail datum.Value) (datum.Value, error) {
			if arg.Length(l) < 0 {
				return datum.Unset, datum.WrongTypeExpecting("append-reverse", 1, l, "list")
			}
			for ; l.IsPair(); l = l.Pair().Cdr {
				tail = datum.Cons(l.Pair().Car, tail)
			}
			return tail, nil
		}),
		arg.F2("list-tail", func(_ datum.Caller, l, k datum.Value) (datum.Value, error) { return tail("list-tail", l, k) }),
		arg.F2("list-cdr-ref", func(_ datum.Caller, l, k datum.Value) (datum.Value, error) { return tail("list-cdr-ref", l, k) }),
		arg.F2("list-head", listHead), arg.F2("list-ref", listRef),
		arg.F3("list-set!", func(_ datum.Caller, l, k, v datum.Value) (datum.Value, error) {
			t, err := tail("list-set!", l, k)
			if err != nil {
				return datum.Unset, err
			}
			if !t.IsPair() {
				return datum.Unset, datum.OutOfRange("list-set!", 2, k)
			}
			t.Pair().Car = v
			return v, nil
		}),
		arg.F3("list-cdr-set!", func(_ datum.Caller, l, k, v datum.Value) (datum.Value, error) {
			t, err := tail("list-cdr-set!", l, k)
			if err != nil {
				return datum.Unset, err
			}
			if !t.IsPair() {
				return datum.Unset, datum.OutOfRange("list-cdr-set!", 2, k)
			}
			t.Pair().Cdr = v
			return v, nil
		}),
		arg.F1("last-pair", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			if arg.Length(l) < 0 && circular(l) {
				return datum.Unset, datum.Misc("last-pair", "Circular structure in position 1: ~S", l)
			}
			for l.IsPair() && l.Pair().Cdr.IsPair() {
				l = l.Pair().Cdr
			}
			return l, nil
		}),
		arg.F1("list-copy", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			if circular(l) {
				return datum.Unset, datum.WrongType("list-copy", 1, l)
			}
			var b builder
			for ; l.IsPair(); l = l.Pair().Cdr {
				b.add(l.Pair().Car)
			}
			return b.finish(l), nil
		}),
		arg.F1("copy-tree", func(_ datum.Caller, v datum.Value) (datum.Value, error) { return copyTree(v, 0) }),
		arg.FN("iota", 1, 3, iota),
		arg.F3("acons", func(_ datum.Caller, k, v, l datum.Value) (datum.Value, error) {
			return datum.Cons(datum.Cons(k, v), l), nil
		}),
	}
	for _, name := range []string{"aa", "ad", "da", "dd"} {
		t = append(t, cxr(name))
		for _, a := range []string{"a", "d"} {
			t = append(t, cxr(a+name))
			for _, b := range []string{"a", "d"} {
				t = append(t, cxr(b+a+name))
			}
		}
	}
	return append(append(t, searching()...), removing()...)
}

func car(_ datum.Caller, v datum.Value) (datum.Value, error) {
	if !v.IsPair() {
		return datum.Unset, datum.WrongTypeExpecting("car", 1, v, "pair")
	}
	return v.Pair().Car, nil
}

func cdr(_ datum.Caller, v datum.Value) (datum.Value, error) {
	if !v.IsPair() {
		return datum.Unset, datum.WrongTypeExpecting("cdr", 1, v, "pair")
	}
	return v.Pair().Cdr, nil
}

// cxr makes caar to cddddr of the letters between c and r.
func cxr(path string) *datum.Primitive {
	name := "c" + path + "r"
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		x := v
		for i := len(path) - 1; i >= 0; i-- {
			if !x.IsPair() {
				return datum.Unset, datum.WrongType(name, 1, v)
			}
			if path[i] == 'a' {
				x = x.Pair().Car
			} else {
				x = x.Pair().Cdr
			}
		}
		return x, nil
	})
}

// builder makes a list from front to back.
type builder struct{ head, last datum.Value }

func (b *builder) add(v datum.Value) {
	c := datum.Cons(v, datum.Null)
	if b.last.IsPair() {
		b.last.Pair().Cdr = c
	} else {
		b.head = c
	}
	b.last = c
}

// finish ends the list with tail.
func (b *builder) finish(tail datum.Value) datum.Value {
	if !b.last.IsPair() {
		return tail
	}
	b.last.Pair().Cdr = tail
	return b.head
}

func consStar(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	l := args[len(args)-1]
	for i := len(args) - 2; i >= 0; i-- {
		l = datum.Cons(args[i], l)
	}
	return l, nil
}

func makeList(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	n, err := arg.Size("make-list", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	fill := datum.Null
	if v, ok := arg.Given(args, 1); ok {
		fill = v
	}
	l := datum.Null
	for ; n > 0; n-- {
		l = datum.Cons(fill, l)
	}
	return l, nil
}

func length(_ datum.Caller, v datum.Value) (datum.Value, error) {
	n := arg.Length(v)
	if n < 0 {
		return datum.Unset, datum.WrongTypeExpecting("length", 1, v, "list")
	}
	return datum.Fix(int64(n)), nil
}

// circular reports whether a list never ends.
func circular(v datum.Value) bool {
	slow := v
	for {
		for range 2 {
			if !v.IsPair() {
				return false
			}
			v = v.Pair().Cdr
		}
		slow = slow.Pair().Cdr
		if v == slow && v.IsPair() {
			return true
		}
	}
}

func appendLists(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	if len(args) == 0 {
		return datum.Null, nil
	}
	last := len(args) - 1
	var b builder
	for i, l := range args[:last] {
		if arg.Length(l) < 0 {
			return datum.Unset, datum.WrongTypeExpecting("append", i+1, l, "list")
		}
		for ; l.IsPair(); l = l.Pair().Cdr {
			b.add(l.Pair().Car)
		}
	}
	return b.finish(args[last]), nil
}

func appendInPlace(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	if len(args) == 0 {
		return datum.Null, nil
	}
	out := args[len(args)-1]
	for i := len(args) - 2; i >= 0; i-- {
		if args[i].IsNull() {
			continue
		}
		if arg.Length(args[i]) < 0 {
			return datum.Unset, datum.WrongTypeExpecting("append!", i+1, args[i], "list")
		}
		l := args[i]
		for l.Pair().Cdr.IsPair() {
			l = l.Pair().Cdr
		}
		l.Pair().Cdr = out
		out = args[i]
	}
	return out, nil
}

func reverse(who string, v datum.Value) (datum.Value, error) {
	if arg.Length(v) < 0 {
		return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "list")
	}
	out := datum.Null
	for ; v.IsPair(); v = v.Pair().Cdr {
		out = datum.Cons(v.Pair().Car, out)
	}
	return out, nil
}

func reverseInPlace(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	v, out := args[0], datum.Null
	if arg.Length(v) < 0 {
		return datum.Unset, datum.WrongTypeExpecting("reverse!", 1, v, "list")
	}
	if t, ok := arg.Given(args, 1); ok {
		out = t
	}
	for v.IsPair() {
		next := v.Pair().Cdr
		v.Pair().Cdr = out
		out, v = v, next
	}
	return out, nil
}

func tail(who string, l, k datum.Value) (datum.Value, error) {
	n, err := arg.Count(who, 2, k)
	if err != nil {
		return datum.Unset, err
	}
	for ; n > 0; n-- {
		if !l.IsPair() {
			if who == "list-tail" || !l.IsNull() {
				return datum.Unset, datum.WrongTypeExpecting(who, 1, l, "pair")
			}
			return datum.Unset, datum.OutOfRange(who, 2, k)
		}
		l = l.Pair().Cdr
	}
	return l, nil
}

func listRef(_ datum.Caller, l, k datum.Value) (datum.Value, error) {
	n, err := arg.Count("list-ref", 2, k)
	if err != nil {
		return datum.Unset, err
	}
	for t := l; ; t = t.Pair().Cdr {
		switch {
		case t.IsNull():
			return datum.Unset, datum.OutOfRange("list-ref", 2, k)
		case !t.IsPair():
			return datum.Unset, datum.WrongTypeExpecting("list-ref", 1, l, "list")
		case n == 0:
			return t.Pair().Car, nil
		}
		n--
	}
}

func listHead(_ datum.Caller, l, k datum.Value) (datum.Value, error) {
	n, err := arg.Count("list-head", 2, k)
	if err != nil {
		return datum.Unset, err
	}
	var b builder
	for ; n > 0; n-- {
		if !l.IsPair() {
			return datum.Unset, datum.WrongTypeExpecting("list-head", 1, l, "pair")
		}
		b.add(l.Pair().Car)
		l = l.Pair().Cdr
	}
	return b.finish(datum.Null), nil
}

// maxTree bounds the native recursion of copy-tree into cars and vectors.
const maxTree = 2_000_000

func copyTree(v datum.Value, depth int) (datum.Value, error) {
	if depth > maxTree {
		return datum.Unset, datum.Misc("copy-tree", "structure is too deep")
	}
	switch {
	case v.IsPair():
		if circular(v) {
			return datum.Unset, datum.WrongType("copy-tree", 1, v)
		}
		var b builder
		for ; v.IsPair(); v = v.Pair().Cdr {
			x, err := copyTree(v.Pair().Car, depth+1)
			if err != nil {
				return datum.Unset, err
			}
			b.add(x)
		}
		rest, err := copyTree(v, depth+1)
		return b.finish(rest), err
	case v.Is(datum.KVector):
		items := append([]datum.Value(nil), v.Vector().Items...)
		for i, x := range items {
			var err error
			if items[i], err = copyTree(x, depth+1); err != nil {
				return datum.Unset, err
			}
		}
		return datum.NewVector(items), nil
	}
	return v, nil
}

func iota(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	count := args[0]
	if num.IsInteger(count) {
		count, _ = num.Exact(count)
	}
	n, err := arg.Size("iota", 1, count)
	if err != nil {
		return datum.Unset, err
	}
	start, step := datum.Fix(0), datum.Fix(1)
	if v, ok := arg.Given(args, 1); ok {
		start = v
	}
	if v, ok := arg.Given(args, 2); ok {
		step = v
	}
	if exact, ok := num.IsExact(step); ok && !exact {
		if start, err = num.Inexact(start); err != nil {
			return datum.Unset, datum.WrongType("iota", 2, args[1])
		}
	}
	var b builder
	for i := 0; i < n; i++ {
		off, err := num.Mul(datum.Fix(int64(i)), step)
		if err != nil {
			return datum.Unset, err
		}
		v, err := num.Add(start, off)
		if err != nil {
			return datum.Unset, err
		}
		b.add(v)
	}
	return b.finish(datum.Null), nil
}
