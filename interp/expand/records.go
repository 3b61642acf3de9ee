package expand

import (
	"fruix/interp/datum"
	"fruix/interp/syntax"
)

// defineRecordType is R7RS's and SRFI 9's (define-record-type type
// (constructor field …) predicate (field accessor [modifier]) …), with SRFI
// 99's freedoms: #f for what is not wanted, #t or a bare name for a constructor
// of all fields, (type parent) for a subtype.
func (x *Expander) defineRecordType(s stx) datum.Value {
	const who = "define-record-type"
	p := x.parts(&s, who, 3, -1, "(define-record-type name (constructor field …) predicate (field accessor [modifier]) …)")
	typ := p[0]
	printName := typ.strip()
	list, def := datum.List, x.id("define")
	quote := func(v datum.Value) datum.Value { return list(x.id("quote"), v) }
	parent := datum.False
	if typ.isPair() {
		parts, ok := typ.list()
		if !ok || len(parts) < 1 || !parts[0].isID() {
			x.fail(&typ, who, "bad type name %s", x.show(&typ))
		}
		typ, printName = parts[0], parts[0].strip()
		for _, e := range parts[1:] {
			if !e.v.Is(datum.KKeyword) {
				parent = e.syntax()
				break
			}
		}
	}
	x.needID(&typ, who)
	fields := make([]stx, 0, len(p)-3)
	names := make([]datum.Value, 0, len(p)-3)
	for _, f := range p[3:] {
		spec := []stx{f}
		if f.isPair() {
			var ok bool
			if spec, ok = f.list(); !ok || len(spec) > 3 {
				x.fail(&f, who, "bad field %s, expected (field accessor) or (field accessor modifier)", x.show(&f))
			}
		}
		x.needID(&spec[0], who)
		for i := range fields {
			if fields[i].sym() == spec[0].sym() {
				x.fail(&spec[0], who, "the field %s is declared twice", spec[0].sym().Name)
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
	x.recordConstructor(p[1], typ, fields, put)
	if p[2].isID() {
		put(p[2], def, p[2].syntax(), list(x.id("record-predicate"), typ.syntax()))
	} else if p[2].v != datum.False {
		x.fail(&p[2], who, "bad predicate %s, expected a name or #f", x.show(&p[2]))
	}
	for _, f := range p[3:] {
		spec, _ := f.list()
		for i := 1; i < len(spec); i++ {
			x.needID(&spec[i], who)
			proc := "record-accessor"
			if i == 2 {
				proc = "record-modifier"
			}
			put(spec[i], def, spec[i].syntax(), list(x.id(proc), typ.syntax(), quote(spec[0].v)))
		}
	}
	return syntax.New(list(out...), s.pos)
}

func (x *Expander) recordConstructor(c, typ stx, fields []stx, put func(stx, ...datum.Value)) {
	const who = "define-record-type"
	def := x.id("define")
	switch {
	case c.isID():
		put(c, def, c.syntax(), datum.List(x.id("record-constructor"), typ.syntax()))
		return
	case c.v == datum.False:
		return
	case c.v == datum.True:
		return
	}
	parts, ok := c.list()
	if !ok || len(parts) == 0 || !parts[0].isID() {
		x.fail(&c, who, "bad constructor %s, expected (name field …)", x.show(&c))
	}
	var names []datum.Value
	for i := range parts[1:] {
		f := &parts[i+1]
		x.needID(f, who)
		known := false
		for j := range fields {
			known = known || fields[j].sym() == f.sym()
		}
		if !known && !typ.isNull() && len(fields) > 0 {
			x.failHint(f, who, "declare it: ("+f.sym().Name+" "+typ.sym().Name+"-"+f.sym().Name+")", "the constructor's field %s is not declared", f.sym().Name)
		}
		names = append(names, f.v)
	}
	put(parts[0], def, parts[0].syntax(), datum.List(x.id("record-constructor"), typ.syntax(), datum.List(x.id("quote"), datum.List(names...))))
}
