package expand

import (
	"fruix/interp/datum"
	"fruix/interp/module"
)

// treeNatives are the procedures on the tree of modules' names, and on modules
// as tables.
func (x *Expander) treeNatives() []*datum.Primitive {
	table := func(ms []*module.Module) datum.Value {
		t := datum.NewHashTable()
		for _, m := range ms {
			last := m.Name
			for last.Pair().Cdr.IsPair() {
				last = last.Pair().Cdr
			}
			t.Set(last.Pair().Car, m.Value(), datum.ByEq)
		}
		return t.Value()
	}
	return []*datum.Primitive{
		onModule("module-submodules", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			if m.Name == datum.False {
				return table(nil), nil
			}
			return table(x.Modules.Submodules(m.Name)), nil
		}),
		onModule("module-obarray", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			t := datum.NewHashTable()
			for _, sym := range m.Names() {
				v, err := m.Local(sym)
				if err != nil {
					return datum.Unset, err
				}
				if v == nil {
					continue
				}
				// What waits for its first use would look unbound.
				if v.Value == datum.Unset {
					if _, _, err := x.value(v); err != nil {
						continue
					}
				}
				t.Set(sym.Value(), v.Object(), datum.ByEq)
			}
			return t.Value(), nil
		}),
	}
}
