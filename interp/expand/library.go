package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/syntax"
)

// importSet reads an import set (R7RS 5.2, R6RS 7.1).
func (x *Expander) importSet(s stx) *module.Module {
	const who = "import"
	if !s.isPair() {
		x.fail(&s, who, "expected a library name or an import set, not %s", x.show(&s))
	}
	head := s.car()
	p, ok := s.list()
	if !ok {
		x.fail(&s, who, "bad import set %s", x.show(&s))
	}
	op := ""
	if head.isID() && len(p) > 1 && p[1].isPair() {
		op = head.sym().Name
	}
	var iface *module.Module
	var err error
	switch op {
	case "only":
		base := x.importSet(p[1])
		var sel []module.Select
		for i := range p[2:] {
			x.needID(&p[i+2], who)
			sel = append(sel, module.Select{Old: p[i+2].sym(), New: p[i+2].sym()})
		}
		iface, err = module.Only(base, sel)
	case "except":
		base := x.importSet(p[1])
		var names []*datum.Symbol
		for i := range p[2:] {
			x.needID(&p[i+2], who)
			names = append(names, p[i+2].sym())
		}
		iface, err = module.Except(base, names)
	case "prefix":
		if len(p) != 3 || !p[2].isID() {
			x.fail(&s, who, "bad import set %s, expected (prefix set name)", x.show(&s))
		}
		iface = module.Prefixed(x.importSet(p[1]), p[2].sym().Name)
	case "rename":
		base := x.importSet(p[1])
		var changes []module.Select
		for i := range p[2:] {
			pair, ok := p[i+2].list()
			if !ok || len(pair) != 2 || !pair[0].isID() || !pair[1].isID() {
				x.fail(&p[i+2], who, "bad renaming %s, expected (old new)", x.show(&p[i+2]))
			}
			changes = append(changes, module.Select{Old: pair[0].sym(), New: pair[1].sym()})
		}
		iface, err = module.RenamedNames(base, changes)
	case "for":
		return x.importSet(p[1])
	case "library":
		iface, err = x.interfaceOf(p[1])
	default:
		iface, err = x.interfaceOf(s)
	}
	if err != nil {
		x.failErr(&s, err)
	}
	return iface
}

// interfaceOf loads a library; a version at the end of an R6RS name, a list, is
// dropped.
func (x *Expander) interfaceOf(s stx) (*module.Module, error) {
	saved := x.Modules.Current
	defer func() { x.Modules.Current = saved }()
	return x.Modules.Interface(x.libraryName(s))
}

func (x *Expander) libraryName(s stx) datum.Value {
	var parts []datum.Value
	p, _ := s.list()
	for i := range p {
		if i > 0 && i == len(p)-1 && (p[i].isPair() || p[i].isNull()) {
			break
		}
		parts = append(parts, p[i].strip())
	}
	name := datum.List(parts...)
	if !module.ValidName(name) {
		x.fail(&s, "import", "bad library name %s", x.show(&s))
	}
	return name
}

// resolveImportSet is (resolve-r6rs-interface import-set): the interface that
// the import set stands for.
func (x *Expander) resolveImportSet(a []datum.Value) (v datum.Value, err error) {
	defer recoverFailure(&err)
	return x.importSet(view(a[0])).Value(), nil
}

// importForm is (import set …) at top level.
func (x *Expander) importForm(s stx) core.Node {
	p := x.parts(&s, "import", 0, -1, "(import set …)")
	for i := range p {
		x.Modules.Current.Use(x.importSet(p[i]))
	}
	return unspecified(s.pos)
}

// defineLibrary is R7RS's (define-library name declaration …). The imports and
// exports are done at once; the bodies stand in the form's place while the
// library is the current module.
func (x *Expander) defineLibrary(s stx, top bool) (stx, func()) {
	rest := s.cdr()
	if !rest.isPair() {
		x.fail(&s, "define-library", "the name is missing")
	}
	lib := x.beginLibrary(&s, rest.car(), top, "define-library")
	lib.declarations(rest.cdr())
	return lib.body()
}

// r6Library is R6RS's (library name (export …) (import …) form …).
func (x *Expander) r6Library(s stx, top bool) (stx, func()) {
	if !top {
		forms := stx{v: datum.List(x.evalLater(&s)), pos: s.pos}
		return forms, nil
	}
	rest := s.cdr()
	if !rest.isPair() {
		x.fail(&s, "library", "the name is missing")
	}
	lib := x.beginLibrary(&s, rest.car(), top, "library")
	rest = rest.cdr()
	for i := 0; i < 2; i++ {
		if !rest.isPair() {
			x.misshapen(&s, "library", "expected (export …) and (import …) after the name")
		}
		lib.declaration(rest.car())
		rest = rest.cdr()
	}
	for rest.isPair() {
		f := rest.car()
		lib.forms = append(lib.forms, f.syntax())
		rest = rest.cdr()
	}
	return lib.body()
}

// library collects the declarations of one library.
type library struct {
	x       *Expander
	m       *module.Module
	s       *stx
	exports []func()
	forms   []datum.Value
	saved   *module.Module
}

func (x *Expander) beginLibrary(s *stx, name stx, top bool, who string) *library {
	if !top {
		x.fail(s, who, "is allowed only at top level")
	}
	m := x.Modules.Make(x.libraryName(name))
	if s.pos.File != nil {
		m.Filename = s.pos.File.Name
	}
	return &library{x: x, m: m, s: s, saved: x.Modules.Current}
}

func (l *library) declarations(rest stx) {
	for rest.isPair() {
		l.declaration(rest.car())
		rest = rest.cdr()
	}
}

func (l *library) declaration(d stx) {
	x := l.x
	p, ok := d.list()
	if !ok || len(p) == 0 || !p[0].isID() {
		x.fail(&d, "define-library", "bad declaration %s", x.show(&d))
	}
	switch p[0].sym().Name {
	case "export":
		for i := range p[1:] {
			l.export(&p[i+1])
		}
	case "import":
		for i := range p[1:] {
			iface := x.importSet(p[i+1])
			l.m.Use(iface)
		}
	case "begin":
		for i := range p[1:] {
			l.forms = append(l.forms, p[i+1].syntax())
		}
	case "include", "include-ci":
		l.forms = append(l.forms, syntax.New(datum.Cons(x.id(p[0].sym().Name), datum.List(values(p[1:])...)), d.pos))
	case "include-library-declarations":
		inc := stx{v: x.includeFiles(d, "include-library-declarations", (*Expander).openInclude, false), pos: d.pos}
		inc.norm()
		l.declarations(inc.cdr())
	case "cond-expand":
		inc := stx{v: x.condExpand(d), pos: d.pos}
		inc.norm()
		l.declarations(inc.cdr())
	default:
		x.fail(&d, "define-library", "unknown declaration %s, expected export, import, begin, include or cond-expand", x.show(&p[0]))
	}
}

// export reads name, (rename internal external), or R6RS's
// (rename (internal external) …).
func (l *library) export(e *stx) {
	x := l.x
	if e.isID() {
		l.add(e.sym(), e.sym())
		return
	}
	p, ok := e.list()
	if !ok || len(p) == 0 || !p[0].isID() || p[0].sym().Name != "rename" {
		x.fail(e, "export", "expected a name or (rename internal external), not %s", x.show(e))
	}
	if len(p) == 3 && p[1].isID() && p[2].isID() {
		l.add(p[1].sym(), p[2].sym())
		return
	}
	for i := range p[1:] {
		pair, ok := p[i+1].list()
		if !ok || len(pair) != 2 || !pair[0].isID() || !pair[1].isID() {
			x.misshapen(&p[i+1], "export", "expected (internal external), not %s", x.show(&p[i+1]))
		}
		l.add(pair[0].sym(), pair[1].sym())
	}
}

func (l *library) add(old, as *datum.Symbol) {
	l.exports = append(l.exports, func() {
		// What the library does not define itself it passes on.
		if v, _ := l.m.Local(old); v == nil {
			if imp, _ := l.m.Lookup(old); imp != nil {
				if err := l.m.ReExport(old, as, false); err == nil {
					return
				}
			}
		}
		l.m.Export(old, as)
	})
}

// body enters the library and gives its forms.
func (l *library) body() (stx, func()) {
	x := l.x
	x.libraries = append(x.libraries, l.saved)
	x.Modules.Current = l.m
	return stx{v: datum.List(l.forms...), pos: l.s.pos}, func() {
		for _, f := range l.exports {
			f()
		}
		x.Modules.Current = l.saved
		x.libraries = x.libraries[:len(x.libraries)-1]
	}
}

// evalLater is the expression that evaluates s when it is its turn. Guile's
// library is a macro that can stand among expressions, too.
func (x *Expander) evalLater(s *stx) datum.Value {
	return datum.List(x.id("primitive-eval"), datum.List(x.id("quote"), s.strip()))
}
