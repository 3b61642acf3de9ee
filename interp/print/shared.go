package print

import "fruix/interp/datum"

// scanBudget is how many objects are looked at without keeping book: data
// that ends within it has no cycle.
const scanBudget = 2000

// findShared returns the objects that need a datum label, each with -1: those
// on a cycle, or, with all, those reached more than once. nil means none.
func findShared(v datum.Value, all bool) map[datum.Value]int {
	if !all && finite(v) {
		return nil
	}
	const (
		active = 1
		done   = 2
	)
	type visit struct {
		v     datum.Value
		leave bool
	}
	state := map[datum.Value]uint8{}
	var found map[datum.Value]int
	stack := []visit{{v: v}}
	var kids []datum.Value
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t.leave {
			state[t.v] = done
			continue
		}
		if s := state[t.v]; s != 0 {
			if all || s == active {
				if found == nil {
					found = map[datum.Value]int{}
				}
				found[t.v] = -1
			}
			continue
		}
		state[t.v] = active
		stack = append(stack, visit{t.v, true})
		kids = children(kids[:0], t.v)
		for _, k := range kids {
			stack = append(stack, visit{v: k})
		}
	}
	return found
}

// finite reports whether a plain walk of v ends soon.
func finite(v datum.Value) bool {
	stack := make([]datum.Value, 0, 32)
	stack = append(stack, v)
	for n := 0; len(stack) > 0; n++ {
		if n > scanBudget {
			return false
		}
		v := stack[len(stack)-1]
		stack = children(stack[:len(stack)-1], v)
	}
	return true
}

// children appends the compound parts of v.
func children(out []datum.Value, v datum.Value) []datum.Value {
	add := func(vs ...datum.Value) {
		for _, x := range vs {
			if compound(x) {
				out = append(out, x)
			}
		}
	}
	switch v.Kind() {
	case datum.KPair:
		add(v.Pair().Car, v.Pair().Cdr)
	case datum.KVector:
		add(v.Vector().Items...)
	case datum.KRecord:
		if v.IsObject() {
			break // has methods to write it
		}
		add(v.Record().Fields...)
	case datum.KBox:
		add(v.Box().Value)
	case datum.KVariable:
		add(v.Variable().Value)
	case datum.KPromise:
		add(v.Promise().State.Value)
	case datum.KArray:
		if root := v.Array().Root; root.Is(datum.KVector) {
			add(root.Vector().Items...)
		}
	}
	return out
}
