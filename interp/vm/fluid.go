package vm

import (
	"weak"

	"fruix/interp/datum"
)

// fluidCells are the values of fluids.
type fluidCells = map[*datum.Fluid]*datum.Value

// bindings collects the cells of all fluids bound in d, inwards of the next
// state.
func (d *dyn) bindings() fluidCells {
	t := fluidCells{}
	for ; d != nil && d.kind != dynState; d = d.next {
		if d.kind != dynFluid {
			continue
		}
		if d.table != nil {
			for f, c := range d.table {
				if _, ok := t[f]; !ok {
					t[f] = c
				}
			}
			return t
		}
		if _, ok := t[d.fluid]; !ok {
			t[d.fluid] = d.cell
		}
	}
	return t
}

// binding finds the cell of f in d and outwards. Where none of the bindings is
// of f, it gives the state that f belongs to, nil for the machine's own.
func binding(d *dyn, f *datum.Fluid) (cell *datum.Value, state *dyn) {
	for d != nil {
		switch d.kind {
		case dynFluid:
			if d.fluid == f {
				return d.cell, nil
			}
			if d.table != nil {
				if c, ok := d.table[f]; ok {
					return c, nil
				}
				d = d.state
				continue
			}
		case dynState:
			if !f.Local {
				return nil, d
			}
		}
		d = d.next
	}
	return nil, nil
}

// FluidRef implements datum.Caller.
func (m *Machine) FluidRef(f *datum.Fluid) datum.Value {
	cell, state := binding(m.dyn, f)
	switch {
	case cell != nil:
		return *cell
	case state != nil:
		cell = state.table[f]
	case m.locals != nil:
		cell = m.locals[f]
	case f.Assigned:
		return f.Main
	}
	if cell != nil {
		return *cell
	}
	return f.Default
}

// FluidSet implements datum.Caller.
func (m *Machine) FluidSet(f *datum.Fluid, v datum.Value) {
	cell, state := binding(m.dyn, f)
	switch {
	case cell != nil:
		*cell = v
	case state != nil:
		assign(state.table, f, v)
	case m.locals != nil:
		assign(m.locals, f, v)
	default:
		if !f.Assigned {
			m.world.assigned(f)
		}
		f.Main, f.Assigned = v, true
	}
}

func assign(t fluidCells, f *datum.Fluid, v datum.Value) {
	if c := t[f]; c != nil {
		*c = v
	} else {
		t[f] = &v
	}
}

// FluidAt is the value of f in the dynamic state depth bindings further out, its
// default beyond the outermost.
func (m *Machine) FluidAt(f *datum.Fluid, depth int64) datum.Value {
	for d := m.dyn; d != nil; d = d.next {
		switch {
		case d.kind == dynFluid && d.fluid == f:
			if depth == 0 {
				return *d.cell
			}
			depth--
		case d.kind == dynState && !f.Local:
			if c := d.table[f]; c != nil && depth == 0 {
				return *c
			}
			return f.Default
		}
	}
	if depth > 0 {
		return f.Default
	}
	saved := m.dyn
	m.dyn = nil
	v := m.FluidRef(f)
	m.dyn = saved
	return v
}

// assigned notes that f was given a value outside of any binding, so that other
// dynamic states can start from it.
func (w *world) assigned(f *datum.Fluid) {
	if len(w.fluids) > 64 && len(w.fluids) == cap(w.fluids) {
		kept := make([]weak.Pointer[datum.Fluid], 0, len(w.fluids))
		for _, p := range w.fluids {
			if p.Value() != nil {
				kept = append(kept, p)
			}
		}
		w.fluids = kept
	}
	w.fluids = append(w.fluids, weak.Make(f))
}

// DynamicState is a set of values of fluids, as it was at one moment.
type DynamicState struct{ values map[*datum.Fluid]datum.Value }

// DynamicState gives the current values of all fluids that are not a thread's
// own.
func (m *Machine) DynamicState() *DynamicState {
	s := &DynamicState{map[*datum.Fluid]datum.Value{}}
	add := func(f *datum.Fluid, v datum.Value) {
		if _, ok := s.values[f]; !ok && !f.Local {
			s.values[f] = v
		}
	}
	for f, c := range m.dyn.bindings() {
		add(f, *c)
	}
	state := m.dyn
	for state != nil && state.kind != dynState {
		state = state.next
	}
	switch {
	case state != nil:
		for f, c := range state.table {
			add(f, *c)
		}
	case m.locals == nil:
		for _, p := range m.world.fluids {
			if f := p.Value(); f != nil {
				add(f, f.Main)
			}
		}
	}
	return s
}

// cells gives s as the fluids of a dynamic entry, which may change them.
func (s *DynamicState) cells() fluidCells {
	t := make(fluidCells, len(s.values))
	for f, v := range s.values {
		t[f] = &v
	}
	return t
}

// Value is s as a value of the language.
func (s *DynamicState) Value() datum.Value { return datum.NewOpaque("dynamic-state", s) }

// DynamicStateOf is the dynamic state of v, nil for what is none.
func DynamicStateOf(v datum.Value) *DynamicState {
	if v.Is(datum.KOpaque) {
		if s, ok := v.Opaque().Go.(*DynamicState); ok {
			return s
		}
	}
	return nil
}

// SetDynamicState gives all fluids the values they have in s, and those that s
// does not know their defaults.
func (m *Machine) SetDynamicState(s *DynamicState) {
	for f := range m.DynamicState().values {
		if _, ok := s.values[f]; !ok {
			m.FluidSet(f, f.Default)
		}
	}
	for f, v := range s.values {
		m.FluidSet(f, v)
	}
}

// pushState makes the state in register 0 the current one.
func (m *Machine) pushState(v datum.Value) error {
	s := DynamicStateOf(v)
	if s == nil {
		return datum.WrongTypeExpecting("with-dynamic-state", 1, v, "dynamic state")
	}
	m.push(&dyn{kind: dynState, table: s.cells()})
	return nil
}
