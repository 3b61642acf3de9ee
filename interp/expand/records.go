package expand

import (
	"strings"

	"fruix/interp/datum"
	"fruix/interp/syntax"
)

// defineRecordType is R7RS's and SRFI 9's (define-record-type type
// (constructor field …) predicate (field accessor [modifier]) …), with SRFI
// 99's freedoms: #f for what is not wanted, #t or a bare name for a constructor
// of all fields, (type parent) for a subtype.
func (x *Expander) defineRecordType(s stx) datum.Value {
	return x.recordDefinitions(s, "define-record-type", "record-modifier")
}

// defineImmutableRecordType is that of (srfi srfi-9 gnu): what would be
// modifiers give a copy of the record with another value in the field.
func (x *Expander) defineImmutableRecordType(s stx) datum.Value {
	return x.recordDefinitions(s, "define-immutable-record-type", "%record-updater")
}

func (x *Expander) recordDefinitions(s stx, who, modifier string) datum.Value {
	p := x.parts(&s, who, 3, -1, "("+who+" name (constructor field …) predicate (field accessor [modifier]) …)")
	x.checkRecordParts(&s, p, who)
	typ := p[0]
	printName := typ.strip()
	list, def := datum.List, x.id("define")
	quote := func(v datum.Value) datum.Value { return list(x.id("quote"), v) }
	parent := datum.False
	if typ.isPair() {
		parts, _ := typ.list()
		typ, printName = parts[0], parts[0].strip()
		for _, e := range parts[1:] {
			if !e.v.Is(datum.KKeyword) {
				parent = e.syntax()
				break
			}
		}
	}
	fields := make([]stx, 0, len(p)-3)
	names := make([]datum.Value, 0, len(p)-3)
	for _, f := range p[3:] {
		spec, ok := f.list()
		for i := range spec {
			ok = ok && spec[i].isID()
		}
		if !ok || len(spec) < 2 || len(spec) > 3 {
			x.failPart(&s, &f, who, "invalid field spec", ": "+x.show(&f)+", expected (field accessor) or (field accessor modifier)")
		}
		for i := range fields {
			if fields[i].sym() == spec[0].sym() {
				x.failPart(&s, &spec[0], who, "duplicate field", ": "+spec[0].sym().Name)
			}
		}
		fields = append(fields, spec[0])
		names = append(names, spec[0].v)
	}
	out := []datum.Value{x.id("begin")}
	put := func(at stx, v ...datum.Value) {
		out = append(out, syntax.New(list(v...), at.pos))
	}
	descriptor := []datum.Value{x.id("make-record-type"), quote(printName), quote(list(names...))}
	if parent != datum.False {
		descriptor = append(descriptor, datum.InternKeyword("parent").Value(), parent)
	}
	put(typ, def, typ.syntax(), list(descriptor...))
	x.recordConstructor(&s, who, p[1], typ, fields, put)
	if p[2].isID() {
		put(p[2], def, p[2].syntax(), list(x.id("record-predicate"), typ.syntax(), quote(p[2].v)))
	}
	for _, f := range p[3:] {
		spec, _ := f.list()
		for i := 1; i < len(spec); i++ {
			proc := "record-accessor"
			if i == 2 {
				proc = modifier
			}
			put(spec[i], def, spec[i].syntax(), list(x.id(proc), typ.syntax(), quote(spec[0].v), quote(spec[i].v)))
		}
	}
	return syntax.New(list(out...), s.pos)
}

// checkRecordParts checks the shapes of type, constructor and predicate.
func (x *Expander) checkRecordParts(s *stx, p []stx, who string) {
	name := p[0]
	if parts, ok := name.list(); ok && len(parts) > 1 && !parts[1].isPair() && !p[1].isID() {
		// (type parent), of SRFI 99
		name = parts[0]
	}
	if !name.isID() {
		x.failPart(s, &p[0], who, "expected type name", ", not "+x.show(&p[0]))
	}
	parts, ok := p[1].list()
	ok = ok && len(parts) > 0
	for i := range parts {
		ok = ok && parts[i].isID()
	}
	if !ok && !p[1].isID() && p[1].v != datum.False && p[1].v != datum.True {
		x.failPart(s, &p[1], who, "invalid constructor spec", ": "+x.show(&p[1])+", expected (name field …)")
	}
	if !p[2].isID() && p[2].v != datum.False {
		x.failPart(s, &p[2], who, "expected predicate name", ", not "+x.show(&p[2]))
	}
}

func (x *Expander) recordConstructor(s *stx, who string, c, typ stx, fields []stx, put func(stx, ...datum.Value)) {
	def := x.id("define")
	switch {
	case c.isID():
		put(c, def, c.syntax(), datum.List(x.id("record-constructor"), typ.syntax(), datum.False, datum.List(x.id("quote"), c.v)))
		return
	case c.v == datum.False:
		return
	case c.v == datum.True:
		return
	}
	parts, _ := c.list()
	var names []datum.Value
	for i := range parts[1:] {
		f := &parts[i+1]
		known := false
		for j := range fields {
			known = known || fields[j].sym() == f.sym()
		}
		if !known && !typ.isNull() && len(fields) > 0 {
			e := x.partError(s, f, who, "unknown field in constructor spec", ": "+f.sym().Name+" is not declared")
			e.Hint = "declare it: (" + f.sym().Name + " " + strings.Trim(typ.sym().Name, "<>") + "-" + f.sym().Name + ")"
			panic(&failure{e})
		}
		names = append(names, f.v)
	}
	put(parts[0], def, parts[0].syntax(), datum.List(x.id("record-constructor"), typ.syntax(), datum.List(x.id("quote"), datum.List(names...)), datum.List(x.id("quote"), parts[0].v)))
}
