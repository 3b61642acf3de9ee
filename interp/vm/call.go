package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// callPrimitive calls a native with any number of arguments.
func callPrimitive(m datum.Caller, p *datum.Primitive, args []datum.Value) (datum.Value, error) {
	n := len(args)
	if n < p.Min || p.Max >= 0 && n > p.Max {
		return datum.Value{}, wrongCount(p.Value())
	}
	switch {
	case n == 0 && p.F0 != nil:
		return p.F0(m)
	case n == 1 && p.F1 != nil:
		return p.F1(m, args[0])
	case n == 2 && p.F2 != nil:
		return p.F2(m, args[0], args[1])
	case n == 3 && p.F3 != nil:
		return p.F3(m, args[0], args[1], args[2])
	case p.FN != nil:
		return p.FN(m, args)
	}
	return datum.Value{}, wrongCount(p.Value())
}

// bindArgs lays out n arguments at fp for the clause of cl that takes them and
// returns where its code starts.
func bindArgs(cl *code.Closure, fp unsafe.Pointer, n int) (int, *datum.Error) {
	p := cl.Code
	if err := p.Fetch(); err != nil {
		return 0, datum.AsError("", err)
	}
	for i := range p.Clauses {
		c := &p.Clauses[i]
		if n < c.Req {
			continue
		}
		if n > c.Req+c.Opt && !c.Rest && !c.HasKeys {
			continue
		}
		if c.HasKeys && !c.Rest && len(p.Clauses) > 1 && !keysFit(c, fp, n) {
			continue
		}
		return c.Entry, layOut(p, c, fp, n)
	}
	return 0, wrongCount(cl.Value())
}

// keysFit reports whether what follows the optional arguments looks like
// keywords, so that case-lambda* can pass on to the next clause.
func keysFit(c *code.Clause, fp unsafe.Pointer, n int) bool {
	at := positional(c, fp, n)
	if (n-at)%2 != 0 {
		return false
	}
	for ; at < n; at += 2 {
		if !reg(fp, at).Is(datum.KKeyword) {
			return false
		}
	}
	return true
}

// positional is how many of n arguments are bound by position: optional
// arguments end at the first keyword when the clause has keywords.
func positional(c *code.Clause, fp unsafe.Pointer, n int) int {
	at := min(n, c.Req+c.Opt)
	if c.HasKeys {
		for i := c.Req; i < at; i++ {
			if reg(fp, i).Is(datum.KKeyword) {
				return i
			}
		}
	}
	return at
}

func layOut(p *code.Proc, c *code.Clause, fp unsafe.Pointer, n int) *datum.Error {
	at := positional(c, fp, n)
	if !c.HasKeys && !c.Rest {
		for i := at; i < c.Req+c.Opt; i++ {
			*reg(fp, i) = datum.Unset
		}
		return nil
	}
	extra := append([]datum.Value(nil), unsafe.Slice(reg(fp, at), n-at)...)
	k := c.Req + c.Opt
	for i := at; i < k; i++ {
		*reg(fp, i) = datum.Unset
	}
	for i := range c.Keys {
		*reg(fp, k+i) = datum.Unset
	}
	if c.Rest {
		*reg(fp, k+len(c.Keys)) = datum.List(extra...)
	}
	if !c.HasKeys {
		return nil
	}
	for i := 0; i < len(extra); i++ {
		if !extra[i].Is(datum.KKeyword) {
			if c.Rest {
				continue
			}
			return keywordError("Invalid keyword", p, extra[i])
		}
		if i+1 >= len(extra) {
			return keywordError("Keyword argument has no value", p, extra[i])
		}
		found := false
		for j, key := range c.Keys {
			if extra[i] == key.Value() {
				*reg(fp, k+j) = extra[i+1]
				found = true
			}
		}
		if !found && !c.AllowOtherKeys {
			return keywordError("Unrecognized keyword", p, extra[i])
		}
		i++
	}
	return nil
}

func keywordError(msg string, p *code.Proc, v datum.Value) *datum.Error {
	return &datum.Error{Key: "keyword-argument-error", Who: p.Name, Message: msg, Rest: datum.List(v), Payload: datum.Unset}
}

// special prepares the call of something that is neither a closure nor a
// native: it lays out arguments at fp and returns what to call instead.
func (m *Machine) special(callee datum.Value, fp unsafe.Pointer, n int) (datum.Value, int, error) {
	switch callee.Kind() {
	case datum.KContinuation:
		// (invoke k args)
		args := datum.List(unsafe.Slice(reg(fp, 0), n)...)
		*reg(fp, 0), *reg(fp, 1) = callee, args
		return invokeClosure.Value(), 2, nil
	case datum.KParameter:
		p := callee.Parameter()
		if n == 0 {
			*reg(fp, 0) = m.FluidRef(p.Fluid)
			return identityClosure.Value(), 1, nil
		}
		if n == 1 {
			// Guile's parameters are set by calling them.
			v := *reg(fp, 0)
			*reg(fp, 0), *reg(fp, 1), *reg(fp, 2) = callee, p.Converter, v
			return parameterSetClosure.Value(), 3, nil
		}
		return callee, n, wrongCount(callee)
	case datum.KRecord:
		r := callee.Record()
		if r.Type.Applicable && len(r.Fields) > 0 {
			f := r.Fields[0]
			if f.Is(datum.KOpaque) {
				if s, ok := f.Opaque().Go.(datum.Selector); ok {
					f = s.Select(unsafe.Slice(reg(fp, 0), n))
				}
			}
			return f, n, nil
		}
	}
	return callee, n, &datum.Error{Key: "wrong-type-arg", Message: "Wrong type to apply: ~S",
		Irritants: []datum.Value{callee}, Rest: datum.List(callee), Payload: datum.Unset}
}

// circular reports whether a list has no end (Brent, "An improved Monte Carlo
// factorization algorithm", 1980, finds cycles by steps of growing length).
func circular(l datum.Value) bool {
	mark, steps, bound := l, 0, 16
	for l.IsPair() {
		l = l.Pair().Cdr
		if l == mark && l.IsPair() {
			return true
		}
		if steps++; steps == bound {
			mark, steps, bound = l, 0, 2*bound
		}
	}
	return false
}

// listArgs appends the elements of a list to args.
func listArgs(args []datum.Value, l datum.Value) []datum.Value {
	for ; l.IsPair(); l = l.Pair().Cdr {
		args = append(args, l.Pair().Car)
	}
	return args
}

// receiveValues spreads the values in A over B registers and a rest list.
func receiveValues(fp unsafe.Pointer, w code.Word) error {
	base, req, rest := w.A(), w.B(), w.C() == 1
	v := *reg(fp, base)
	var one [1]datum.Value
	items := one[:]
	if v.Is(datum.KValues) {
		items = v.Values().Items
	} else {
		one[0] = v
	}
	if len(items) < req || len(items) > req && !rest {
		return &datum.Error{Key: "wrong-number-of-args", Message: "Wrong number of values returned to continuation (expected ~A~A, got ~A)",
			Irritants: []datum.Value{datum.NewString(atLeast(rest)), datum.Fix(int64(req)), datum.Fix(int64(len(items)))},
			Rest:      datum.False, Payload: datum.Unset}
	}
	for i := range req {
		*reg(fp, base+i) = items[i]
	}
	if rest {
		*reg(fp, base+req) = datum.List(items[req:]...)
	}
	return nil
}

func atLeast(rest bool) string {
	if rest {
		return "at least "
	}
	return ""
}
