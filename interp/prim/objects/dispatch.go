package objects

import (
	"sync/atomic"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// maxDepth is how many arguments of a generic function can decide about the
// method and still have the decision remembered.
const maxDepth = 6

// fewEntries is up to how many decisions are looked through one by one.
const fewEntries = 8

// signature is what a decision depends on: the number of arguments and the
// classes of the first ones.
type signature struct {
	n       int
	classes [maxDepth]*datum.RecordType
}

type decision struct {
	signature
	proc datum.Value
}

// memory is an immutable set of decisions.
type memory struct {
	depth int
	list  []decision
	more  map[signature]datum.Value // instead of list when there are many
}

// selector remembers which procedure a generic function calls for which classes
// of arguments. It implements datum.Selector.
type selector struct {
	system *System
	// miss is called when nothing is remembered; it decides.
	miss  datum.Value
	known atomic.Pointer[memory]
}

func (s *selector) signature(m *memory, args []datum.Value) (signature, bool) {
	k := signature{n: len(args)}
	for i := 0; i < m.depth && i < len(args); i++ {
		if k.classes[i] = s.system.classOf(args[i]); k.classes[i] == nil {
			return k, false
		}
	}
	return k, true
}

// Select implements datum.Selector.
func (s *selector) Select(args []datum.Value) datum.Value {
	m := s.known.Load()
	k, ok := s.signature(m, args)
	if !ok {
		return s.miss
	}
	if m.more != nil {
		if p, ok := m.more[k]; ok {
			return p
		}
		return s.miss
	}
	for i := range m.list {
		if m.list[i].signature == k {
			return m.list[i].proc
		}
	}
	return s.miss
}

// remember adds a decision.
func (s *selector) remember(k signature, proc datum.Value) {
	old := s.known.Load()
	m := &memory{depth: old.depth}
	if old.more == nil && len(old.list) < fewEntries {
		m.list = append(append([]decision(nil), old.list...), decision{k, proc})
	} else {
		m.more = make(map[signature]datum.Value, len(old.list)+len(old.more)+1)
		for _, d := range old.list {
			m.more[d.signature] = d.proc
		}
		for k, p := range old.more {
			m.more[k] = p
		}
		m.more[k] = proc
	}
	s.known.Store(m)
}

func selectorArg(who string, v datum.Value) (*selector, error) {
	if v.Is(datum.KOpaque) {
		if s, ok := v.Opaque().Go.(*selector); ok {
			return s, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "selector")
}

// selectors lists the natives around the choice of methods.
func selectors(sys *System) []*datum.Primitive {
	return []*datum.Primitive{
		// (%make-selector miss): miss is called with the arguments when no
		// method is remembered for their classes.
		arg.F1("%make-selector", func(_ datum.Caller, miss datum.Value) (datum.Value, error) {
			s := &selector{system: sys, miss: miss}
			s.known.Store(&memory{})
			return datum.NewOpaque("selector", s), nil
		}),
		// (%selector-reset! s depth) forgets all; from now on the classes of the
		// first depth arguments decide.
		arg.F2("%selector-reset!", func(_ datum.Caller, v, depth datum.Value) (datum.Value, error) {
			s, err := selectorArg("%selector-reset!", v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Count("%selector-reset!", 2, depth)
			if err == nil {
				s.known.Store(&memory{depth: n})
			}
			return datum.Unspecified, err
		}),
		// (%selector-remember! s args proc) makes the decision for args and all
		// that are like them.
		arg.F3("%selector-remember!", func(_ datum.Caller, v, args, proc datum.Value) (datum.Value, error) {
			s, err := selectorArg("%selector-remember!", v)
			if err != nil {
				return datum.Unset, err
			}
			list, err := arg.List("%selector-remember!", 2, args)
			if err != nil {
				return datum.Unset, err
			}
			if m := s.known.Load(); m.depth <= maxDepth {
				if k, ok := s.signature(m, list); ok {
					s.remember(k, proc)
				}
			}
			return datum.Unspecified, nil
		}),
		arg.F1("%selector-size", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := selectorArg("%selector-size", v)
			if err != nil {
				return datum.Unset, err
			}
			m := s.known.Load()
			return datum.Fix(int64(len(m.list) + len(m.more))), nil
		}),
	}
}
