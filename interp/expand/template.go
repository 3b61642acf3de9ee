package expand

import (
	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// templateKind is the shape of a template.
type templateKind uint8

const (
	tplConst  templateKind = iota // syntax without variables
	tplVar                        // a pattern variable: slot
	tplPair                       // (car . cdr)
	tplMany                       // (car … . cdr), driven by slots
	tplVec                        // #(…), car makes the list
	tplSplice                     // (#,@slot . cdr)
)

type template struct {
	kind     templateKind
	lit      stx
	open     datum.Value // tplConst of a quoted template: lit as opened gives it
	slot     int
	extra    int     // tplMany: further ellipses after the first
	slots    [][]int // tplMany: what each of the ellipses iterates, outermost first
	car, cdr *template
	who      string
}

// templateCompiler makes one template.
type templateCompiler struct {
	x        *Expander
	who      string
	ellipsis func(*stx) bool
	// variable finds a pattern variable's slot and depth.
	variable func(*stx) (slot, depth int, ok bool)
	frames   []*[]int
	// unsyntax, for quasisyntax, makes a slot for an expression.
	unsyntax func(stx) int
	quasi    int
	used     bool // a variable was met
	// quoted templates stand in code that runs; those of syntax-rules do not.
	quoted bool
}

func (c *templateCompiler) compile(s stx) *template {
	saved := c.used
	c.used = false
	t := c.compile1(s)
	if !c.used {
		if c.quoted {
			s.set = s.set.Beyond(c.x.level)
		}
		t = &template{kind: tplConst, lit: c.x.stamp(bare(s)), open: datum.Unset}
		if c.quoted && (s.isPair() || s.isVector()) {
			t.open = opened(&t.lit)
		}
	}
	c.used = c.used || saved
	return t
}

// opened makes of a constant template what programs may take apart as they do
// what other templates give: a list or vector, with the context on its leaves.
func opened(s *stx) datum.Value {
	switch {
	case s.isPair():
		car, cdr := s.car(), s.cdr()
		car.pos, cdr.pos = source.Pos{}, source.Pos{}
		return datum.Cons(opened(&car), opened(&cdr))
	case s.isVector():
		items := s.vector()
		out := make([]datum.Value, len(items))
		for i := range items {
			items[i].pos = source.Pos{}
			out[i] = opened(&items[i])
		}
		return datum.NewVector(out)
	}
	return s.syntax()
}

// bare removes the positions inside a constant template, so that what a macro
// brings in stands where the macro is used.
func bare(s stx) stx {
	// When all syntax inside has no context of its own, the outermost serves
	// for all.
	if uniformContext(s.v) {
		s.v = syntax.Strip(s.v)
		return s
	}
	s.v = unplaced(s.v)
	return s
}

func uniformContext(v datum.Value) bool {
	for {
		switch {
		case syntax.Is(v):
			s := syntax.Of(v)
			if s.Scopes != nil || s.Module != nil {
				return false
			}
			v = s.Datum
		case v.IsPair():
			if !uniformContext(v.Pair().Car) {
				return false
			}
			v = v.Pair().Cdr
		case v.Is(datum.KVector):
			for _, e := range v.Vector().Items {
				if !uniformContext(e) {
					return false
				}
			}
			return true
		default:
			return true
		}
	}
}

func unplaced(v datum.Value) datum.Value {
	switch {
	case syntax.Is(v):
		s := *syntax.Of(v)
		s.Datum, s.Pos = unplaced(s.Datum), source.Pos{}
		return s.Value()
	case v.IsPair():
		return datum.Cons(unplaced(v.Pair().Car), unplaced(v.Pair().Cdr))
	case v.Is(datum.KVector):
		items := v.Vector().Items
		out := make([]datum.Value, len(items))
		for i, e := range items {
			out[i] = unplaced(e)
		}
		return datum.NewVector(out)
	}
	return v
}

func (c *templateCompiler) compile1(s stx) *template {
	x := c.x
	switch {
	case s.isID():
		if slot, depth, ok := c.variable(&s); ok {
			c.used = true
			if depth > len(c.frames) {
				x.failAs(syntax.Words{Who: "syntax", Message: "missing ellipsis"}, &s, c.who, "write "+s.sym().Name+" ... in the template", "the pattern variable %s stands before an ellipsis in the pattern, but not in the template", s.sym().Name)
			}
			for _, f := range c.frames[len(c.frames)-depth:] {
				*f = append(*f, slot)
			}
			return &template{kind: tplVar, slot: slot}
		}
		if c.ellipsis(&s) {
			x.failAs(syntax.Words{Who: "syntax", Message: "misplaced ellipsis"}, &s, c.who, "", "misplaced ellipsis in the template")
		}
		return nil
	case s.isVector():
		list := s
		list.v = datum.List(s.v.Vector().Items...)
		return &template{kind: tplVec, car: c.compile(list)}
	case !s.isPair():
		return nil
	}
	head := s.car()
	if head.isID() && c.ellipsis(&head) {
		rest := s.cdr()
		if !rest.isPair() || rest.v.Pair().Cdr != datum.Null {
			x.fail(&s, c.who, "bad escape, expected (... template)")
		}
		saved := c.ellipsis
		c.ellipsis = func(*stx) bool { return false }
		t := c.compile(rest.car())
		c.ellipsis = saved
		c.used = true // the escape itself must go
		return t
	}
	if c.unsyntax != nil && head.isID() {
		if t := c.quasiForm(s, &head); t != nil {
			return t
		}
	}
	return c.pair(s)
}

// quasiForm handles (unsyntax e) and nested quasisyntax; nil when s is neither.
func (c *templateCompiler) quasiForm(s stx, head *stx) *template {
	x := c.x
	switch {
	case x.isCore(head, "unsyntax"), x.isCore(head, "unsyntax-splicing"):
		if c.quasi > 0 {
			c.quasi--
			t := c.pair(s)
			c.quasi++
			return t
		}
		rest := s.cdr()
		if !rest.isPair() || rest.v.Pair().Cdr != datum.Null || !x.isCore(head, "unsyntax") {
			x.fail(&s, "quasisyntax", "bad %s here", head.sym().Name)
		}
		c.used = true
		return &template{kind: tplVar, slot: c.unsyntax(rest.car())}
	case x.isCore(head, "quasisyntax"):
		c.quasi++
		t := c.pair(s)
		c.quasi--
		return t
	}
	return nil
}

// splices handles an element (unsyntax e …) or (unsyntax-splicing e …) of a
// list; ok is false when s is none.
func (c *templateCompiler) splices(s stx, rest func() *template) (*template, bool) {
	x := c.x
	if c.unsyntax == nil || c.quasi > 0 || !s.isPair() {
		return nil, false
	}
	head := s.car()
	if !head.isID() {
		return nil, false
	}
	splicing := x.isCore(&head, "unsyntax-splicing")
	if !splicing && !x.isCore(&head, "unsyntax") {
		return nil, false
	}
	parts, ok := s.list()
	if !ok {
		x.fail(&s, "quasisyntax", "bad %s here", head.sym().Name)
	}
	slots := make([]int, len(parts)-1)
	for i, p := range parts[1:] {
		slots[i] = c.unsyntax(p)
	}
	c.used = true
	t := rest()
	for i := len(slots) - 1; i >= 0; i-- {
		if splicing {
			t = &template{kind: tplSplice, slot: slots[i], cdr: t}
		} else {
			t = &template{kind: tplPair, car: &template{kind: tplVar, slot: slots[i]}, cdr: t}
		}
	}
	return t, true
}

func (c *templateCompiler) pair(s stx) *template {
	x := c.x
	head, rest := s.car(), s.cdr()
	if t, ok := c.splices(head, func() *template { return c.compile(rest) }); ok {
		return t
	}
	dots := 0
	for rest.isPair() {
		e := rest.car()
		if !e.isID() || !c.ellipsis(&e) {
			break
		}
		dots++
		rest = rest.cdr()
	}
	if dots == 0 {
		t := &template{kind: tplPair, car: c.compile(head)}
		t.cdr = c.compile(rest)
		return t
	}
	frames := make([][]int, dots)
	for i := range frames {
		c.frames = append(c.frames, &frames[i])
	}
	t := &template{kind: tplMany, extra: dots - 1, who: c.who}
	t.car = c.compile(head)
	c.frames = c.frames[:len(c.frames)-dots]
	for _, f := range frames {
		if len(f) == 0 {
			x.failAs(syntax.Words{Who: "syntax", Message: "extra ellipsis"}, &head, c.who, "", "no pattern variable of %s can be repeated by the ellipsis after it", x.show(&head))
		}
	}
	t.slots = frames
	t.cdr = c.compile(rest)
	return t
}

// instance makes syntax from templates.
type instance struct {
	vals  []datum.Value
	intro *syntax.Set // scopes of what the template brings in
	pos   source.Pos
	err   string
	size  int // pairs made so far
}

// maxInstance bounds the pairs that one macro use may make, so that a macro
// that doubles its arguments for ever ends with a message.
const maxInstance = 1 << 20

func (in *instance) make(t *template) datum.Value {
	// The spine of a list is made in a loop.
	head := datum.Null
	var last *datum.Pair
	push := func(v datum.Value) {
		if in.size++; in.size > maxInstance {
			in.err = "the expansion is too large"
			return
		}
		c := datum.Cons(v, datum.Null)
		if last == nil {
			head = c
		} else {
			last.Cdr = c
		}
		last = c.Pair()
	}
	for {
		switch t.kind {
		case tplPair:
			push(in.make(t.car))
			t = t.cdr
			continue
		case tplMany:
			in.many(t, 0, push)
			t = t.cdr
			continue
		case tplSplice:
			in.splice(in.vals[t.slot], push)
			t = t.cdr
			continue
		}
		var end datum.Value
		switch t.kind {
		case tplConst:
			end = in.constant(t)
		case tplVar:
			end = in.vals[t.slot]
		default:
			end = in.vector(in.make(t.car))
		}
		if last == nil {
			return end
		}
		last.Cdr = end
		return head
	}
}

func (in *instance) constant(t *template) datum.Value {
	v := t.lit.v
	if t.open != datum.Unset {
		return t.open
	}
	if v.IsSymbol() || v.IsPair() || v.Is(datum.KVector) {
		return (&syntax.Syntax{Datum: v, Scopes: syntax.Xor(t.lit.set, in.intro), Module: t.lit.mod, Pos: in.pos}).Value()
	}
	return v
}

func (in *instance) vector(list datum.Value) datum.Value {
	var items []datum.Value
	s := view(list)
	for s.isPair() {
		e := s.car()
		items = append(items, e.syntax())
		s = s.cdr()
	}
	return (&syntax.Syntax{Datum: datum.NewVector(items), Pos: in.pos}).Value()
}

// many instantiates the element of an ellipsis for each of its values.
func (in *instance) many(t *template, level int, push func(datum.Value)) {
	slots := t.slots[level]
	if level == t.extra && t.car.kind == tplVar && len(slots) == 1 {
		for _, v := range in.vals[slots[0]].Vector().Items {
			push(v)
		}
		return
	}
	var few [8][]datum.Value
	columns := few[:0]
	var saved [8]datum.Value
	keep := saved[:0]
	n := -1
	for _, sl := range slots {
		items := in.vals[sl].Vector().Items
		if n >= 0 && len(items) != n {
			in.err = "the variables before an ellipsis of the template matched different numbers of forms"
			return
		}
		n = len(items)
		columns = append(columns, items)
		keep = append(keep, in.vals[sl])
	}
	for i := range n {
		if in.err != "" {
			break
		}
		for j, sl := range slots {
			in.vals[sl] = columns[j][i]
		}
		if level < t.extra {
			in.many(t, level+1, push)
		} else {
			push(in.make(t.car))
		}
	}
	for j, sl := range slots {
		in.vals[sl] = keep[j]
	}
}

func (in *instance) splice(list datum.Value, push func(datum.Value)) {
	s := view(list)
	for s.isPair() {
		e := s.car()
		push(e.syntax())
		s = s.cdr()
	}
	if !s.isNull() {
		in.err = "unsyntax-splicing needs a list, not " + show(list)
	}
}

// syntaxForm is (syntax template) in a transformer.
func (x *Expander) syntaxForm(s stx) core.Node {
	p := x.parts(&s, "syntax", 1, 1, "(syntax template)")
	return x.templateNode(s, p[0], "syntax", false)
}

func (x *Expander) quasisyntax(s stx) core.Node {
	p := x.parts(&s, "quasisyntax", 1, 1, "(quasisyntax template)")
	return x.templateNode(s, p[0], "quasisyntax", true)
}

// templateNode compiles a template that the machine instantiates.
func (x *Expander) templateNode(s, tpl stx, who string, quasi bool) core.Node {
	var args []core.Node
	slots := map[*core.Local]int{}
	c := &templateCompiler{x: x, who: who, ellipsis: x.currentEllipsis(), quoted: true}
	c.variable = func(id *stx) (int, int, bool) {
		if id.set == nil {
			return 0, 0, false
		}
		b := syntax.Lookup(id.sym(), id.set)
		if b == nil || b.Kind != syntax.Pattern {
			return 0, 0, false
		}
		if b.Dead || b.Level != x.level {
			x.outOfContext(id, b)
		}
		slot, ok := slots[b.Local]
		if !ok {
			slot = len(args)
			slots[b.Local] = slot
			args = append(args, local(id.pos, b.Local))
		}
		return slot, b.Depth, true
	}
	if quasi {
		c.unsyntax = func(e stx) int {
			args = append(args, x.expr(e))
			return len(args) - 1
		}
	}
	t := c.compile(tpl)
	if t.kind == tplConst {
		if t.open != datum.Unset {
			return konst(s.pos, t.open)
		}
		v := t.lit
		if v.pos == (source.Pos{}) {
			v.pos = s.pos
		}
		return konst(s.pos, v.syntax())
	}
	if t.kind == tplVar {
		return args[t.slot]
	}
	all := append([]core.Node{konst(s.pos, datum.NewOpaque(templateTag, t))}, args...)
	return &core.Call{At: at(&s), Proc: konst(s.pos, x.prims.instantiate.Value()), Args: all}
}

// currentEllipsis is how templates and patterns recognise `...`.
func (x *Expander) currentEllipsis() func(*stx) bool {
	if e := x.ellipsis; e != nil {
		return e
	}
	return func(s *stx) bool { return s.sym().Name == "..." && x.isCore(s, "...") }
}

// instantiate is the native behind syntax.
func (x *Expander) instantiate(args []datum.Value) (datum.Value, error) {
	t := args[0].Opaque().Go.(*template)
	in := instance{vals: append(make([]datum.Value, 0, len(args)), args[1:]...), pos: x.use}
	v := in.make(t)
	if in.err != "" {
		return datum.Unset, &syntax.Error{Who: "syntax", Message: in.err, Pos: x.use, Form: datum.False, Sub: datum.False}
	}
	return v, nil
}
