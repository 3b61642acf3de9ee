package expand

import (
	"strings"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// moduleName checks a module's name.
func (x *Expander) moduleName(s *stx, who string) datum.Value {
	name := s.strip()
	if !module.ValidName(name) {
		x.fail(s, who, "bad module name %s, expected a list of symbols such as (my module)", show(name))
	}
	return name
}

// defineModule is (define-module name option …), done at once (Guile manual,
// "Creating Guile Modules").
func (x *Expander) defineModule(s stx) core.Node {
	rest := s.cdr()
	if !rest.isPair() {
		x.fail(&s, "define-module", "the name is missing: (define-module (name …) option …)")
	}
	nameStx := rest.car()
	m := x.Modules.Make(x.moduleName(&nameStx, "define-module"))
	if s.pos.File != nil {
		m.Filename = s.pos.File.Name
	}
	d := moduleDefinition{x: x, m: m, pure: false}
	d.options(rest.cdr())
	d.finish(&s)
	x.Modules.Current = m
	// What follows is expanded in m, and runs in it too.
	return x.callGuile(s.pos, "set-current-module", konst(s.pos, m.Value()))
}

// moduleDefinition collects the options of define-module.
type moduleDefinition struct {
	x    *Expander
	m    *module.Module
	pure bool
	uses []useSpec
	// exports are done after the imports, since re-exports need these.
	exports []func()
}

type useSpec struct {
	at  stx
	imp module.Import
}

// option returns the next keyword of an option list, which may also be
// written as a symbol :name.
func option(s *stx) string {
	switch {
	case s.v.Is(datum.KKeyword):
		return s.v.Keyword().Name.Name
	case s.isID() && len(s.sym().Name) > 1 && s.sym().Name[0] == ':':
		return s.sym().Name[1:]
	}
	return ""
}

func (d *moduleDefinition) options(rest stx) {
	x := d.x
	for rest.isPair() {
		key := rest.car()
		rest = rest.cdr()
		name := option(&key)
		if name == "" {
			x.failAs(syntax.Words{Who: "define-module", Message: "expected keyword arg"}, &key, "define-module", "", "expected a keyword such as #:use-module, not %s", x.show(&key))
		}
		if name == "pure" || name == "no-backtrace" {
			d.pure = d.pure || name == "pure"
			continue
		}
		if !rest.isPair() {
			x.failAs(syntax.Words{Who: "define-module", Message: "keyword arg without value"}, &key, "define-module", "", "#:%s needs a value", name)
		}
		value := rest.car()
		rest = rest.cdr()
		if name == "autoload" {
			if !rest.isPair() {
				x.fail(&key, "define-module", "#:autoload needs a module and a list of names")
			}
			names := rest.car()
			rest = rest.cdr()
			d.uses = append(d.uses, useSpec{value, module.Import{Name: x.moduleName(&value, "define-module"), Autoload: x.symbols(names)}})
			continue
		}
		d.option(name, &key, value)
	}
	if !rest.isNull() {
		x.fail(&rest, "define-module", "the options are not a proper list")
	}
}

var moduleOptions = []string{"use-module", "use-syntax", "autoload", "export", "export-syntax", "re-export",
	"re-export-syntax", "re-export-and-replace", "replace", "replace-syntax", "pure", "version", "duplicates", "declarative?", "filename"}

func (d *moduleDefinition) option(name string, key *stx, value stx) {
	x, m := d.x, d.m
	export := func(do func(old, as *datum.Symbol, at *stx)) {
		items, ok := value.list()
		if !ok {
			x.fail(&value, "define-module", "#:%s needs a list of names, not %s", name, x.show(&value))
		}
		d.exports = append(d.exports, func() {
			for i := range items {
				old, as := x.rename(&items[i], "define-module")
				do(old, as, &items[i])
			}
		})
	}
	switch name {
	case "use-module", "use-syntax":
		d.uses = append(d.uses, useSpec{value, x.useSpec(value)})
	case "export", "export-syntax":
		export(func(old, as *datum.Symbol, _ *stx) { m.Export(old, as) })
	case "replace", "replace-syntax":
		export(func(old, as *datum.Symbol, _ *stx) { m.ExportReplacing(old, as) })
	case "re-export", "re-export-syntax":
		export(func(old, as *datum.Symbol, at *stx) { x.reExportName(m, old, as, false, at) })
	case "re-export-and-replace":
		export(func(old, as *datum.Symbol, at *stx) { x.reExportName(m, old, as, true, at) })
	case "version":
		m.Version = value.strip()
	case "duplicates":
		var handlers []string
		for _, s := range x.symbols(value) {
			handlers = append(handlers, s.Name)
		}
		m.SetDuplicates(handlers)
	case "declarative?":
	case "filename":
		if value.v.IsString() {
			m.Filename = value.v.Str().Go()
		}
	default:
		hint := ""
		if near := module.Nearest(name, moduleOptions); len(near) > 0 {
			hint = "did you mean #:" + near[0] + "?"
		}
		x.failAs(syntax.Words{Who: "define-module", Message: "unknown keyword or bad argument"}, key, "define-module", hint, "unknown option #:%s", name)
	}
}

func (d *moduleDefinition) finish(s *stx) {
	x := d.x
	if !d.pure {
		d.m.Use(x.Modules.Guile.Public())
	}
	// The module exists before its imports are loaded, so that those may use it.
	d.m.Defining(true)
	defer d.m.Defining(false)
	for _, u := range d.uses {
		x.use1(d.m, u)
	}
	for _, f := range d.exports {
		f()
	}
}

func (x *Expander) use1(m *module.Module, u useSpec) {
	saved := x.Modules.Current
	iface, err := x.Modules.Resolve(u.imp)
	x.Modules.Current = saved
	if err != nil {
		x.failErr(&u.at, err)
	}
	m.Use(iface)
}

func (x *Expander) reExportName(m *module.Module, old, as *datum.Symbol, replacing bool, at *stx) {
	if err := m.ReExport(old, as, replacing); err != nil {
		x.failErr(at, err)
	}
}

// rename reads an export: name, or (name . other).
func (x *Expander) rename(s *stx, who string) (old, as *datum.Symbol) {
	if s.isID() {
		return s.sym(), s.sym()
	}
	if v := s.strip(); v.IsPair() && v.Pair().Car.IsSymbol() && v.Pair().Cdr.IsSymbol() {
		return v.Pair().Car.Symbol(), v.Pair().Cdr.Symbol()
	}
	x.fail(s, who, "expected a name or (name . other-name), not %s", x.show(s))
	return nil, nil
}

func (x *Expander) symbols(s stx) []*datum.Symbol {
	items, ok := s.list()
	if !ok {
		x.fail(&s, "", "expected a list of names, not %s", x.show(&s))
	}
	out := make([]*datum.Symbol, len(items))
	for i := range items {
		x.needID(&items[i], "")
		out[i] = items[i].sym()
	}
	return out
}

// useSpec reads an interface specification: (name …) or ((name …) option …).
func (x *Expander) useSpec(s stx) module.Import {
	if !s.isPair() {
		x.fail(&s, "use-modules", "expected a module name such as (srfi srfi-1), not %s", x.show(&s))
	}
	first := s.car()
	if !first.isPair() {
		return module.Import{Name: x.moduleName(&s, "use-modules")}
	}
	imp := module.Import{Name: x.moduleName(&first, "use-modules")}
	rest := s.cdr()
	for rest.isPair() {
		key := rest.car()
		rest = rest.cdr()
		name := option(&key)
		if !rest.isPair() {
			x.fail(&key, "use-modules", "expected a keyword and a value, found %s", x.show(&key))
		}
		value := rest.car()
		rest = rest.cdr()
		switch name {
		case "select":
			imp.HasSelect = true
			items, ok := value.list()
			if !ok {
				x.fail(&value, "use-modules", "#:select needs a list of names, not %s", x.show(&value))
			}
			for i := range items {
				old, as := x.rename(&items[i], "use-modules")
				imp.Select = append(imp.Select, module.Select{Old: old, New: as})
			}
		case "hide":
			imp.Hide = x.symbols(value)
		case "prefix":
			x.needID(&value, "use-modules")
			imp.Prefix = value.sym().Name
		case "renamer":
			imp.Rename, imp.Prefix = x.renamer(value)
		case "version":
		default:
			x.fail(&key, "use-modules", "unknown option %s, expected #:select, #:hide, #:prefix, #:renamer or #:version", x.show(&key))
		}
	}
	return imp
}

// renamer evaluates a #:renamer procedure.
func (x *Expander) renamer(s stx) (func(*datum.Symbol) (*datum.Symbol, error), string) {
	proc := x.transformerValue(s)
	return func(old *datum.Symbol) (*datum.Symbol, error) {
		v, err := x.Runtime.Apply(proc, old.Value())
		if err != nil {
			return nil, err
		}
		if !v.IsSymbol() {
			x.fail(&s, "use-modules", "the renamer did not return a symbol")
		}
		return v.Symbol(), nil
	}, ""
}

func (x *Expander) useModules(s stx) core.Node {
	p := x.parts(&s, "use-modules", 0, -1, "(use-modules (name …) …)")
	for _, spec := range p {
		x.use1(x.Modules.Current, useSpec{spec, x.useSpec(spec)})
	}
	return unspecified(s.pos)
}

func (x *Expander) exports(s stx, who string, do func(m *module.Module, old, as *datum.Symbol, at *stx)) core.Node {
	p := x.parts(&s, who, 0, -1, "("+who+" name …)")
	for i := range p {
		old, as := x.rename(&p[i], who)
		do(x.Modules.Current, old, as, &p[i])
	}
	return unspecified(s.pos)
}

func (x *Expander) export(s stx) core.Node {
	return x.exports(s, "export", func(m *module.Module, old, as *datum.Symbol, _ *stx) { m.Export(old, as) })
}

func (x *Expander) exportReplacing(s stx) core.Node {
	return x.exports(s, "export!", func(m *module.Module, old, as *datum.Symbol, _ *stx) { m.ExportReplacing(old, as) })
}

func (x *Expander) reExport(s stx) core.Node {
	return x.exports(s, "re-export", func(m *module.Module, old, as *datum.Symbol, at *stx) { x.reExportName(m, old, as, false, at) })
}

// publicRef is (@ (module) name), privateRef (@@ (module) name), or
// (@@ @@ (module) expression): an expression whose names are those of a module.
func (x *Expander) publicRef(s stx) core.Node { return x.moduleRef(s, "@", true) }
func (x *Expander) privateRef(s stx) core.Node {
	if p, ok := s.list(); ok && len(p) == 4 && x.isCore(&p[1], "@@") {
		return x.expr(stx{p[3].v, nil, x.loadedModule(&p[2], "@@"), p[3].pos})
	}
	return x.moduleRef(s, "@@", false)
}

// loadedModule is the module that a form names.
func (x *Expander) loadedModule(s *stx, who string) *module.Module {
	name := x.moduleName(s, who)
	saved := x.Modules.Current
	m, err := x.Modules.Load(name)
	x.Modules.Current = saved
	if err != nil {
		x.failErr(s, err)
	}
	return m
}

func (x *Expander) moduleRef(s stx, who string, public bool) core.Node {
	id := x.moduleID(s, who, public)
	if id.v == datum.Unset {
		return x.moduleRefLater(s)
	}
	return x.expr(id)
}

// moduleRefLater is a reference to a variable of a module that does not exist:
// looked for again, and an error then, when it is evaluated.
func (x *Expander) moduleRefLater(s stx) core.Node {
	p, _ := s.list()
	iface := x.callGuile(s.pos, "resolve-interface", konst(s.pos, p[1].strip()))
	return x.callGuile(s.pos, "module-ref", iface, konst(s.pos, p[2].strip()))
}

// moduleHead lets ((@ (module) name) …) be the use of a macro: it puts the
// name in the place of the head.
func (x *Expander) moduleHead(s, head *stx) bool {
	if !head.isPair() {
		return false
	}
	op := head.car()
	if !op.isID() || !strings.HasPrefix(op.sym().Name, "@") {
		return false
	}
	var id stx
	switch {
	case x.isCore(&op, "@"):
		id = x.moduleID(*head, "@", true)
	case x.isCore(&op, "@@"):
		if p, ok := head.list(); ok && len(p) == 3 && p[1].isID() && p[1].sym().Name == "primitive" && p[2].isID() && x.moduleOf(&op) == x.Modules.Guile {
			id = p[2] // ((@@ primitive name) …), which only (guile) may say
			break
		}
		id = x.moduleID(*head, "@@", false)
	default:
		return false
	}
	if id.v == datum.Unset {
		return false
	}
	*head = id
	rest := s.cdr()
	// Both parts carry the context now; on s it would count twice.
	s.v, s.set = datum.Cons(head.syntax(), rest.syntax()), nil
	return true
}

// moduleID gives the identifier that (@ (module) name) stands for; its datum is
// Unset when there is no such module. A name that the module does not have, or
// not yet, is missed when it is evaluated: modules may refer to one another in
// a circle.
func (x *Expander) moduleID(s stx, who string, public bool) stx {
	p := x.parts(&s, who, 2, 2, "("+who+" (module name) name)")
	x.needID(&p[1], who)
	name := x.moduleName(&p[0], who)
	if !x.Modules.Exists(name) {
		return stx{v: datum.Unset, pos: p[1].pos}
	}
	m := x.loadedModule(&p[0], who)
	if public {
		m = m.Public()
	}
	return stx{p[1].v, nil, m, p[1].pos}
}
