package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
)

type nativeFunc = func([]datum.Value) (datum.Value, error)

// moduleArg checks that argument n is a module.
func moduleArg(who string, a []datum.Value, n int) (*module.Module, error) {
	if m := module.Of(a[n]); m != nil {
		return m, nil
	}
	return nil, wrongType(who, n+1, a[n])
}

func symbolArg(who string, a []datum.Value, n int) (*datum.Symbol, error) {
	if a[n].IsSymbol() {
		return a[n].Symbol(), nil
	}
	return nil, wrongType(who, n+1, a[n])
}

// onModule makes a native whose first argument is a module.
func onModule(name string, min, max int, f func(m *module.Module, a []datum.Value) (datum.Value, error)) *datum.Primitive {
	return &datum.Primitive{Name: name, Min: min, Max: max, FN: native(func(a []datum.Value) (datum.Value, error) {
		m, err := moduleArg(name, a, 0)
		if err != nil {
			return datum.Unset, err
		}
		return f(m, a)
	})}
}

// onName makes a native whose first arguments are a module and a symbol.
func onName(name string, min, max int, f func(m *module.Module, s *datum.Symbol, a []datum.Value) (datum.Value, error)) *datum.Primitive {
	return onModule(name, min, max, func(m *module.Module, a []datum.Value) (datum.Value, error) {
		s, err := symbolArg(name, a, 1)
		if err != nil {
			return datum.Unset, err
		}
		return f(m, s, a)
	})
}

// value gives the value of a variable, evaluating a lazy definition.
func (x *Expander) value(v *datum.Variable) (datum.Value, bool, error) {
	if v.Value != datum.Unset {
		return v.Value, true, nil
	}
	w, err := x.Modules.Settle(v)
	if err != nil || w == nil {
		return datum.Unset, false, err
	}
	return w.Value, true, nil
}

// moduleNatives are the procedures on modules, variables and evaluation.
func (x *Expander) moduleNatives() []*datum.Primitive {
	r := x.Modules
	def := func(name string, min, max int, f nativeFunc) *datum.Primitive {
		return &datum.Primitive{Name: name, Min: min, Max: max, FN: native(f)}
	}
	prims := []*datum.Primitive{
		def("current-module", 0, 0, func([]datum.Value) (datum.Value, error) { return r.Current.Value(), nil }),
		def("set-current-module", 1, 1, func(a []datum.Value) (datum.Value, error) {
			m, err := moduleArg("set-current-module", a, 0)
			if err != nil {
				return datum.Unset, err
			}
			old := r.Current
			r.Current = m
			return old.Value(), nil
		}),
		def("module?", 1, 1, func(a []datum.Value) (datum.Value, error) {
			return datum.Bool(module.Of(a[0]) != nil), nil
		}),
		onModule("cond-expand-provide", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			for l := a[1]; l.IsPair(); l = l.Pair().Cdr {
				if l.Pair().Car.IsSymbol() {
					m.Provide(l.Pair().Car.Symbol())
				}
			}
			return datum.Unspecified, nil
		}),
		def("resolve-module", 1, -1, x.resolveModule),
		def("resolve-interface", 1, -1, x.resolveInterface),
		def("resolve-r6rs-interface", 1, 1, x.resolveImportSet),
		def("make-fresh-user-module", 0, 0, func([]datum.Value) (datum.Value, error) { return r.Fresh().Value(), nil }),
		def("make-module", 0, -1, func([]datum.Value) (datum.Value, error) {
			m := r.Fresh()
			m.SetUses(nil)
			return m.Value(), nil
		}),
		def("beautify-user-module!", 1, 1, func(a []datum.Value) (datum.Value, error) {
			m, err := moduleArg("beautify-user-module!", a, 0)
			if err == nil {
				m.Use(r.Guile.Public())
			}
			return datum.Unspecified, err
		}),
		def("define-module*", 1, -1, x.defineModuleStar),
		def("process-use-modules", 1, 1, func(a []datum.Value) (datum.Value, error) {
			x.useModules(view(datum.Cons(datum.Sym("use-modules"), stripArgs(a[0]))))
			return datum.Unspecified, nil
		}),
		def("default-duplicate-binding-handler", 0, 1, func([]datum.Value) (datum.Value, error) {
			return datum.List(datum.Sym("replace"), datum.Sym("warn-override-core"), datum.Sym("warn"), datum.Sym("last")), nil
		}),
		onModule("module-name", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			if m.Name == datum.False {
				return x.nameAnonymous(m), nil
			}
			return m.Name, nil
		}),
		onModule("set-module-name!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			r.SetName(m, a[1])
			return datum.Unspecified, nil
		}),
		onModule("module-filename", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			if m.Filename == "" {
				return datum.False, nil
			}
			return datum.NewString(m.Filename), nil
		}),
		onModule("module-version", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) { return m.Version, nil }),
		onModule("module-kind", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			if m.IsInterface() {
				return property(m, "module-kind", datum.Sym("interface")), nil
			}
			return property(m, "module-kind", datum.Sym("module")), nil
		}),
		onModule("set-module-kind!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			m.SetProperty("module-kind", a[1])
			return datum.Unspecified, nil
		}),
		onModule("module-public-interface", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			return m.Public().Value(), nil
		}),
		onModule("module-uses", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			var out []datum.Value
			for _, u := range m.Uses() {
				out = append(out, u.Value())
			}
			return datum.List(out...), nil
		}),
		onModule("module-use!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			i, err := moduleArg("module-use!", a, 1)
			if err == nil {
				m.Use(i)
				err = m.Changed()
			}
			return datum.Unspecified, err
		}),
		onModule("module-use-interfaces!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			for l := a[1]; l.IsPair(); l = l.Pair().Cdr {
				i := module.Of(l.Pair().Car)
				if i == nil {
					return datum.Unset, wrongType("module-use-interfaces!", 2, a[1])
				}
				m.Use(i)
			}
			return datum.Unspecified, nil
		}),
		onModule("set-module-uses!", 2, 2, func(m *module.Module, a []datum.Value) (datum.Value, error) {
			var uses []*module.Module
			for l := a[1]; l.IsPair(); l = l.Pair().Cdr {
				i := module.Of(l.Pair().Car)
				if i == nil {
					return datum.Unset, wrongType("set-module-uses!", 2, a[1])
				}
				uses = append(uses, i)
			}
			m.SetUses(uses)
			return datum.Unspecified, nil
		}),
		onModule("%module-names", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			var out []datum.Value
			for _, s := range m.Names() {
				out = append(out, s.Value())
			}
			return datum.List(out...), nil
		}),
		onName("module-variable", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return variableObject(m.Lookup(s))
		}),
		onName("module-local-variable", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return variableObject(m.Local(s))
		}),
		onName("module-defined?", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return x.bound(m.Lookup(s))
		}),
		onName("module-bound?", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return x.bound(m.Lookup(s))
		}),
		onName("module-locally-bound?", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return x.bound(m.Local(s))
		}),
		onName("module-ref", 2, 3, func(m *module.Module, s *datum.Symbol, a []datum.Value) (datum.Value, error) {
			v, err := m.Lookup(s)
			if err != nil {
				return datum.Unset, err
			}
			if v != nil {
				val, ok, err := x.value(v)
				if err != nil || ok {
					return val, err
				}
			}
			if len(a) > 2 {
				return a[2], nil
			}
			return m.RefValue(s)
		}),
		onName("module-set!", 3, 3, func(m *module.Module, s *datum.Symbol, a []datum.Value) (datum.Value, error) {
			v, err := m.Lookup(s)
			if err != nil {
				return datum.Unset, err
			}
			if v == nil {
				_, err := m.RefValue(s)
				return datum.Unset, err
			}
			v.Value, v.Constant = a[2], false
			return datum.Unspecified, nil
		}),
		onName("module-define!", 3, 3, func(m *module.Module, s *datum.Symbol, a []datum.Value) (datum.Value, error) {
			v, err := m.Claim(s)
			if err != nil {
				return datum.Unset, err
			}
			v.Value, v.Constant = a[2], false
			return datum.Unspecified, m.Changed()
		}),
		onName("module-add!", 3, 3, func(m *module.Module, s *datum.Symbol, a []datum.Value) (datum.Value, error) {
			if !a[2].Is(datum.KVariable) {
				return datum.Unset, wrongType("module-add!", 3, a[2])
			}
			m.Add(s, a[2].Variable())
			return datum.Unspecified, m.Changed()
		}),
		onName("module-remove!", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			was := m.Remove(s)
			return datum.Bool(was), m.Changed()
		}),
		onName("module-ensure-local-variable!", 2, 2, func(m *module.Module, s *datum.Symbol, _ []datum.Value) (datum.Value, error) {
			return m.Define(s).Object(), nil
		}),
		def("module-export!", 2, -1, func(a []datum.Value) (datum.Value, error) {
			return exporter("module-export!", func(m *module.Module, old, as *datum.Symbol) error {
				if replacing(a) {
					m.ExportReplacing(old, as)
				} else {
					m.Export(old, as)
				}
				return nil
			})(a)
		}),
		def("module-replace!", 2, -1, exporter("module-replace!", func(m *module.Module, old, as *datum.Symbol) error {
			m.ExportReplacing(old, as)
			return nil
		})),
		def("module-re-export!", 2, -1, func(a []datum.Value) (datum.Value, error) {
			return exporter("module-re-export!", func(m *module.Module, old, as *datum.Symbol) error {
				return m.ReExport(old, as, replacing(a))
			})(a)
		}),
		onModule("module-export-all!", 1, 1, func(m *module.Module, _ []datum.Value) (datum.Value, error) {
			m.ExportAll()
			return datum.Unspecified, nil
		}),
		def("%eval-thunk", 2, 2, x.evalThunk),
		def("%search-load-path", 1, 1, func(a []datum.Value) (datum.Value, error) {
			name, err := stringArg("%search-load-path", a)
			if err != nil {
				return datum.Unset, err
			}
			if p := r.SearchPath(name); p != "" {
				return datum.NewString(p), nil
			}
			return datum.False, nil
		}),
		def("defined?", 1, 2, func(a []datum.Value) (datum.Value, error) {
			s, err := symbolArg("defined?", a, 0)
			if err != nil {
				return datum.Unset, err
			}
			m := r.Current
			if len(a) > 1 {
				if m, err = moduleArg("defined?", a, 1); err != nil {
					return datum.Unset, err
				}
			}
			return x.bound(m.Lookup(s))
		}),
	}
	return append(prims, x.variableNatives()...)
}

func stripArgs(list datum.Value) datum.Value {
	// process-use-modules takes a list of argument lists of resolve-interface.
	var out []datum.Value
	for ; list.IsPair(); list = list.Pair().Cdr {
		spec := list.Pair().Car
		if spec.IsPair() && spec.Pair().Cdr == datum.Null {
			spec = spec.Pair().Car
		}
		out = append(out, spec)
	}
	return datum.List(out...)
}

func stringArg(who string, a []datum.Value) (string, error) {
	if a[0].IsString() {
		return a[0].Str().Go(), nil
	}
	return "", wrongType(who, 1, a[0])
}

func variableObject(v *datum.Variable, err error) (datum.Value, error) {
	if v == nil || err != nil {
		return datum.False, err
	}
	return v.Object(), nil
}

// bound tells whether a variable exists and has, or will have, a value.
func (x *Expander) bound(v *datum.Variable, err error) (datum.Value, error) {
	if v == nil || err != nil {
		return datum.False, err
	}
	return datum.Bool(v.Value != datum.Unset || x.Modules.IsLazy(v)), nil
}

// exporter makes the natives that take a module and a list of names or
// (internal . external) pairs.
func exporter(who string, do func(m *module.Module, old, as *datum.Symbol) error) nativeFunc {
	return func(a []datum.Value) (datum.Value, error) {
		m, err := moduleArg(who, a, 0)
		if err != nil {
			return datum.Unset, err
		}
		for l := a[1]; l.IsPair(); l = l.Pair().Cdr {
			n := l.Pair().Car
			old, as := n, n
			if n.IsPair() {
				old, as = n.Pair().Car, n.Pair().Cdr
			}
			if !old.IsSymbol() || !as.IsSymbol() {
				return datum.Unset, wrongType(who, 2, a[1])
			}
			if err := do(m, old.Symbol(), as.Symbol()); err != nil {
				return datum.Unset, err
			}
		}
		return datum.Unspecified, nil
	}
}

// replacing reports whether #:replace? is among the arguments, or a true value
// in its place as module-export! takes it, too.
func replacing(a []datum.Value) bool {
	if len(a) == 3 && !a[2].Is(datum.KKeyword) {
		return a[2].Truthy()
	}
	v, _ := keywordArg(a, 2, "replace?")
	return v.Truthy()
}

// keywordArg finds a keyword argument at position n or behind.
func keywordArg(a []datum.Value, n int, name string) (datum.Value, bool) {
	k := datum.InternKeyword(name).Value()
	for n < len(a) && !a[n].Is(datum.KKeyword) {
		n++ // what stands before the keywords
	}
	for i := n; i+1 < len(a); i += 2 {
		if a[i] == k {
			return a[i+1], true
		}
	}
	return datum.False, false
}

// resolveModule is (resolve-module name [autoload [version]] #:ensure).
func (x *Expander) resolveModule(a []datum.Value) (datum.Value, error) {
	if a[0] == datum.Null {
		// The root of the tree of names.
		return x.Modules.Directory(a[0]).Value(), nil
	}
	if !module.ValidName(a[0]) {
		return datum.Unset, wrongType("resolve-module", 1, a[0])
	}
	ensure := true
	if v, ok := keywordArg(a, 1, "ensure"); ok {
		ensure = v.Truthy()
	}
	auto := len(a) < 2 || a[1].Is(datum.KKeyword) || a[1].Truthy()
	if m := x.Modules.Find(a[0]); m != nil && !auto {
		return m.Value(), nil
	}
	if auto && x.Modules.Exists(a[0]) {
		saved := x.Modules.Current
		m, err := x.Modules.Load(a[0])
		x.Modules.Current = saved
		if err != nil {
			return datum.Unset, err
		}
		return m.Value(), nil
	}
	if !ensure {
		if len(x.Modules.Submodules(a[0])) > 0 {
			return x.Modules.Directory(a[0]).Value(), nil
		}
		return datum.False, nil
	}
	m := x.Modules.Make(a[0])
	m.Use(x.Modules.Guile.Public())
	return m.Value(), nil
}

// resolveInterface is (resolve-interface name #:select … #:hide … #:prefix …
// #:renamer …).
func (x *Expander) resolveInterface(a []datum.Value) (datum.Value, error) {
	spec := datum.Cons(a[0], datum.List(a[1:]...))
	if len(a) == 1 {
		spec = a[0]
	}
	if sel, ok := keywordArg(a, 1, "renamer"); ok && isProcedure(sel) {
		rest := append([]datum.Value{a[0]}, a[1:]...)
		for i := 1; i+1 < len(rest); i++ {
			if rest[i] == datum.InternKeyword("renamer").Value() {
				rest = append(rest[:i:i], rest[i+2:]...)
				break
			}
		}
		imp := x.useSpec(view(datum.List(rest...)))
		imp.Rename = func(s *datum.Symbol) (*datum.Symbol, error) {
			v, err := x.Runtime.Apply(sel, s.Value())
			if err == nil && !v.IsSymbol() {
				err = wrongType("resolve-interface", 1, v)
			}
			if err != nil {
				return nil, err
			}
			return v.Symbol(), nil
		}
		return x.interfaceValue(imp)
	}
	return x.interfaceValue(x.useSpec(view(spec)))
}

func (x *Expander) interfaceValue(imp module.Import) (datum.Value, error) {
	saved := x.Modules.Current
	defer func() { x.Modules.Current = saved }()
	m, err := x.Modules.Resolve(imp)
	if err != nil {
		return datum.Unset, err
	}
	return m.Value(), nil
}

// defineModuleStar is the procedure behind define-module: (define-module*
// name #:imports … #:exports … …).
func (x *Expander) defineModuleStar(a []datum.Value) (datum.Value, error) {
	if !module.ValidName(a[0]) {
		return datum.Unset, wrongType("define-module*", 1, a[0])
	}
	m := x.Modules.Make(a[0])
	if pure, _ := keywordArg(a, 1, "pure"); !pure.Truthy() {
		m.Use(x.Modules.Guile.Public())
	}
	if imports, ok := keywordArg(a, 1, "imports"); ok {
		for ; imports.IsPair(); imports = imports.Pair().Cdr {
			spec := imports.Pair().Car
			if spec.IsPair() && spec.Pair().Cdr == datum.Null {
				spec = spec.Pair().Car
			}
			v := view(spec)
			x.use1(m, useSpec{v, x.useSpec(v)})
		}
	}
	for _, o := range []struct {
		key string
		do  func(m *module.Module, old, as *datum.Symbol) error
	}{
		{"exports", func(m *module.Module, old, as *datum.Symbol) error { m.Export(old, as); return nil }},
		{"replacements", func(m *module.Module, old, as *datum.Symbol) error { m.ExportReplacing(old, as); return nil }},
		{"re-exports", func(m *module.Module, old, as *datum.Symbol) error { return m.ReExport(old, as, false) }},
	} {
		if names, ok := keywordArg(a, 1, o.key); ok {
			if _, err := exporter("define-module*", o.do)([]datum.Value{m.Value(), names}); err != nil {
				return datum.Unset, err
			}
		}
	}
	return m.Value(), nil
}

// evalThunk expands and compiles a datum in a module: (%eval-thunk exp module).
func (x *Expander) evalThunk(a []datum.Value) (datum.Value, error) {
	m, err := moduleArg("eval", a, 1)
	if err != nil {
		return datum.Unset, err
	}
	saved := x.Modules.Current
	x.Modules.Current = m
	defer func() { x.Modules.Current = saved }()
	return x.compiled(a[0])
}

// compiled makes a procedure that evaluates one top-level form of a program's.
func (x *Expander) compiled(form datum.Value) (datum.Value, error) {
	n, err := x.last(form, true, func(n core.Node) error {
		_, _, err := x.Runtime.Eval(n)
		return err
	})
	if err != nil {
		return datum.Unset, err
	}
	return x.Runtime.Compile(n)
}

func (x *Expander) variableNatives() []*datum.Primitive {
	on := func(name string, n int, f func(v *datum.Variable, a []datum.Value) (datum.Value, error)) *datum.Primitive {
		return &datum.Primitive{Name: name, Min: n, Max: n, FN: native(func(a []datum.Value) (datum.Value, error) {
			if !a[0].Is(datum.KVariable) {
				return datum.Unset, wrongType(name, 1, a[0])
			}
			return f(a[0].Variable(), a)
		})}
	}
	return []*datum.Primitive{
		on("variable-ref", 1, func(v *datum.Variable, a []datum.Value) (datum.Value, error) {
			val, ok, err := x.value(v)
			if err == nil && !ok {
				err = &datum.Error{Key: "unbound-variable", Who: "variable-ref", Message: "Unbound variable: ~S",
					Irritants: []datum.Value{a[0]}, Rest: datum.False, Payload: datum.Unset}
			}
			return val, err
		}),
		on("variable-set!", 2, func(v *datum.Variable, a []datum.Value) (datum.Value, error) {
			v.Value, v.Constant = a[1], false
			return datum.Unspecified, nil
		}),
		on("variable-bound?", 1, func(v *datum.Variable, _ []datum.Value) (datum.Value, error) { return x.bound(v, nil) }),
		on("variable-unset!", 1, func(v *datum.Variable, _ []datum.Value) (datum.Value, error) {
			v.Value, v.Constant = datum.Unset, false
			return datum.Unspecified, nil
		}),
	}
}
