package vm

import (
	"errors"

	"fruix/interp/datum"
)

// dyn is one entry of the dynamic state, an immutable list from the innermost
// entry outwards.
type dyn struct {
	kind  dynKind
	level *level
	next  *dyn
	depth int
	epoch int // number of dynEpoch entries from here outwards
	// winder
	in, out datum.Value
	// handlers: in is the procedure, or the type of the exceptions that an
	// unwinding one takes to the prompt tag; see handler.go
	handler *handlerKey
	mark    int // the epoch in which the handler is at work
	// limit: in is the handler
	limit int // slots
	// fluid
	fluid *datum.Fluid
	cell  *datum.Value
	// table holds all bindings from here outwards to the next state; every
	// fluidStride-th fluid entry has one, so that looking up a fluid is not
	// linear in the depth. That of a state holds its fluids.
	table  map[*datum.Fluid]*datum.Value
	fluids int  // number of fluid entries from here outwards to the next state
	state  *dyn // the next dynamic state outwards, nil for the machine's own
	// prompt
	tag   datum.Value
	under *segment // the stack with call-with-prompt's frame on top
}

type dynKind uint8

const (
	dynWind dynKind = iota
	dynFluid
	dynPrompt
	dynState // with-dynamic-state
	dynHandler
	dynUnwinder
	dynMark    // a handler at work
	dynEpoch   // see handler.go
	dynBarrier // with-continuation-barrier
	dynLimit   // see limit.go
)

const fluidStride = 32

func (m *Machine) push(d *dyn) {
	d.next, d.level, d.depth, d.fluids, d.state, d.epoch = m.dyn, m.level, 0, 0, nil, 0
	if m.dyn != nil {
		d.depth, d.fluids, d.state, d.epoch = m.dyn.depth+1, m.dyn.fluids, m.dyn.state, m.dyn.epoch
		if m.dyn.kind == dynState {
			d.fluids, d.state = 0, m.dyn
		}
	}
	switch d.kind {
	case dynEpoch:
		d.epoch++
	case dynFluid:
		d.fluids++
		if d.fluids%fluidStride == 0 {
			d.table = m.dyn.bindings()
			d.table[d.fluid] = d.cell
		}
	}
	m.dyn = d
}

// step is a thunk to be called on the way from one dynamic state to another,
// with the state that is current while it runs.
type step struct {
	thunk datum.Value
	state *dyn
}

// common is the innermost entry that both lists share.
func common(a, b *dyn) *dyn {
	for depth(a) > depth(b) {
		a = a.next
	}
	for depth(b) > depth(a) {
		b = b.next
	}
	for a != b {
		a, b = a.next, b.next
	}
	return a
}

func depth(d *dyn) int {
	if d == nil {
		return -1
	}
	return d.depth
}

// path lists the winders to be run between two states, in order.
func path(from, to *dyn) []step {
	c := common(from, to)
	var steps []step
	for d := from; d != c; d = d.next {
		if d.kind == dynWind {
			steps = append(steps, step{d.out, d.next})
		}
	}
	outs := len(steps)
	for d := to; d != c; d = d.next {
		if d.kind == dynWind {
			steps = append(steps, step{d.in, d.next})
		}
	}
	for i, j := outs, len(steps)-1; i < j; i, j = i+1, j-1 {
		steps[i], steps[j] = steps[j], steps[i]
	}
	return steps
}

// continuation is a captured continuation, whole or up to a prompt.
type continuation struct {
	stack *segment
	dyn   *dyn
	level *level
	// For a composable one: stack and dyn end where these begin.
	composable bool
	stackEnd   *segment
	dynEnd     *dyn
}

// errBarrier is the failure to leave or enter the run of a native.
var errBarrier = errors.New("continuation crosses a native procedure")

func barrier(who string) *datum.Error {
	return &datum.Error{Key: "misc-error", Who: who, Message: "cannot invoke a continuation whose native caller has returned",
		Rest: datum.False, Payload: datum.Unset, Cause: errBarrier}
}

// splice puts the frames of k onto the current stack under, and its dynamic
// entries onto the current state. Prompts among these are given their new
// place.
func (m *Machine) splice(k *continuation, onto *segment) (*segment, *dyn) {
	var entries []*dyn
	prompts := false
	for d := k.dyn; d != k.dynEnd; d = d.next {
		entries = append(entries, d)
		prompts = prompts || d.kind == dynPrompt
	}
	var top *segment
	var moved map[*segment]*segment
	if prompts {
		top, moved = copied(k.stack, k.stackEnd, onto)
	} else {
		top = spliced(k.stack, k.stackEnd, onto)
	}
	saved := m.dyn
	for i := len(entries) - 1; i >= 0; i-- {
		e := *entries[i]
		if e.kind == dynFluid {
			e.table = nil
		}
		if e.kind == dynPrompt {
			e.under = moved[e.under]
		}
		m.push(&e)
	}
	state := m.dyn
	m.dyn = saved
	return top, state
}
