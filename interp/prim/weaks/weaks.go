// Package weaks holds the natives around garbage collection: weak vectors,
// guardians and figures about the heap (Guile manual, "Memory Management"). Weak
// hash tables are with the other tables.
package weaks

import (
	"runtime"
	"sync"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
)

// Module is where (ice-9 weak-vector) finds its natives.
const Module = "(fruix native weak)"

// vector is a weak vector.
type vector struct{ items []datum.Weak }

func vectorOf(who string, v datum.Value) (*vector, error) {
	if v.Is(datum.KOpaque) {
		if w, ok := v.Opaque().Go.(*vector); ok {
			return w, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "weak vector")
}

// Parts gives the elements, #f for those that are gone, so that equal? compares
// them.
func (w *vector) Parts() []datum.Value {
	parts := make([]datum.Value, len(w.items))
	for i, x := range w.items {
		v, ok := x.Value()
		if !ok {
			v = datum.False
		}
		parts[i] = v
	}
	return parts
}

func newVector(items []datum.Value) datum.Value {
	w := &vector{make([]datum.Weak, len(items))}
	for i, x := range items {
		w.items[i] = datum.MakeWeak(x)
	}
	return datum.NewOpaque("weak-vector", w)
}

// Table lists the natives of Module.
func Table() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("make-weak-vector", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			n, err := arg.Index("make-weak-vector", 1, args[0], 1<<28)
			if err != nil {
				return datum.Unset, err
			}
			fill := datum.Unspecified
			if v, ok := arg.Given(args, 1); ok {
				fill = v
			}
			w := &vector{make([]datum.Weak, n)}
			for i := range w.items {
				w.items[i] = datum.MakeWeak(fill)
			}
			return datum.NewOpaque("weak-vector", w), nil
		}),
		arg.FN("weak-vector", 0, -1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) { return newVector(args), nil }),
		arg.F1("list->weak-vector", func(_ datum.Caller, l datum.Value) (datum.Value, error) {
			items, err := arg.List("list->weak-vector", 1, l)
			if err != nil {
				return datum.Unset, err
			}
			return newVector(items), nil
		}),
		arg.Is("weak-vector?", func(v datum.Value) bool {
			_, err := vectorOf("", v)
			return err == nil
		}),
		arg.F1("weak-vector-length", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			w, err := vectorOf("weak-vector-length", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(len(w.items))), nil
		}),
		// The value is #f once the element is gone.
		arg.F2("weak-vector-ref", func(_ datum.Caller, v, i datum.Value) (datum.Value, error) {
			w, err := vectorOf("weak-vector-ref", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Index("weak-vector-ref", 2, i, len(w.items))
			if err != nil {
				return datum.Unset, err
			}
			if x, ok := w.items[n].Value(); ok {
				return x, nil
			}
			return datum.False, nil
		}),
		arg.F3("weak-vector-set!", func(_ datum.Caller, v, i, x datum.Value) (datum.Value, error) {
			w, err := vectorOf("weak-vector-set!", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Index("weak-vector-set!", 2, i, len(w.items))
			if err == nil {
				w.items[n] = datum.MakeWeak(x)
			}
			return datum.Unspecified, err
		}),
	}
}

// guardian holds what it was given and nothing else refers to any more. Go's
// collector brings nothing back from the dead, so that a guardian returns twins.
type guardian struct {
	mu   sync.Mutex // they come from a goroutine of the collector's
	dead []datum.Value
}

// Base lists the natives of (guile).
func Base() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F0("make-guardian", func(datum.Caller) (datum.Value, error) {
			g := &guardian{}
			return (&datum.Primitive{Name: "guardian", Min: 0, Max: 1, FN: g.call,
				Doc: "Guard an object, or return a guarded object that is not used any more."}).Value(), nil
		}),
		arg.F0("gc-stats", stats),
	}
}

func (g *guardian) call(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	if v, ok := arg.Given(args, 0); ok {
		if datum.AfterDeath(v, g.add) || v.IsNumber() || v.IsChar() || v.IsSymbol() || v.Is(datum.KConstant) {
			return datum.Unspecified, nil
		}
		return datum.Unset, &datum.Error{Key: "wrong-type-arg", Who: "guardian",
			Message:   "cannot guard ~S: only data, fluids and natives can be guarded",
			Irritants: []datum.Value{v}, Rest: datum.List(v), Payload: datum.Unset}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.dead) == 0 {
		return datum.False, nil
	}
	v := g.dead[0]
	g.dead = g.dead[1:]
	return v, nil
}

func (g *guardian) add(twin datum.Value) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = append(g.dead, twin)
}

// stats are Guile's figures, as far as Go's collector has them.
func stats(datum.Caller) (datum.Value, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	entry := func(name string, n uint64) datum.Value { return datum.Cons(datum.Sym(name), num.Int(int64(n))) }
	return datum.List(
		entry("gc-time-taken", m.PauseTotalNs),
		entry("heap-size", m.HeapSys),
		entry("heap-free-size", m.HeapSys-m.HeapAlloc),
		entry("heap-total-allocated", m.TotalAlloc),
		entry("heap-allocated-since-gc", m.HeapAlloc),
		entry("protected-objects", 0),
		entry("gc-times", uint64(m.NumGC)),
	), nil
}
