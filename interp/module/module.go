// Package module has Guile's modules: name spaces of variables that export,
// import, rename and load each other (Guile Reference Manual, "Modules").
//
// A module owns variables. What it exports is a second module, its public
// interface, that shares the variables under the exported names. Other modules
// use interfaces, either the public one or a view of it that selects, renames,
// prefixes or hides names. A name is looked up among the module's own variables
// first, then in the interfaces that it uses.
package module

import (
	"slices"
	"strings"
	"unsafe"

	"fruix/interp/datum"
)

// Module is one name space; *Module values of the language are KModule.
type Module struct {
	// Name is the list of symbols and integers; False for an anonymous module.
	Name datum.Value
	// Key is Name as text, "(ice-9 match)", unique in the registry.
	Key string
	// Filename is what the module was loaded from, "" when from nowhere.
	Filename string
	// Version is what #:version gave, else Null.
	Version datum.Value

	reg      *Registry
	vars     map[*datum.Symbol]*datum.Variable
	uses     []*Module
	public   *Module
	view     *view
	replace  map[*datum.Symbol]bool
	features []*datum.Symbol
	policy   []string                   // duplicate binding handlers, nil for the default
	merges   map[*datum.Symbol][]merged // bindings made by merge-generics
	asking   bool                       // an interface that looks at those it uses

	imports    map[*datum.Symbol]*datum.Variable // cache of found imports
	generation uint64                            // of the registry, when imports was filled
	embedded   bool                              // its file is part of Stdlib
	fresh      map[*datum.Symbol]int             // names made from a symbol
	watched    bool                              // some module uses this interface
	viewed     bool                              // and under other names

	defining bool   // an interface that still lacks exports
	hooks    *Hooks // nil when a program attached nothing
	props    map[string]datum.Value
}

// view is how an interface looks at another one. Exactly the fields that are
// needed are set; names map from the user's side to the base's side.
type view struct {
	base   *Module
	sel    map[*datum.Symbol]*datum.Symbol // only these, by new name
	hide   map[*datum.Symbol]bool          // names of the base that are left out
	prefix string                          // in front of every name
	from   map[*datum.Symbol]*datum.Symbol // renamed one by one, by new name
	gone   map[*datum.Symbol]bool          // names of the base that from renames
	auto   *autoload
}

// autoload stands for an interface whose module is loaded when one of names is
// first looked up.
type autoload struct {
	name  datum.Value
	names map[*datum.Symbol]bool
	base  *Module
}

// Value returns m as a value of the language.
func (m *Module) Value() datum.Value { return datum.Obj(datum.KModule, unsafe.Pointer(m)) }

// Of returns the module held by v, or nil when v is none.
func Of(v datum.Value) *Module {
	if v.Is(datum.KModule) {
		return (*Module)(v.Ptr())
	}
	return nil
}

// String gives the module's name as text.
func (m *Module) String() string { return m.Key }

// IsInterface reports whether m is an interface rather than a module proper.
func (m *Module) IsInterface() bool { return m.view != nil || m.public == m }

// Public returns the public interface.
func (m *Module) Public() *Module { return m.public }

// Uses lists the interfaces that m uses, in order of use.
func (m *Module) Uses() []*Module { return slices.Clone(m.uses) }

// Provide notes that who uses m has the features, for cond-expand.
func (m *Module) Provide(features ...*datum.Symbol) {
	if m.public != nil {
		m = m.public
	}
	m.features = append(m.features, features...)
}

// HasFeature reports whether m uses an interface, or a view of one, that
// provides a feature: one that it was told to, or the SRFI that it is.
func (m *Module) HasFeature(feature *datum.Symbol) bool {
	for _, u := range m.uses {
		for u.view != nil && u.view.base != nil {
			u = u.view.base
		}
		if u.Key == "(srfi "+feature.Name+")" || slices.Contains(u.features, feature) {
			return true
		}
	}
	return false
}

// Local finds a variable that m itself holds (for an interface: offers), or
// nil. It fails when an autoload cannot be loaded.
func (m *Module) Local(sym *datum.Symbol) (*datum.Variable, error) {
	if v := m.view; v != nil {
		return v.lookup(sym)
	}
	v := m.vars[sym]
	if v == nil && m.hooks != nil {
		if b, err := m.bind(sym, false); b != nil || err != nil {
			return b, err
		}
	}
	if v == nil && len(m.uses) > 0 && m.public == m {
		return m.passedOn(sym)
	}
	return v, nil
}

// passedOn finds what an interface offers because it uses other interfaces
// (Guile manual, "Module System Reflection": module-use! on the result of
// module-public-interface). Interfaces may use one another in a circle.
func (m *Module) passedOn(sym *datum.Symbol) (*datum.Variable, error) {
	if m.asking {
		return nil, nil
	}
	m.asking = true
	defer func() { m.asking = false }()
	return m.importOf(sym)
}

// passesReplacement reports whether a used interface offers sym to replace
// others.
func (m *Module) passesReplacement(sym *datum.Symbol) bool {
	if m.asking || m.public != m || len(m.uses) == 0 || m.vars[sym] != nil {
		return false
	}
	m.asking = true
	defer func() { m.asking = false }()
	for _, u := range m.uses {
		if u.isReplacement(sym) {
			return true
		}
	}
	return false
}

func (v *view) lookup(sym *datum.Symbol) (*datum.Variable, error) {
	if a := v.auto; a != nil {
		if !a.names[sym] {
			return nil, nil
		}
		if a.base == nil {
			iface, err := v.base.reg.Interface(a.name)
			if e, ok := err.(*Error); ok && !v.base.reg.Exists(a.name) {
				absent := *e
				absent.Autoload = true
				return nil, &absent
			}
			if err != nil {
				return nil, err
			}
			a.base = iface
			iface.reg.watch(iface)
		}
		return a.base.Local(sym)
	}
	if v.sel != nil {
		old := v.sel[sym]
		if old == nil {
			return nil, nil
		}
		return v.base.Local(old)
	}
	if v.prefix != "" {
		rest, ok := strings.CutPrefix(sym.Name, v.prefix)
		if !ok {
			return nil, nil
		}
		sym = datum.Intern(rest)
	}
	if v.from != nil {
		if old := v.from[sym]; old != nil {
			sym = old
		} else if v.gone[sym] {
			return nil, nil
		}
	}
	if v.hide[sym] {
		return nil, nil
	}
	return v.base.Local(sym)
}

// isReplacement reports whether the interface offers sym to replace others.
func (m *Module) isReplacement(sym *datum.Symbol) bool {
	v := m.view
	switch {
	case v == nil:
		return m.replace[sym] || m.passesReplacement(sym)
	case v.auto != nil:
		return v.auto.base != nil && v.auto.base.isReplacement(sym)
	case v.sel != nil:
		old := v.sel[sym]
		return old != nil && v.base.isReplacement(old)
	case v.prefix != "" || v.from != nil && v.from[sym] != nil:
		return false
	}
	return v.base.isReplacement(sym)
}

// Lookup finds the variable that sym means in m: its own or an imported one.
// It returns nil when there is none.
func (m *Module) Lookup(sym *datum.Symbol) (*datum.Variable, error) {
	if m.view != nil {
		return m.view.lookup(sym)
	}
	if v := m.vars[sym]; v != nil {
		return v, nil
	}
	if m.generation != m.reg.generation {
		clear(m.imports)
		m.generation = m.reg.generation
	}
	if v := m.imports[sym]; v != nil {
		return v, nil
	}
	if m.hooks != nil {
		if v, err := m.bind(sym, false); v != nil || err != nil {
			return v, err
		}
	}
	v, err := m.importOf(sym)
	if v != nil && err == nil {
		if m.imports == nil {
			m.imports = map[*datum.Symbol]*datum.Variable{}
		}
		m.imports[sym] = v
		m.reg.cached[sym] = true
	}
	return v, err
}

func (m *Module) importOf(sym *datum.Symbol) (*datum.Variable, error) {
	var found *datum.Variable
	var from *Module
	for _, u := range m.uses {
		v, err := u.Local(sym)
		if err != nil {
			return nil, err
		}
		switch {
		case v == nil || v == found:
		case found == nil:
			found, from = v, u
		default:
			var err error
			if found, from, err = m.duplicate(sym, from, found, u, v); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// Define returns m's own variable sym, made when there is none, ready to be
// given a value. A reference that was met before the definition sees it.
func (m *Module) Define(sym *datum.Symbol) *datum.Variable {
	v, m := m.define(sym)
	m.reg.note(Change{Kind: Defined, Module: m, Name: sym})
	return v
}

func (m *Module) define(sym *datum.Symbol) (*datum.Variable, *Module) {
	if m.view != nil {
		m = m.view.base
	}
	if v := m.vars[sym]; v != nil {
		return v, m
	}
	v := m.reg.forwards[forwardKey{m, sym}]
	if v != nil {
		delete(m.reg.forwards, forwardKey{m, sym})
	} else {
		v = &datum.Variable{Value: datum.Unset, Name: sym, Home: m.Key}
	}
	m.vars[sym] = v
	return v, m
}

// Set defines sym with value v.
func (m *Module) Set(sym *datum.Symbol, v datum.Value) *datum.Variable {
	b, m := m.define(sym)
	b.Value = v
	m.reg.note(Change{Kind: Assigned, Module: m, Name: sym, Value: v})
	return b
}

// Add puts an existing variable into m under the name sym (module-add!).
func (m *Module) Add(sym *datum.Symbol, v *datum.Variable) {
	m.vars[sym] = v
	m.reg.generation++
	m.reg.note(Change{Kind: Added, Module: m, Name: sym, Var: v})
}

// Remove takes m's own binding of sym away and reports whether there was one.
func (m *Module) Remove(sym *datum.Symbol) bool {
	_, ok := m.vars[sym]
	delete(m.vars, sym)
	m.reg.generation++
	m.reg.note(Change{Kind: Removed, Module: m, Name: sym})
	return ok
}

// Ref is Lookup for a reference in a program: where nothing is found it makes
// an unbound variable that a later definition of the name in m becomes.
// Registry.Settle asks again when such a variable is read. So it does for a name
// whose autoload names a module that does not exist: that is an error when the
// name is needed.
func (m *Module) Ref(sym *datum.Symbol) (*datum.Variable, error) {
	v, err := m.Lookup(sym)
	if e, ok := err.(*Error); ok && e.Autoload {
		err = nil
	}
	if v != nil || err != nil {
		return v, err
	}
	if m.view != nil {
		m = m.view.base
	}
	return m.forward(sym), nil
}

// forward is the variable that a later definition of sym in m becomes.
func (m *Module) forward(sym *datum.Symbol) *datum.Variable {
	k := forwardKey{m, sym}
	v := m.reg.forwards[k]
	if v == nil {
		v = &datum.Variable{Value: datum.Unset, Name: sym, Home: m.Key}
		m.reg.forwards[k] = v
		if m.public == m {
			m.reg.outside[v] = m
		}
	}
	return v
}

// Use makes m use the interface iface (module-use!). An interface that is used
// already is left where it is.
func (m *Module) Use(iface *Module) {
	if iface == m || slices.Contains(m.uses, iface) {
		return
	}
	m.uses = append(m.uses, iface)
	m.reg.generation++
	m.reg.watch(iface)
	if m.public == m {
		m.reg.passing = true
	}
	m.reg.note(Change{Kind: Used, Module: m, Ifaces: []*Module{iface}})
}

// SetUses replaces the interfaces that m uses.
func (m *Module) SetUses(ifaces []*Module) {
	m.uses = slices.Clone(ifaces)
	m.reg.generation++
	for _, i := range ifaces {
		m.reg.watch(i)
	}
	if m.public == m {
		m.reg.passing = true
	}
	m.reg.note(Change{Kind: Reused, Module: m, Ifaces: m.uses})
}

// Export offers m's own variable sym under the name as, making the variable
// when it is not yet defined (module-export!).
func (m *Module) Export(sym, as *datum.Symbol) {
	m.export(sym, as, false)
}

func (m *Module) export(sym, as *datum.Symbol, replacing bool) {
	v, _ := m.define(sym)
	m.put(as, v, replacing)
	m.reg.note(Change{Kind: Exported, Module: m, Name: sym, As: as, Replacing: replacing})
}

// put makes the public interface offer v under the name as. Modules forget what
// they have found only when that can make a difference to one of them, so that
// a module may define and export thousands of names one by one.
func (m *Module) put(as *datum.Symbol, v *datum.Variable, replacing bool) {
	pub, r := m.public, m.reg
	known := pub.vars[as] == v && m != r.Guile
	pub.vars[as] = v
	if replacing {
		m.markReplace(as)
	} else if known {
		return
	}
	if replacing || m == r.Guile || r.passing || pub.viewed || pub.watched && r.cached[as] {
		r.generation++
	}
}

// watch notes that some module sees what iface offers.
func (r *Registry) watch(iface *Module) {
	if iface.view == nil && iface.public == iface && len(iface.uses) > 0 {
		r.passing = true
	}
	for u := iface; u != nil; u = u.view.base {
		u.watched = true
		if u.view == nil {
			return
		}
		if v := u.view; v.base != nil && (v.prefix != "" || v.sel != nil || v.from != nil) {
			// What is offered under one name is seen under another.
			for b := v.base; b != nil; b = b.view.base {
				b.viewed = true
				if b.view == nil {
					break
				}
			}
		}
	}
}

// ExportReplacing is Export of a name that shall win over other imports of it.
func (m *Module) ExportReplacing(sym, as *datum.Symbol) {
	m.export(sym, as, true)
}

func (m *Module) markReplace(as *datum.Symbol) {
	if m.public.replace == nil {
		m.public.replace = map[*datum.Symbol]bool{}
	}
	m.public.replace[as] = true
}

// ReExport offers a variable that m imports (module-re-export!).
func (m *Module) ReExport(sym, as *datum.Symbol, replacing bool) error {
	v, err := m.Lookup(sym)
	if err != nil {
		return err
	}
	if v == nil {
		return &Error{
			Message: "module " + m.Key + " cannot re-export `" + sym.Name + "': none of the modules it uses exports that name",
			Hint:    didYouMean(Nearest(sym.Name, m.visibleNames())),
		}
	}
	m.offer(v, as, replacing)
	return nil
}

// offer puts v into the public interface.
func (m *Module) offer(v *datum.Variable, as *datum.Symbol, replacing bool) {
	m.put(as, v, replacing)
	m.reg.note(Change{Kind: ReExported, Module: m, Var: v, As: as, Replacing: replacing})
}

// ExportAll makes m's public interface offer all of m's variables.
func (m *Module) ExportAll() {
	for s, v := range m.vars {
		m.public.vars[s] = v
	}
	m.reg.generation++
	m.reg.note(Change{Kind: ExportAll, Module: m})
}

// SetDuplicates sets the duplicate binding handlers, by Guile's names; nil
// stands for the default.
func (m *Module) SetDuplicates(handlers []string) {
	m.policy = handlers
	m.reg.note(Change{Kind: Duplicates, Module: m, Handlers: handlers})
}

// Names lists the names that m itself holds or offers, sorted.
func (m *Module) Names() []*datum.Symbol {
	var out []*datum.Symbol
	v := m.view
	switch {
	case v == nil:
		for s := range m.vars {
			out = append(out, s)
		}
		out = append(out, m.passedNames()...)
	case v.auto != nil:
		for s := range v.auto.names {
			out = append(out, s)
		}
	case v.sel != nil:
		for s := range v.sel {
			out = append(out, s)
		}
	default:
		for _, s := range v.base.Names() {
			if v.hide[s] || v.gone[s] {
				continue
			}
			if v.prefix != "" {
				s = datum.Intern(v.prefix + s.Name)
			}
			out = append(out, s)
		}
		for s, old := range v.from {
			if b, err := v.base.Local(old); b == nil || err != nil || v.hide[old] {
				continue
			}
			if v.prefix != "" {
				s = datum.Intern(v.prefix + s.Name)
			}
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *datum.Symbol) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// passedNames lists the names that an interface offers because it uses others.
func (m *Module) passedNames() []*datum.Symbol {
	if m.asking || m.public != m || len(m.uses) == 0 {
		return nil
	}
	m.asking = true
	defer func() { m.asking = false }()
	seen := map[*datum.Symbol]bool{}
	var out []*datum.Symbol
	for _, u := range m.uses {
		for _, s := range u.Names() {
			if !seen[s] && m.vars[s] == nil {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// visibleNames lists every name that a program in m can use.
func (m *Module) visibleNames() []string {
	var out []string
	for s := range m.vars {
		out = append(out, s.Name)
	}
	for _, u := range m.uses {
		for _, s := range u.Names() {
			out = append(out, s.Name)
		}
	}
	return out
}

// RefValue is the value of sym in m: of its own variable or an imported one. A
// lazy definition is evaluated. An unbound name is an error.
func (m *Module) RefValue(sym *datum.Symbol) (datum.Value, error) {
	v, err := m.Lookup(sym)
	if err != nil {
		return datum.Unset, err
	}
	if v != nil && v.Value == datum.Unset {
		if v, err = m.reg.Settle(v); err != nil {
			return datum.Unset, err
		}
	}
	if v == nil {
		if m.IsInterface() {
			return datum.Unset, m.mustOffer(sym)
		}
		return datum.Unset, &Error{
			Message: "no variable named `" + sym.Name + "' in module " + m.Key,
			Hint:    didYouMean(Nearest(sym.Name, m.visibleNames())),
		}
	}
	return v.Value, nil
}

// Suggest lists visible names of m that sym may be a misspelling of.
func (m *Module) Suggest(sym *datum.Symbol) []string { return Nearest(sym.Name, m.visibleNames()) }
