package module

import (
	"fruix/interp/datum"
)

// ChangeKind tells what a Change did.
type ChangeKind uint8

// The kinds of changes.
const (
	Made       ChangeKind = iota // Module came to be
	Defined                      // Module got a variable Name of its own
	Assigned                     // Module's own variable Name got Value
	Added                        // Module got Var under the name Name
	Removed                      // Module lost its own binding of Name
	Used                         // Module uses one more interface, Ifaces[0]
	Reused                       // Module uses Ifaces alone
	Exported                     // Module offers its variable Name as As
	ReExported                   // Module offers Var as As
	ExportAll                    // Module offers all that it has
	Duplicates                   // Module's handlers are Handlers
	Named                        // Module has made the Count-th fresh name of Name
	Warned                       // Text was said to the person
	Declaring                    // Module's declaration is being carried out
	Declared                     // and now it is
	Deferred                     // Module's variable Name is to be defined by Lazy
	Other                        // something that Redo cannot do
)

// Change is one thing that the expansion of a program did to modules. Carried
// out again in the same order, by Registry.Redo, changes bring modules into the
// state that expansion left them in.
type Change struct {
	Kind      ChangeKind
	Module    *Module
	Name, As  *datum.Symbol
	Value     datum.Value
	Var       *datum.Variable
	Ifaces    []*Module
	Handlers  []string
	Text      string
	Count     int
	Lazy      *Lazy
	Replacing bool // Exported, ReExported: the name wins over others
}

// note tells the journal of a change.
func (r *Registry) note(c Change) {
	if r.Journal != nil {
		r.Journal(c)
	}
}

// Redo carries out a change again.
func (r *Registry) Redo(c Change) {
	m := c.Module
	switch c.Kind {
	case Made:
		r.Make(m.Name)
	case Defined:
		m.Define(c.Name)
	case Assigned:
		m.Set(c.Name, c.Value)
	case Added:
		m.Add(c.Name, c.Var)
	case Removed:
		m.Remove(c.Name)
	case Used:
		m.Use(c.Ifaces[0])
	case Reused:
		m.SetUses(c.Ifaces)
	case Exported:
		m.export(c.Name, c.As, c.Replacing)
	case ReExported:
		m.offer(c.Var, c.As, c.Replacing)
	case ExportAll:
		m.ExportAll()
	case Duplicates:
		m.SetDuplicates(c.Handlers)
	case Named:
		m.named(c.Name, c.Count)
	case Deferred:
		r.lazy[m.Define(c.Name)] = c.Lazy
	case Declaring, Declared:
		m.Defining(c.Kind == Declaring)
	case Warned:
		if r.Warn != nil {
			r.Warn(c.Text)
		}
	}
}

// Own is m's own variable sym, whether it is defined already or not; a later
// definition gives it its value. Registry.Settle looks further when it is read
// unset.
func (m *Module) Own(sym *datum.Symbol) *datum.Variable {
	if m.view != nil {
		m = m.view.base
	}
	if v := m.vars[sym]; v != nil {
		return v
	}
	return m.forward(sym)
}

// Owner finds the module whose Own variable v is under its own name, or the
// public interface of a module; nil when there is none, as for variables that a
// program made and placed itself.
func (r *Registry) Owner(v *datum.Variable) *Module {
	m := r.modules[v.Home]
	if m == nil || v.Name == nil {
		return nil
	}
	if m.vars[v.Name] == v || m.vars[v.Name] == nil && r.forwards[forwardKey{m, v.Name}] == v {
		return m
	}
	if m.public.vars[v.Name] == nil && r.forwards[forwardKey{m.public, v.Name}] == v {
		return m.public
	}
	return nil
}

// FreshCount counts the names made from sym for m, so that each is different,
// and the same in every run of a program.
func (m *Module) FreshCount(sym *datum.Symbol) int {
	n := m.fresh[sym] + 1
	m.named(sym, n)
	return n
}

func (m *Module) named(sym *datum.Symbol, n int) {
	if m.fresh == nil {
		m.fresh = map[*datum.Symbol]int{}
	}
	m.fresh[sym] = max(n, m.fresh[sym])
	m.reg.note(Change{Kind: Named, Module: m, Name: sym, Count: n})
}

// Shape says how an interface is made from others, in plain data.
type Shape struct {
	// Module is the module itself, or whose public interface it is; nil for a
	// view.
	Module *Module
	Public bool

	// Of is the interface that a view looks at.
	Of       *Shape
	Select   []Select // only these, when Selects
	Selects  bool
	Hide     []*datum.Symbol
	Prefix   string
	Rename   []Select
	Autoload []*datum.Symbol
	Name     datum.Value // of the module to load, when there is an Autoload
}

// ShapeOf describes an interface or module. ok is false for what cannot be
// described: parts of it have no name.
func (r *Registry) ShapeOf(m *Module) (s *Shape, ok bool) {
	v := m.view
	if v == nil {
		named := r.modules[m.Key]
		switch m {
		case named:
			return &Shape{Module: m}, named != nil
		case r.Guile.public:
			return &Shape{Module: r.Guile, Public: true}, true
		}
		if named == nil || named.public != m {
			return nil, false
		}
		return &Shape{Module: named, Public: true}, true
	}
	if v.auto != nil {
		return &Shape{Name: v.auto.name, Autoload: sortedSymbols(v.auto.names)}, true
	}
	of, ok := r.ShapeOf(v.base)
	if !ok {
		return nil, false
	}
	return &Shape{
		Of: of, Selects: v.sel != nil, Select: sortedSelects(v.sel), Hide: sortedSymbols(v.hide),
		Prefix: v.prefix, Rename: sortedSelects(v.from),
	}, true
}

// Build makes the interface that s describes; its modules exist already.
func (r *Registry) Build(s *Shape) (*Module, error) {
	switch {
	case s.Module != nil && s.Public:
		return s.Module.public, nil
	case s.Module != nil:
		return s.Module, nil
	case len(s.Autoload) > 0:
		return r.Resolve(Import{Name: s.Name, Autoload: s.Autoload})
	}
	base, err := r.Build(s.Of)
	if err != nil {
		return nil, err
	}
	v := &view{base: base, prefix: s.Prefix}
	if s.Selects {
		v.sel = make(map[*datum.Symbol]*datum.Symbol, len(s.Select))
		for _, x := range s.Select {
			v.sel[x.New] = x.Old
		}
	}
	if len(s.Hide) > 0 {
		v.hide = make(map[*datum.Symbol]bool, len(s.Hide))
		for _, x := range s.Hide {
			v.hide[x] = true
		}
	}
	if len(s.Rename) > 0 {
		v.from, v.gone = map[*datum.Symbol]*datum.Symbol{}, map[*datum.Symbol]bool{}
		for _, x := range s.Rename {
			v.from[x.New], v.gone[x.Old] = x.Old, true
		}
	}
	return viewOf(base, v), nil
}
