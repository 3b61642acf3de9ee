package module

import (
	"slices"

	"fruix/interp/datum"
)

// Hooks are what programs attach to a module (Guile manual, "Module System
// Reflection"). Each may run programs and fail.
type Hooks struct {
	// Binder is asked for a name that the module does not hold itself; define
	// says that the name is about to be defined. nil is no variable.
	Binder func(sym *datum.Symbol, define bool) (*datum.Variable, error)
	// Submodule is asked for a module below this one; nil when there is none.
	Submodule func(name *datum.Symbol) (*Module, error)
	// Changed is called after the module was changed by a program.
	Changed func() error
	// Duplicate decides between two variables that are imported under one name,
	// before the handlers known by name do; nil leaves the decision to them.
	Duplicate func(sym *datum.Symbol, i1 *Module, v1 *datum.Variable, i2 *Module, v2 *datum.Variable) (*datum.Variable, error)
}

// Hooks returns m's hooks, to be changed.
func (m *Module) Hooks() *Hooks {
	if m.hooks == nil {
		m.hooks = &Hooks{}
	}
	m.reg.note(Change{Kind: Other, Module: m})
	m.reg.generation++
	return m.hooks
}

// Property is what a program has noted about m under a name, and whether it has.
func (m *Module) Property(name string) (datum.Value, bool) {
	v, ok := m.props[name]
	return v, ok
}

// SetProperty notes v about m.
func (m *Module) SetProperty(name string, v datum.Value) {
	m.reg.note(Change{Kind: Other, Module: m})
	if m.props == nil {
		m.props = map[string]datum.Value{}
	}
	m.props[name] = v
}

// Changed tells the observers of m that it was changed.
func (m *Module) Changed() error {
	m.reg.generation++
	if m.hooks == nil || m.hooks.Changed == nil {
		return nil
	}
	return m.hooks.Changed()
}

// bind asks m's binder for a name.
func (m *Module) bind(sym *datum.Symbol, define bool) (*datum.Variable, error) {
	if m.hooks == nil || m.hooks.Binder == nil {
		return nil, nil
	}
	return m.hooks.Binder(sym, define)
}

// Claim is the variable that a definition of sym in m, by a program at run
// time, gives a value: m's own, or one of its binder.
func (m *Module) Claim(sym *datum.Symbol) (*datum.Variable, error) {
	if m.vars[sym] == nil {
		if v, err := m.bind(sym, true); v != nil || err != nil {
			return v, err
		}
	}
	return m.Define(sym), nil
}

// submodule asks the nearest module above name for it.
func (r *Registry) submodule(name datum.Value) (*Module, error) {
	var parts []datum.Value
	for l := name; l.IsPair(); l = l.Pair().Cdr {
		parts = append(parts, l.Pair().Car)
	}
	n := len(parts) - 1
	if n < 1 || !parts[n].IsSymbol() {
		return nil, nil
	}
	parent := r.modules[Key(datum.List(parts[:n]...))]
	if parent == nil || parent.hooks == nil || parent.hooks.Submodule == nil {
		return nil, nil
	}
	return parent.hooks.Submodule(parts[n].Symbol())
}

// AskedBelow asks m's own hook for a module below it.
func (r *Registry) AskedBelow(m *Module, name *datum.Symbol) (*Module, error) {
	if m.hooks == nil || m.hooks.Submodule == nil {
		return nil, nil
	}
	return m.hooks.Submodule(name)
}

// SetName changes the name of m. A name that is a list, as those of modules
// are, is registered; the module answers to it from now on.
func (r *Registry) SetName(m *Module, name datum.Value) {
	r.note(Change{Kind: Other, Module: m})
	m.Name = name
	if !ValidName(name) {
		return
	}
	if r.modules[m.Key] == m {
		delete(r.modules, m.Key)
	}
	m.Key = Key(name)
	m.public.Name, m.public.Key = name, m.Key
	r.modules[m.Key] = m
	r.tried[m.Key] = true
}

// SetPublic makes iface the public interface of m.
func (m *Module) SetPublic(iface *Module) {
	m.reg.note(Change{Kind: Other, Module: m})
	m.public = iface
	m.reg.generation++
}

// ImportedFrom is the interface through which m sees sym, nil when m sees it
// through none.
func (m *Module) ImportedFrom(sym *datum.Symbol) (*Module, error) {
	v, err := m.importOf(sym)
	if v == nil || err != nil {
		return nil, err
	}
	for _, u := range m.uses {
		if w, err := u.Local(sym); w == v || err != nil {
			return u, err
		}
	}
	return nil, nil
}

// NameOf is the name under which m sees a variable, nil when it does not.
func (m *Module) NameOf(v *datum.Variable) *datum.Symbol {
	for s, w := range m.vars {
		if w == v {
			return s
		}
	}
	for _, u := range m.uses {
		if u.view == nil {
			if s := u.NameOf(v); s != nil {
				return s
			}
			continue
		}
		for _, s := range u.Names() {
			if w, err := u.Local(s); w == v && err == nil {
				return s
			}
		}
	}
	return nil
}

// Clear takes all of m's own bindings away.
func (m *Module) Clear() {
	m.reg.note(Change{Kind: Other, Module: m})
	clear(m.vars)
	m.reg.generation++
}

// Unuse makes m no longer use iface.
func (m *Module) Unuse(iface *Module) {
	m.reg.note(Change{Kind: Other, Module: m})
	m.uses = slices.DeleteFunc(m.uses, func(u *Module) bool { return u == iface })
	m.reg.generation++
}

// Reload runs the file of m again.
func (r *Registry) Reload(m *Module) error {
	delete(r.tried, m.Key)
	return r.loadFile(m.Name, m.Key)
}
