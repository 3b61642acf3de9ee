package module

import "fruix/interp/datum"

// The names of modules form a tree: (ice-9 match) lies below (ice-9), which
// need not be a module itself.

// Directory makes a module that stands for a place in the tree of names where
// there is no module, the same one each time. It has no variables and is not
// registered.
func (r *Registry) Directory(name datum.Value) *Module {
	key := Key(name)
	if m := r.directories[key]; m != nil {
		return m
	}
	m := &Module{Name: name, Key: Key(name), Version: datum.Null, reg: r, vars: map[*datum.Symbol]*datum.Variable{}}
	m.public = m
	r.directories[key] = m
	return m
}

// Submodules lists what lies directly below a name in the tree of loaded
// modules, sorted by name: modules, and directories that lead to modules.
func (r *Registry) Submodules(name datum.Value) []*Module {
	depth := 0
	for l := name; l.IsPair(); l = l.Pair().Cdr {
		depth++
	}
	var out []*Module
	for _, m := range r.Modules() {
		child, ok := prefixOf(m.Name, name, depth+1)
		if !ok {
			continue
		}
		key := Key(child)
		if n := len(out); n > 0 && out[n-1].Key == key {
			continue
		}
		if own := r.modules[key]; own != nil {
			out = append(out, own)
		} else {
			out = append(out, r.Directory(child))
		}
	}
	return out
}

// prefixOf is the first n parts of name, if it has that many and begins with
// the parts of prefix.
func prefixOf(name, prefix datum.Value, n int) (datum.Value, bool) {
	parts := make([]datum.Value, 0, n)
	for ; len(parts) < n; name = name.Pair().Cdr {
		if !name.IsPair() {
			return datum.Unset, false
		}
		part := name.Pair().Car
		if prefix.IsPair() {
			if prefix.Pair().Car != part {
				return datum.Unset, false
			}
			prefix = prefix.Pair().Cdr
		}
		parts = append(parts, part)
	}
	return datum.List(parts...), true
}
