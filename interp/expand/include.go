package expand

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// condExpand is SRFI 0's and R7RS's.
func (x *Expander) condExpand(s stx) datum.Value {
	p := x.parts(&s, "cond-expand", 0, -1, "(cond-expand (requirement form …) …)")
	for i := range p {
		if !p[i].isPair() {
			x.misshapen(&p[i], "cond-expand", "bad clause %s, expected (requirement form …)", x.show(&p[i]))
		}
		if x.requirement(p[i].car()) {
			forms := p[i].cdr()
			return syntax.New(datum.Cons(x.id("begin"), forms.syntax()), s.pos)
		}
	}
	if len(p) > 0 {
		x.failAs(syntax.Words{Who: "cond-expand", Message: "unfulfilled cond-expand"}, &s, "cond-expand", "add an (else …) clause", "no clause applies")
	}
	return syntax.New(datum.List(x.id("begin")), s.pos)
}

// requirement decides a feature requirement.
func (x *Expander) requirement(s stx) bool {
	if s.isID() {
		if s.sym().Name == "else" {
			return true
		}
		return x.feature(s.sym())
	}
	p, ok := s.list()
	if !ok || len(p) == 0 || !p[0].isID() {
		x.fail(&s, "cond-expand", "bad requirement %s", x.show(&s))
	}
	switch p[0].sym().Name {
	case "and":
		for _, r := range p[1:] {
			if !x.requirement(r) {
				return false
			}
		}
		return true
	case "or":
		for _, r := range p[1:] {
			if x.requirement(r) {
				return true
			}
		}
		return false
	case "not":
		if len(p) != 2 {
			x.fail(&s, "cond-expand", "bad requirement %s, expected (not requirement)", x.show(&s))
		}
		return !x.requirement(p[1])
	case "library":
		if len(p) != 2 {
			x.fail(&s, "cond-expand", "bad requirement %s, expected (library (name …))", x.show(&s))
		}
		return x.Modules.Exists(x.moduleName(&p[1], "cond-expand"))
	}
	x.fail(&s, "cond-expand", "unknown requirement %s, expected a feature, and, or, not or library", x.show(&s))
	return false
}

// feature reports whether the implementation has a feature. As in Guile, a SRFI
// that is a module is one where that module is used.
func (x *Expander) feature(s *datum.Symbol) bool {
	return slices.Contains(x.Features, s.Name) || x.Modules.Current.HasFeature(s)
}

func (x *Expander) include(s stx) datum.Value {
	return x.includeFiles(s, "include", (*Expander).openInclude, false)
}
func (x *Expander) includeCI(s stx) datum.Value {
	return x.includeFiles(s, "include-ci", (*Expander).openInclude, true)
}
func (x *Expander) includeFromPath(s stx) datum.Value {
	return x.includeFiles(s, "include-from-path", (*Expander).openFromPath, false)
}

// includeFiles puts the forms of files in its place. A relative name is looked
// up beside the file that includes it.
func (x *Expander) includeFiles(s stx, who string, open func(*Expander, *stx, string) (*source.File, error), foldCase bool) datum.Value {
	p := x.parts(&s, who, 1, -1, "("+who+" \"file\" …)")
	head := s.car()
	forms := []datum.Value{x.id("begin")}
	for i := range p {
		if !p[i].v.IsString() {
			x.fail(&p[i], who, "expected a file name, not %s", x.show(&p[i]))
		}
		f, err := open(x, &p[i], p[i].v.Str().Go())
		if err != nil {
			x.failErr(&p[i], &module.Error{Message: who + ": " + err.Error(), Cause: err})
		}
		data, err := x.Runtime.Read(f, p[i].pos.File, foldCase)
		if err != nil {
			x.failErr(&p[i], err)
		}
		for _, d := range data {
			forms = append(forms, syntax.Push(d, head.set, head.mod, source.Pos{}))
		}
	}
	return syntax.New(datum.List(forms...), s.pos)
}

func (x *Expander) openFromPath(_ *stx, name string) (*source.File, error) {
	return x.Modules.OpenPath(name)
}

func (x *Expander) openInclude(s *stx, name string) (*source.File, error) {
	full := name
	if s.pos.File != nil && !filepath.IsAbs(name) {
		full = filepath.Join(filepath.Dir(s.pos.File.Name), name)
	}
	text, err := x.Runtime.ReadFile(full)
	if err == nil {
		return &source.File{Name: full, Text: text}, nil
	}
	// A file of the embedded library includes its neighbours.
	if s.pos.File != nil && !strings.HasPrefix(name, "/") {
		if f, err2 := x.Modules.OpenPath(path.Join(path.Dir(s.pos.File.Name), name)); err2 == nil {
			return f, nil
		}
	}
	return nil, err
}
