package module

import (
	"maps"
	"slices"
	"strings"

	"fruix/interp/datum"
)

// Select is one entry of #:select: the name in the interface and the name that
// the user gives it.
type Select struct{ Old, New *datum.Symbol }

// Import says how a module is used: the options of use-modules.
type Import struct {
	Name   datum.Value
	Select []Select // nil selects everything; see HasSelect
	// HasSelect tells an empty #:select from none.
	HasSelect bool
	Hide      []*datum.Symbol
	Prefix    string
	// Rename is applied to every name (#:renamer with a procedure), nil for none.
	Rename func(*datum.Symbol) (*datum.Symbol, error)
	// Autoload lists names that load the module when they are first used.
	Autoload []*datum.Symbol
}

// Interface loads a module and returns its public interface.
func (r *Registry) Interface(name datum.Value) (*Module, error) {
	m, err := r.Load(name)
	if err != nil {
		return nil, err
	}
	return m.public, nil
}

// Resolve returns the interface that an import describes (resolve-interface).
// A selected or hidden name that the module does not export is an error.
func (r *Registry) Resolve(imp Import) (*Module, error) {
	if imp.Autoload != nil {
		names := map[*datum.Symbol]bool{}
		for _, s := range imp.Autoload {
			names[s] = true
		}
		base := &Module{reg: r, Key: Key(imp.Name), Name: imp.Name}
		return viewOf(base, &view{base: base, auto: &autoload{name: imp.Name, names: names}}), nil
	}
	iface, err := r.Interface(imp.Name)
	if err != nil {
		return nil, err
	}
	if imp.HasSelect {
		if iface, err = Only(iface, imp.Select); err != nil {
			return nil, err
		}
	}
	if len(imp.Hide) > 0 {
		if iface, err = Except(iface, imp.Hide); err != nil {
			return nil, err
		}
	}
	if imp.Rename != nil {
		if iface, err = Renamed(iface, imp.Rename); err != nil {
			return nil, err
		}
	}
	if imp.Prefix != "" {
		iface = Prefixed(iface, imp.Prefix)
	}
	return iface, nil
}

// Defining says whether the declaration of m is being carried out: it exists,
// but what it will export does not yet.
func (m *Module) Defining(yes bool) {
	m.public.defining = yes
	kind := Declared
	if yes {
		kind = Declaring
	}
	m.reg.note(Change{Kind: kind, Module: m})
}

func viewOf(base *Module, v *view) *Module {
	return &Module{Name: base.Name, Key: base.Key, Version: base.Version, reg: base.reg, view: v}
}

// Only is the interface with just the given names, renamed as they say.
func Only(iface *Module, sel []Select) (*Module, error) {
	names := make(map[*datum.Symbol]*datum.Symbol, len(sel))
	for _, s := range sel {
		if err := iface.mustOffer(s.Old); err != nil {
			return nil, err
		}
		names[s.New] = s.Old
	}
	return viewOf(iface, &view{base: iface, sel: names}), nil
}

// Except is the interface without the given names.
func Except(iface *Module, names []*datum.Symbol) (*Module, error) {
	hide := make(map[*datum.Symbol]bool, len(names))
	for _, s := range names {
		if err := iface.mustOffer(s); err != nil {
			return nil, err
		}
		hide[s] = true
	}
	return viewOf(iface, &view{base: iface, hide: hide}), nil
}

// Prefixed is the interface with a prefix in front of each name.
func Prefixed(iface *Module, prefix string) *Module {
	return viewOf(iface, &view{base: iface, prefix: prefix})
}

// RenamedNames is the interface with some names changed.
func RenamedNames(iface *Module, changes []Select) (*Module, error) {
	from := make(map[*datum.Symbol]*datum.Symbol, len(changes))
	gone := make(map[*datum.Symbol]bool, len(changes))
	for _, c := range changes {
		if err := iface.mustOffer(c.Old); err != nil {
			return nil, err
		}
		from[c.New] = c.Old
		gone[c.Old] = true
	}
	return viewOf(iface, &view{base: iface, from: from, gone: gone}), nil
}

// Renamed is the interface with all names that it has now changed by f.
func Renamed(iface *Module, f func(*datum.Symbol) (*datum.Symbol, error)) (*Module, error) {
	names := map[*datum.Symbol]*datum.Symbol{}
	for _, s := range iface.Names() {
		n, err := f(s)
		if err != nil {
			return nil, err
		}
		names[n] = s
	}
	return viewOf(iface, &view{base: iface, sel: names}), nil
}

// mustOffer is nil when the interface has the name, else the error that names
// the module, the name and its nearest neighbours. What a module that is still
// being defined will offer is not known.
func (m *Module) mustOffer(sym *datum.Symbol) error {
	v, err := m.Local(sym)
	if v != nil || err != nil || m.view == nil && m.defining {
		return err
	}
	var names []string
	for _, s := range m.Names() {
		names = append(names, s.Name)
	}
	return &Error{
		Message: "module " + m.Key + " does not export `" + sym.Name + "'",
		Hint:    didYouMean(Nearest(sym.Name, names)),
	}
}

// duplicate decides between two imports of one name by the module's handlers.
func (m *Module) duplicate(sym *datum.Symbol, i1 *Module, v1 *datum.Variable, i2 *Module, v2 *datum.Variable) (*datum.Variable, *Module, error) {
	if m.hooks != nil && m.hooks.Duplicate != nil {
		if v, err := m.hooks.Duplicate(sym, i1, v1, i2, v2); err != nil || v == v1 {
			return v, i1, err
		} else if v != nil {
			return v, i2, nil
		}
	}
	policy := m.policy
	if policy == nil {
		policy = defaultPolicy
	}
	guile := m.reg.Guile.Key
	for _, p := range policy {
		switch p {
		case "replace":
			switch r1, r2 := i1.isReplacement(sym), i2.isReplacement(sym); {
			case r1 && !r2:
				return v1, i1, nil
			case r2 && !r1:
				return v2, i2, nil
			}
		case "warn-override-core":
			if i1.Key == guile {
				if from := m.reg.modules[i2.Key]; from != nil && from.embedded || m.reg.isGuest(sym.Name) {
					return v2, i2, nil // the library knows what it overrides
				}
				m.reg.warn(m.Key + ": imported module " + i2.Key + " overrides core binding `" + sym.Name + "'")
				return v2, i2, nil
			}
		case "warn":
			m.reg.warn(m.Key + ": `" + sym.Name + "' imported from both " + i1.Key + " and " + i2.Key)
		case "first", "noop":
			return v1, i1, nil
		case "merge-generics", "merge-accessors":
			v, err := m.merge(sym, p == "merge-accessors", v1, v2)
			if v != nil || err != nil {
				return v, i2, err
			}
		case "last":
			return v2, i2, nil
		case "check":
			return nil, nil, &Error{
				Message: m.Key + ": `" + sym.Name + "' is imported from both " + i1.Key + " and " + i2.Key,
				Hint:    "use #:hide or #:prefix for one of them",
			}
		}
	}
	return v2, i2, nil
}

// merged is a binding made of two imports, and what it was made of.
type merged struct{ v1, v2, both *datum.Variable }

// merge joins two generic functions into one that has the methods of both; it
// is nil when they are none. The same two give the same one each time.
func (m *Module) merge(sym *datum.Symbol, accessors bool, v1, v2 *datum.Variable) (*datum.Variable, error) {
	if m.reg.Merge == nil {
		return nil, nil
	}
	for _, old := range m.merges[sym] {
		if old.v1 == v1 && old.v2 == v2 {
			return old.both, nil
		}
	}
	var values [2]datum.Value
	for i, v := range []*datum.Variable{v1, v2} {
		if v.Value == datum.Unset {
			var err error
			if v, err = m.reg.Settle(v); v == nil || err != nil {
				return nil, err
			}
		}
		values[i] = v.Value
	}
	x, ok, err := m.reg.Merge(sym, accessors, values[0], values[1])
	if err != nil || !ok {
		return nil, err
	}
	both := &datum.Variable{Value: x, Name: sym, Home: m.Key}
	if m.merges == nil {
		m.merges = map[*datum.Symbol][]merged{}
	}
	m.merges[sym] = append(m.merges[sym], merged{v1, v2, both})
	return both, nil
}

// defaultPolicy is Guile's default-duplicate-binding-handler.
var defaultPolicy = []string{"replace", "warn-override-core", "warn", "last"}

// warn gives each warning once: names are looked up again and again.
func (r *Registry) warn(text string) {
	if r.Warn != nil && !r.warned[text] {
		r.warned[text] = true
		r.Warn("WARNING: " + text)
		r.note(Change{Kind: Warned, Text: "WARNING: " + text})
	}
}

// Error is a failure of the module system.
type Error struct {
	Message string
	// Hint says what to do, "" when nothing is known.
	Hint  string
	Cause error
	// Autoload says that the module of an autoload does not exist.
	Autoload bool
}

// Error gives the message and, after a semicolon, the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// sortedSymbols lists the members of a set, sorted by name.
func sortedSymbols(set map[*datum.Symbol]bool) []*datum.Symbol {
	return slices.SortedFunc(maps.Keys(set), func(a, b *datum.Symbol) int { return strings.Compare(a.Name, b.Name) })
}

// sortedSelects lists a map from new to old names, sorted by the new ones.
func sortedSelects(names map[*datum.Symbol]*datum.Symbol) []Select {
	out := make([]Select, 0, len(names))
	for as, old := range names {
		out = append(out, Select{Old: old, New: as})
	}
	slices.SortFunc(out, func(a, b Select) int { return strings.Compare(a.New.Name, b.New.Name) })
	return out
}
