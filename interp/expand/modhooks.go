package expand

import (
	"strconv"

	"fruix/interp/datum"
	"fruix/interp/module"
)

// hookNatives are the procedures by which programs attach their own to modules
// and ask what was attached (Guile manual, "Module System Reflection").
func (x *Expander) hookNatives() []*datum.Primitive {
	out := []*datum.Primitive{
		onName("module-import-interface", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return moduleOrFalse(m.ImportedFrom(s))
		}),
		{Name: "module-reverse-lookup", Min: 2, Max: 2, FN: native(x.reverseLookup)},
		onName("module-make-local-var!", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			v, err := m.Claim(s)
			return variableObject(v, err)
		}),
		onModule("module-clear!", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			m.Clear()
			return datum.Unspecified, m.Changed()
		}),
		onModule("module-modified", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			return datum.Unspecified, m.Changed()
		}),
		onModule("purify-module!", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			m.Unuse(x.Modules.Guile.Public())
			return datum.Unspecified, nil
		}),
		onModule("reload-module", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			return m.Value(), x.Modules.Reload(m)
		}),
		onModule("module-autoload!", 1, -1, x.autoload),
		{Name: "make-autoload-interface", Min: 3, Max: 3, FN: native(func(a []datum.Value) (datum.Value, error) {
			iface, err := x.autoloadInterface("make-autoload-interface", a[1], a[2])
			if err != nil {
				return datum.Unset, err
			}
			return iface.Value(), nil
		})},
		onModule("set-module-public-interface!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			i, err := moduleArg("set-module-public-interface!", a, 1)
			if err == nil {
				m.SetPublic(i)
			}
			return datum.Unspecified, err
		}),
		onModule("set-module-filename!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			if a[1].IsString() {
				m.Filename = a[1].Str().Go()
			}
			return datum.Unspecified, nil
		}),
		onModule("set-module-version!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			m.Version = a[1]
			return datum.Unspecified, nil
		}),
		onModule("set-module-duplicates-handlers!", 2, 2, x.setDuplicates),
		onModule("module-define-submodule!", 3, 3, x.defineSubmodule),
		onName("module-ref-submodule", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return x.submodule(m, s)
		}),
		onModule("%module-observers", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			return property(m, "observers", datum.Null), nil
		}),
		onModule("%set-module-observers!", 2, 2, x.setObservers),
	}
	out = append(out, x.attribute("module-binder", x.setBinder)...)
	out = append(out, x.attribute("module-submodule-binder", x.setSubmoduleBinder)...)
	for _, name := range []string{"module-transformer", "module-declarative?", "module-inlinable-exports"} {
		out = append(out, x.attribute(name, func(*module.Module, datum.Value) error { return nil })...)
	}
	return append(out, onModule("module-duplicates-handlers", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
		return property(m, "module-duplicates-handlers", datum.False), nil
	}))
}

func property(m *module.Module, name string, def datum.Value) datum.Value {
	if v, ok := m.Property(name); ok {
		return v
	}
	return def
}

func moduleOrFalse(m *module.Module, err error) (datum.Value, error) {
	if m == nil || err != nil {
		return datum.False, err
	}
	return m.Value(), nil
}

// attribute makes the reader and the writer of something that is attached to
// modules.
func (x *Expander) attribute(name string, set func(*module.Module, datum.Value) error) []*datum.Primitive {
	return []*datum.Primitive{
		onModule(name, 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			return property(m, name, datum.False), nil
		}),
		onModule("set-"+name+"!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			m.SetProperty(name, a[1])
			return datum.Unspecified, set(m, a[1])
		}),
	}
}

// setBinder attaches (binder module name define?), which returns a variable or
// #f.
func (x *Expander) setBinder(m *module.Module, proc datum.Value) error {
	if proc == datum.False {
		m.Hooks().Binder = nil
		return nil
	}
	m.Hooks().Binder = func(sym *datum.Symbol, define bool) (*datum.Variable, error) {
		v, err := x.Runtime.Apply(proc, m.Value(), sym.Value(), datum.Bool(define))
		if err != nil || !v.Is(datum.KVariable) {
			return nil, err
		}
		return v.Variable(), nil
	}
	return nil
}

// setSubmoduleBinder attaches (binder module name), which returns a module or
// #f.
func (x *Expander) setSubmoduleBinder(m *module.Module, proc datum.Value) error {
	if proc == datum.False {
		m.Hooks().Submodule = nil
		return nil
	}
	m.Hooks().Submodule = func(name *datum.Symbol) (*module.Module, error) {
		v, err := x.Runtime.Apply(proc, m.Value(), name.Value())
		return module.Of(v), err
	}
	return nil
}

// setObservers attaches procedures that are called with the module when it was
// changed.
func (x *Expander) setObservers(m *module.Module, a []datum.Value) (datum.Value, error) {
	m.SetProperty("observers", a[1])
	m.Hooks().Changed = func() error {
		for l := property(m, "observers", datum.Null); l.IsPair(); l = l.Pair().Cdr {
			if _, err := x.Runtime.Apply(l.Pair().Car.Pair().Cdr, m.Value()); err != nil {
				return err
			}
		}
		return nil
	}
	return datum.Unspecified, nil
}

// setDuplicates takes handlers: names that the module system knows, and
// procedures of the module, the name, twice an interface and its value, and the
// variable and value so far, which return a variable or #f.
func (x *Expander) setDuplicates(m *module.Module, a []datum.Value) (datum.Value, error) {
	m.SetProperty("module-duplicates-handlers", a[1])
	var names []string
	var procs []datum.Value
	for l := a[1]; l.IsPair(); l = l.Pair().Cdr {
		switch h := l.Pair().Car; {
		case h.IsSymbol():
			names = append(names, h.Symbol().Name)
		case isProcedure(h):
			procs = append(procs, h)
		default:
			return datum.Unset, wrongType("set-module-duplicates-handlers!", 2, a[1])
		}
	}
	m.SetDuplicates(names)
	if procs == nil {
		return datum.Unspecified, nil
	}
	m.Hooks().Duplicate = func(sym *datum.Symbol, i1 *module.Module, v1 *datum.Variable, i2 *module.Module, v2 *datum.Variable) (*datum.Variable, error) {
		for _, h := range procs {
			v, err := x.Runtime.Apply(h, m.Value(), sym.Value(), i1.Value(), v1.Value, i2.Value(), v2.Value, datum.False, datum.False)
			if err != nil {
				return nil, err
			}
			if v.Is(datum.KVariable) {
				return v.Variable(), nil
			}
		}
		return nil, nil
	}
	return datum.Unspecified, nil
}

// reverseLookup is (module-reverse-lookup module variable), module #f standing
// for (guile).
func (x *Expander) reverseLookup(a []datum.Value) (datum.Value, error) {
	m := x.Modules.Guile
	if a[0] != datum.False {
		var err error
		if m, err = moduleArg("module-reverse-lookup", a, 0); err != nil {
			return datum.Unset, err
		}
	}
	if !a[1].Is(datum.KVariable) {
		return datum.Unset, wrongType("module-reverse-lookup", 2, a[1])
	}
	if s := m.NameOf(a[1].Variable()); s != nil {
		return s.Value(), nil
	}
	return datum.False, nil
}

// autoload is (module-autoload! module name symbols …).
func (x *Expander) autoload(m *module.Module, a []datum.Value) (datum.Value, error) {
	const who = "module-autoload!"
	for i := 1; i < len(a); i += 2 {
		if i+1 == len(a) {
			return datum.Unset, &datum.Error{Key: "wrong-number-of-args", Who: who, Message: "names of an autoload are missing",
				Irritants: []datum.Value{}, Rest: datum.False, Payload: datum.Unset}
		}
		iface, err := x.autoloadInterface(who, a[i], a[i+1])
		if err != nil {
			return datum.Unset, err
		}
		m.Use(iface)
	}
	return datum.Unspecified, nil
}

func (x *Expander) autoloadInterface(who string, name, symbols datum.Value) (*module.Module, error) {
	if !module.ValidName(name) {
		return nil, wrongType(who, 2, name)
	}
	names := []*datum.Symbol{}
	for l := symbols; l.IsPair(); l = l.Pair().Cdr {
		if !l.Pair().Car.IsSymbol() {
			return nil, wrongType(who, 3, symbols)
		}
		names = append(names, l.Pair().Car.Symbol())
	}
	return x.Modules.Resolve(module.Import{Name: name, Autoload: names})
}

// below is the name of a module one part longer than that of m.
func (x *Expander) below(m *module.Module, part datum.Value) datum.Value {
	var parts []datum.Value
	if m != x.Modules.Guile {
		for l := m.Name; l.IsPair(); l = l.Pair().Cdr {
			parts = append(parts, l.Pair().Car)
		}
	}
	return datum.List(append(parts, part)...)
}

func (x *Expander) defineSubmodule(m *module.Module, a []datum.Value) (datum.Value, error) {
	sub, err := moduleArg("module-define-submodule!", a, 2)
	if err != nil {
		return datum.Unset, err
	}
	x.Modules.SetName(sub, x.below(m, a[1]))
	return datum.Unspecified, nil
}

// submodule finds a module below m, or the place of further ones; it loads
// nothing but asks m's binder.
func (x *Expander) submodule(m *module.Module, s *datum.Symbol) (datum.Value, error) {
	name := x.below(m, s.Value())
	if sub := x.Modules.Find(name); sub != nil {
		return sub.Value(), nil
	}
	if len(x.Modules.Submodules(name)) > 0 {
		return x.Modules.Directory(name).Value(), nil
	}
	return moduleOrFalse(x.Modules.AskedBelow(m, s))
}

// nameAnonymous gives a module without a name one by which it is found.
func (x *Expander) nameAnonymous(m *module.Module) datum.Value {
	x.modulesNamed++
	x.Modules.SetName(m, datum.List(datum.Sym(" module "+strconv.Itoa(x.modulesNamed))))
	return m.Name
}
