package compile

import (
	"fmt"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// context says what becomes of an expression's value.
type context struct {
	kind contextKind
	dst  int // register for the value
	// fresh says that dst is the topmost register and holds nothing yet.
	fresh bool
	// many says that any number of values is welcome.
	many bool
}

type contextKind uint8

const (
	inTail contextKind = iota
	inEffect
	inValue
)

// target is a place in the code that jumps go to.
type target struct {
	pc   int // -1 until placed
	refs []int
}

func newTarget() *target { return &target{pc: -1} }

// generator makes the code of one procedure.
type generator struct {
	lambda  *lambda
	code    []code.Word
	consts  []datum.Value
	constAt map[datum.Value]int // nil while the constants are few
	procs   []*code.Proc
	pos     *code.Positions
	next    int // first free register
	locals  []code.Local
	top     int // most registers in use
	label   int // where the last target was placed
	behind  int // behind the last word that is an operand and no instruction
	far     bool
	tooFar  bool
}

const maxRegisters = 1<<16 - 64

// generate makes l.proc.
func generate(l *lambda) {
	if l.proc == nil {
		l.proc = &code.Proc{}
	}
	for _, far := range []bool{false, true} {
		g := &generator{lambda: l, pos: &code.Positions{}, far: far}
		g.procedure(l.proc)
		if !g.tooFar {
			return
		}
	}
	panic(&Error{l.pos, "procedure is too large"})
}

func (g *generator) procedure(p *code.Proc) {
	l := g.lambda
	p.Name, p.Doc, p.Where = l.name, l.doc, l.pos
	p.Properties = l.properties
	if p.Properties == (datum.Value{}) {
		p.Properties = datum.Null
	}
	p.Clauses = nil
	for _, c := range l.clauses {
		p.Clauses = append(p.Clauses, g.clause(c))
	}
	p.Captures = nil
	for _, v := range l.free {
		p.Captures = append(p.Captures, code.Capture{Name: v.name, Boxed: v.needsBox()})
	}
	p.Code, p.Consts, p.Procs, p.Frame = g.code, g.consts, g.procs, g.top
	if len(l.clauses) == 1 && len(l.clauses[0].req) > 0 {
		p.IgnoresFirst = l.clauses[0].req[0].refs == 0
	}
	p.Locals = g.locals
	p.SetPositions(g.pos)
	p.Finish()
}

func (g *generator) clause(c *clause) code.Clause {
	out := code.Clause{
		Req: len(c.req), Opt: len(c.opt), HasKeys: len(c.keys) > 0 || c.allowOther,
		AllowOtherKeys: c.allowOther, Rest: c.rest != nil, Entry: len(g.code),
	}
	g.next = 0
	vs := c.vars()
	for _, v := range vs {
		v.reg = g.alloc()
		out.Names = append(out.Names, v.name)
	}
	for _, k := range c.keys {
		out.Keys = append(out.Keys, k.keyword)
	}
	scope := len(g.locals)
	box := func(v *variable) {
		g.box(v)
		g.bound(v)
	}
	given := func(v *variable, init node) {
		done := newTarget()
		g.jumpAD(code.JumpGiven, v.reg, done)
		g.gen(init, context{kind: inValue, dst: v.reg})
		g.place(done)
		box(v)
	}
	for _, v := range c.req {
		box(v)
	}
	if c.rest != nil {
		box(c.rest)
	}
	for _, o := range c.opt {
		given(o.v, o.init)
	}
	for _, k := range c.keys {
		given(k.v, k.init)
	}
	g.gen(c.body, context{kind: inTail})
	g.leave(scope)
	return out
}

// box puts the value of v into a box if v needs one.
func (g *generator) box(v *variable) {
	if v.boxed = v.needsBox(); v.boxed {
		g.emit(code.ABC(code.MakeBox, v.reg, v.reg, 0))
	}
}

// bound notes that v's register holds its value from here on.
func (g *generator) bound(v *variable) {
	g.locals = append(g.locals, code.Local{Name: v.name, Reg: v.reg, From: len(g.code), To: -1, Boxed: v.boxed})
}

// leave ends the scope of the variables that were bound since there were n of
// them, but for those whose scope has ended.
func (g *generator) leave(n int) {
	for i := n; i < len(g.locals); i++ {
		if g.locals[i].To < 0 {
			g.locals[i].To = len(g.code)
		}
	}
}

func (g *generator) alloc() int {
	r := g.next
	g.next++
	if g.next > g.top {
		g.top = g.next
		if g.top > maxRegisters {
			panic(&Error{g.lambda.pos, "expression needs too many registers"})
		}
	}
	return r
}

func (g *generator) emit(w code.Word) { g.code = append(g.code, w) }

// at notes that the code from here on belongs to p.
func (g *generator) at(p source.Pos) { g.pos.Add(len(g.code), p) }

// fewConstants is how many constants are looked through one by one.
const fewConstants = 24

func (g *generator) constant(v datum.Value) int {
	if len(g.consts) <= fewConstants {
		for i, k := range g.consts {
			if k == v {
				return i
			}
		}
	} else if i, ok := g.constAt[v]; ok {
		return i
	}
	i := len(g.consts)
	g.consts = append(g.consts, v)
	switch {
	case i < fewConstants:
	case g.constAt == nil:
		g.constAt = make(map[datum.Value]int, 2*fewConstants)
		for j, k := range g.consts {
			g.constAt[k] = j
		}
	default:
		g.constAt[v] = i
	}
	return i
}

func (g *generator) place(t *target) {
	// A jump to the very next instruction is no jump.
	for n := len(t.refs); n > 0 && !g.far && g.label < len(g.code); n = len(t.refs) {
		k := len(g.code) - 1
		if t.refs[n-1] != k || g.code[k].Op() != code.Jump {
			break
		}
		g.code = g.code[:k]
		t.refs = t.refs[:n-1]
	}
	t.pc = len(g.code)
	if len(t.refs) > 0 {
		g.label = t.pc
	}
	for _, at := range t.refs {
		g.patch(at, t.pc)
	}
}

func (g *generator) patch(at, pc int) {
	w, ok := g.code[at].WithJump(pc - at - 1)
	if !ok {
		g.tooFar = true
	}
	g.code[at] = w
}

// jump emits w, whose jump operand is open, as a jump to t.
func (g *generator) jump(w code.Word, t *target) {
	if g.far && w.Op() != code.Jump && w.Op() != code.Loop {
		// w over an unconditional jump, which reaches farther.
		w, _ = w.WithJump(1)
		g.emit(w)
		g.emit(code.AD(code.Jump, 0, 1))
		w = code.AD(code.Jump, 0, 0)
	}
	at := len(g.code)
	g.emit(w)
	if t.pc >= 0 {
		g.patch(at, t.pc)
		return
	}
	t.refs = append(t.refs, at)
}

func (g *generator) jumpAD(op code.Op, a int, t *target) { g.jump(code.AD(op, a, 0), t) }

// finish does with the value in register r what c says.
func (g *generator) finish(r int, c context) {
	switch c.kind {
	case inTail:
		g.emit(code.ABC(code.Return, r, 0, 0))
	case inValue:
		if r != c.dst {
			g.emit(code.ABC(code.Move, c.dst, r, 0))
		}
	}
}

// result is the register where a value for c can be computed.
func (g *generator) result(c context) int {
	if c.kind == inValue {
		return c.dst
	}
	return g.alloc()
}

func (g *generator) gen(n node, c context) {
	saved := g.next
	switch n := n.(type) {
	case *constant:
		g.genConstant(n.value, c)
	case *ref:
		g.genRef(n, c)
	case *set:
		g.genSet(n)
		g.unspecified(c)
	case *global:
		g.at(n.pos)
		r := g.result(c)
		g.emit(code.AD(code.GlobalRef, r, g.constant(n.v.Object())))
		g.finish(r, c)
	case *globalSet:
		r := g.operand(n.value)
		g.at(n.pos)
		op := code.GlobalSet
		if n.define {
			op = code.GlobalDef
		}
		g.emit(code.AD(op, r, g.constant(n.v.Object())))
		g.unspecified(c)
	case *branch:
		g.genBranch(n, c)
	case *sequence:
		for _, x := range n.body[:len(n.body)-1] {
			g.gen(x, context{kind: inEffect})
		}
		g.gen(n.body[len(n.body)-1], c)
	case *call:
		g.genCall(n, c)
	case *primitive:
		g.genPrimitive(n, c)
	case *native:
		g.genNative(n, c)
	case *let:
		g.genLet(n, c)
	case *fix:
		g.genFix(n, c)
	case *receive:
		g.genReceive(n, c)
	case *lambda:
		r := g.result(c)
		g.genLambda(n, r)
		g.finish(r, c)
	default:
		panic(&Error{n.where(), fmt.Sprintf("compile: unknown node %T", n)})
	}
	g.next = saved
}

func (g *generator) unspecified(c context) {
	if c.kind != inEffect {
		g.genConstant(datum.Unspecified, c)
	}
}

func (g *generator) genConstant(v datum.Value, c context) {
	switch c.kind {
	case inTail:
		g.emit(code.AD(code.ReturnK, 0, g.constant(v)))
	case inValue:
		g.load(v, c.dst)
	}
}

func (g *generator) load(v datum.Value, r int) {
	if v.IsFix() && v.Fix() == int64(int32(v.Fix())) {
		g.emit(code.AD(code.LoadI, r, int(v.Fix())))
		return
	}
	g.emit(code.AD(code.LoadK, r, g.constant(v)))
}

func (g *generator) genRef(n *ref, c context) {
	if c.kind == inEffect && !n.v.check {
		return
	}
	if r, ok := g.register(n.v); ok {
		g.finish(r, c)
		return
	}
	r := g.result(c)
	g.loadVariable(n, r)
	g.finish(r, c)
}

// register returns the register in which v lies ready for use.
func (g *generator) register(v *variable) (int, bool) {
	if v.owner == g.lambda && !v.boxed && !v.check && (v.known == nil || v.known.static == nil && v.known != g.lambda) {
		return v.reg, true
	}
	return 0, false
}

func (g *generator) loadVariable(n *ref, r int) {
	v := n.v
	switch {
	case v.known != nil && v.known.static != nil:
		g.emit(code.AD(code.LoadK, r, g.constant(v.known.static.Value())))
		return
	case v.known != nil && v.known == g.lambda:
		g.emit(code.ABC(code.Self, r, 0, 0))
		return
	case v.owner == g.lambda && v.boxed:
		g.emit(code.ABC(code.BoxRef, r, v.reg, 0))
	case v.owner == g.lambda:
		if v.reg != r {
			g.emit(code.ABC(code.Move, r, v.reg, 0))
		}
	case v.boxed:
		g.emit(code.AD(code.FreeBox, r, g.lambda.freeIndex[v]))
	default:
		g.emit(code.AD(code.Free, r, g.lambda.freeIndex[v]))
	}
	if v.check {
		g.at(n.pos)
		g.emit(code.AD(code.CheckSet, r, g.constant(datum.Sym(v.name))))
	}
}

func (g *generator) genSet(n *set) {
	v := n.v
	if v.owner == g.lambda && !v.boxed {
		g.gen(n.value, context{kind: inValue, dst: v.reg})
		return
	}
	r := g.operand(n.value)
	box := v.reg
	if v.owner != g.lambda {
		box = g.alloc()
		g.emit(code.AD(code.Free, box, g.lambda.freeIndex[v]))
	}
	g.emit(code.ABC(code.BoxSet, box, r, 0))
}

// operand returns a register that holds the value of n until g.next is reset.
func (g *generator) operand(n node) int {
	if x, ok := n.(*ref); ok {
		if r, ok := g.register(x.v); ok {
			return r
		}
	}
	r := g.alloc()
	g.gen(n, context{kind: inValue, dst: r, fresh: true})
	return r
}

// operands evaluates args from left to right. A variable that a later operand
// may assign is copied.
func (g *generator) operands(args []node) []int {
	rs := make([]int, len(args))
	for i, a := range args {
		if x, ok := a.(*ref); ok && x.v.assigned && i < len(args)-1 {
			r := g.alloc()
			g.gen(a, context{kind: inValue, dst: r, fresh: true})
			rs[i] = r
			continue
		}
		rs[i] = g.operand(a)
	}
	return rs
}

func (g *generator) genBranch(n *branch, c context) {
	els, end := newTarget(), newTarget()
	g.genTest(n.test, els, false)
	g.gen(n.then, c)
	if isConstant(n.els) && c.kind == inEffect {
		g.place(els)
		return
	}
	if c.kind != inTail && !g.ends() {
		g.jump(code.AD(code.Jump, 0, 0), end)
	}
	g.place(els)
	g.gen(n.els, c)
	g.place(end)
}

// ends reports whether what follows is not reached, because the code so far
// ends in a jump away and no jump comes here.
func (g *generator) ends() bool {
	n := len(g.code)
	if n == 0 || g.label == n || g.behind == n {
		return false
	}
	switch g.code[n-1].Op() {
	case code.Jump, code.Loop, code.Return, code.ReturnK, code.TailCall, code.TailGlobal, code.TailKnown, code.TailSelf:
		// In far code a jump may follow a test that skips it.
		return !g.far
	}
	return false
}

func (g *generator) genLet(n *let, c context) {
	scope := len(g.locals)
	for i, v := range n.vars {
		v.reg = g.alloc()
		g.gen(n.inits[i], context{kind: inValue, dst: v.reg, fresh: true})
		g.box(v)
		g.bound(v)
	}
	g.gen(n.body, c)
	g.leave(scope)
}

// genLambda puts a closure for l into r.
func (g *generator) genLambda(l *lambda, r int) {
	generate(l)
	if l.static != nil {
		g.emit(code.AD(code.LoadK, r, g.constant(l.static.Value())))
		g.note(l.proc)
		return
	}
	g.makeClosure(l, r, nil)
}

// note keeps p for the disassembler.
func (g *generator) note(p *code.Proc) { g.procs = append(g.procs, p) }

// makeClosure emits the creation of l's closure; variables in later are not
// yet bound.
func (g *generator) makeClosure(l *lambda, r int, later map[*variable]bool) {
	p := l.proc
	for i, v := range l.free {
		cap := &p.Captures[i]
		switch {
		case later[v]:
			cap.Kind = code.FromNowhere
		case v.known != nil && v.known == g.lambda:
			cap.Kind = code.FromSelf
		case v.owner == g.lambda:
			cap.Kind, cap.Index = code.FromRegister, v.reg
		default:
			cap.Kind, cap.Index = code.FromFree, g.lambda.freeIndex[v]
		}
	}
	g.emit(code.AD(code.MakeClosure, r, len(g.procs)))
	g.procs = append(g.procs, p)
}

func (g *generator) genFix(n *fix, c context) {
	later := map[*variable]bool{}
	scope := len(g.locals)
	defer func() { g.leave(scope) }()
	for i, v := range n.vars {
		l := n.lambdas[i]
		if !l.label && l.static == nil {
			v.reg = g.alloc()
			later[v] = true
		}
	}
	// Code comes first: it fills the lists of captured values.
	for _, l := range n.lambdas {
		if !l.label {
			generate(l)
			if l.static != nil {
				g.note(l.proc)
			}
		}
	}
	for i, v := range n.vars {
		l := n.lambdas[i]
		if l.label || l.static != nil {
			continue
		}
		g.makeClosure(l, v.reg, later)
		g.bound(v)
		delete(later, v)
		for _, before := range n.lambdas[:i] {
			if before.label || before.static != nil {
				continue
			}
			for k, w := range before.free {
				if w == v {
					g.emit(code.ABC(code.ClosureSet, before.self.reg, k, v.reg))
				}
			}
		}
	}
	labels := false
	for _, l := range n.lambdas {
		if l.label {
			labels = true
			l.entry = newTarget()
			for _, v := range l.clauses[0].req {
				v.reg = g.alloc()
			}
		}
	}
	if !labels {
		g.gen(n.body, c)
		return
	}
	end := newTarget()
	lc := c
	lc.fresh = false
	g.gen(n.body, lc)
	if c.kind != inTail && !g.ends() {
		g.jump(code.AD(code.Jump, 0, 0), end)
	}
	for _, l := range n.lambdas {
		if !l.label {
			continue
		}
		g.place(l.entry)
		g.label = len(g.code) // jumps back come later
		inner := len(g.locals)
		for _, v := range l.clauses[0].req {
			g.box(v)
			g.bound(v)
		}
		g.gen(l.clauses[0].body, lc)
		g.leave(inner)
		if c.kind != inTail && !g.ends() {
			g.jump(code.AD(code.Jump, 0, 0), end)
		}
	}
	g.place(end)
}

func (g *generator) genReceive(n *receive, c context) {
	base := g.next
	for _, v := range n.vars {
		v.reg = g.alloc()
	}
	if len(n.vars) == 0 {
		g.alloc()
	}
	// The values arrive in the first register; the producer works above it.
	saved := g.next
	g.next = base + 1
	g.gen(n.producer, context{kind: inValue, dst: base, fresh: true, many: true})
	g.next = saved
	req, rest := len(n.vars), 0
	if n.rest {
		req, rest = req-1, 1
	}
	g.at(n.pos)
	g.emit(code.ABC(code.ReceiveValues, base, req, rest))
	scope := len(g.locals)
	for _, v := range n.vars {
		g.box(v)
		g.bound(v)
	}
	g.gen(n.body, c)
	g.leave(scope)
}
