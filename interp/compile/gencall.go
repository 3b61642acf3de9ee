package compile

import (
	"fruix/interp/code"
	"fruix/interp/datum"
)

func (g *generator) genCall(n *call, c context) {
	var known *lambda
	if r, ok := n.proc.(*ref); ok && r.v.known != nil {
		known = r.v.known
		if known.label {
			g.genJump(n, known)
			return
		}
	}
	// The procedure takes register t, the arguments those above it.
	t := 0
	if c.kind == inValue && c.fresh && c.dst == g.next-1 {
		t = c.dst
	} else {
		t = g.alloc()
	}
	op, tail, k := code.Call, code.TailCall, 0
	switch p := n.proc.(type) {
	case *global:
		k = g.constant(p.v.Object())
		if k < 1<<16 {
			op, tail = code.CallGlobal, code.TailGlobal
			break
		}
		k = 0
		g.gen(p, context{kind: inValue, dst: t, fresh: true})
	default:
		if known != nil && known.accepts(len(n.args)) {
			if known == g.lambda {
				op, tail = code.CallSelf, code.TailSelf
				break
			}
			op, tail = code.CallKnown, code.TailKnown
		}
		g.gen(n.proc, context{kind: inValue, dst: t, fresh: true})
	}
	for _, a := range n.args {
		r := g.alloc()
		g.gen(a, context{kind: inValue, dst: r, fresh: true})
	}
	if len(n.args) > maxRegisters {
		panic(&Error{n.pos, "call with too many arguments"})
	}
	g.at(n.pos)
	if c.kind == inTail {
		g.emit(code.ABC(tail, t, len(n.args), k))
		return
	}
	g.emit(code.ABC(op, t, len(n.args), k))
	if c.many || c.kind == inEffect {
		g.emit(code.ABC(code.AcceptValues, 0, 0, 0))
	}
	if c.kind == inValue {
		g.finish(t, c)
	}
}

// genJump passes arguments to a label and jumps there. An argument goes
// straight to its parameter's register when no argument still to come reads
// that parameter; the order of arguments that have no effects is free.
func (g *generator) genJump(n *call, l *lambda) {
	params := l.clauses[0].req
	saved := g.next
	type move struct{ to, from int }
	var moves []move
	todo := make([]int, 0, len(n.args))
	pure := true
	for i, a := range n.args {
		if r, ok := a.(*ref); ok && r.v == params[i] && !r.v.boxed {
			continue // stays as it is
		}
		todo = append(todo, i)
		pure = pure && simpleArgument(a)
	}
	for len(todo) > 0 {
		pick := 0
		if pure {
			for j := range todo {
				if !readByOthers(params[todo[j]], n.args, todo, j) {
					pick = j
					break
				}
			}
		}
		i := todo[pick]
		if readByOthers(params[i], n.args, todo, pick) {
			if r, ok := n.args[i].(*ref); ok {
				if from, ok := g.register(r.v); ok && !isParameter(from, params) {
					moves = append(moves, move{params[i].reg, from})
					todo = append(todo[:pick:pick], todo[pick+1:]...)
					continue
				}
			}
			r := g.alloc()
			g.gen(n.args[i], context{kind: inValue, dst: r, fresh: true})
			moves = append(moves, move{params[i].reg, r})
		} else {
			g.gen(n.args[i], context{kind: inValue, dst: params[i].reg})
		}
		todo = append(todo[:pick:pick], todo[pick+1:]...)
	}
	for _, m := range moves {
		g.emit(code.ABC(code.Move, m.to, m.from, 0))
	}
	g.next = saved
	g.at(n.pos)
	op := code.Jump
	if l.entry.pc >= 0 {
		op = code.Loop
	}
	g.jump(code.AD(op, 0, 0), l.entry)
}

// isParameter reports whether register r belongs to a parameter; it may be
// overwritten, so that a move from it cannot wait.
func isParameter(r int, params []*variable) bool {
	for _, p := range params {
		if p.reg == r {
			return true
		}
	}
	return false
}

// readByOthers reports whether an argument in todo other than todo[skip]
// reads v.
func readByOthers(v *variable, args []node, todo []int, skip int) bool {
	for j, i := range todo {
		if j != skip {
			budget := 200
			if reads(args[i], v, &budget) {
				return true
			}
		}
	}
	return false
}

// reads reports whether n mentions v; when n is too large to search it says
// yes.
func reads(n node, v *variable, budget *int) bool {
	*budget--
	if *budget < 0 {
		return true
	}
	switch n := n.(type) {
	case *ref:
		return n.v == v || n.v.known != nil
	case *set:
		if n.v == v {
			return true
		}
	}
	found := false
	children(n, func(x node) {
		if !found {
			found = reads(x, v, budget)
		}
	})
	return found
}

// simpleArgument reports whether n neither has effects nor calls anything.
func simpleArgument(n node) bool {
	switch n := n.(type) {
	case *constant, *ref, *lambda, *global:
		return true
	case *primitive:
		if n.op.kind == kindEffect {
			return false
		}
		for _, a := range n.args {
			if !simpleArgument(a) {
				return false
			}
		}
		return true
	}
	return false
}

func (g *generator) genNative(n *native, c context) {
	p := n.prim.Primitive()
	k := g.constant(n.prim)
	var w, extra code.Word
	switch {
	case len(n.args) == 1 && p.F1 != nil:
		rs := g.operands(n.args)
		w, extra = code.ABC(code.Prim1, 0, rs[0], 0), code.Word(k)
	case len(n.args) == 2 && p.F2 != nil:
		rs := g.operands(n.args)
		w, extra = code.ABC(code.Prim2, 0, rs[0], rs[1]), code.Word(k)
	case len(n.args) == 3 && p.F3 != nil:
		rs := g.operands(n.args)
		w, extra = code.ABC(code.Prim3, 0, rs[0], rs[1]), code.Word(k)|code.Word(rs[2])<<32
	default:
		base := g.next
		for _, a := range n.args {
			r := g.alloc()
			g.gen(a, context{kind: inValue, dst: r, fresh: true})
		}
		w, extra = code.ABC(code.PrimN, 0, base, len(n.args)), code.Word(k)
	}
	dst := 0
	if c.kind == inValue {
		dst = c.dst
	} else {
		dst = g.alloc()
	}
	many := 0
	if c.many || c.kind == inTail {
		many = 1
	}
	g.at(n.pos)
	g.emit(w | code.Word(many)<<8 | code.Word(uint16(dst))<<16)
	g.emit(extra)
	g.behind = len(g.code)
	g.finish(dst, c)
}

// immediate returns the small integer that n is.
func immediate(n node) (int, bool) {
	k, ok := n.(*constant)
	if !ok || !k.value.IsFix() {
		return 0, false
	}
	i := k.value.Fix()
	return int(i), i == int64(int16(i)) && i != -1<<15
}

func (g *generator) genPrimitive(n *primitive, c context) {
	switch n.op.kind {
	case kindTest, kindNot:
		g.genBoolean(n, c)
		return
	case kindValues:
		g.genValues(n, c)
		return
	case kindEffect:
		rs := g.operands(n.args)
		rs = append(rs, 0)
		g.at(n.pos)
		if len(n.args) == 2 {
			g.emit(code.ABC(n.op.op, rs[0], rs[1], 0))
		} else {
			g.emit(code.ABC(n.op.op, rs[0], rs[1], rs[2]))
		}
		g.unspecified(c)
		return
	}
	w := g.arithmetic(n)
	if w == 0 {
		rs := g.operands(n.args)
		if len(rs) == 1 {
			rs = append(rs, 0)
		}
		w = code.ABC(n.op.op, 0, rs[0], rs[1])
	}
	dst := g.result(c)
	g.at(n.pos)
	g.emit(w | code.Word(uint16(dst))<<16)
	g.finish(dst, c)
}

// arithmetic gives the form with an integer operand, register A open, or 0.
func (g *generator) arithmetic(n *primitive) code.Word {
	if len(n.args) != 2 {
		return 0
	}
	if i, ok := immediate(n.args[1]); ok {
		if n.op.op == code.Sub && i == 0 {
			return 0 // which keeps a negative zero; adding one does not
		}
		if n.op.op == code.Sub {
			return code.ABC(code.AddI, 0, g.operand(n.args[0]), -i)
		}
		if n.op.imm != code.Trap {
			return code.ABC(n.op.imm, 0, g.operand(n.args[0]), i)
		}
	}
	if i, ok := immediate(n.args[0]); ok {
		if n.op.op == code.Sub {
			return code.ABC(code.SubFrom, 0, g.operand(n.args[1]), i)
		}
		if n.op.imm != code.Trap && n.op.commutes {
			return code.ABC(n.op.imm, 0, g.operand(n.args[1]), i) | code.Swapped
		}
	}
	return 0
}

// genValues passes several values (or none) on.
func (g *generator) genValues(n *primitive, c context) {
	if c.kind != inTail && !c.many {
		// One value is wanted: the first, as in Guile.
		if c.kind == inEffect || len(n.args) == 0 {
			for _, a := range n.args {
				g.gen(a, context{kind: inEffect})
			}
			g.unspecified(c)
			return
		}
		g.gen(n.args[0], c)
		for _, a := range n.args[1:] {
			g.gen(a, context{kind: inEffect})
		}
		return
	}
	t := g.alloc()
	for _, a := range n.args {
		r := g.alloc()
		g.gen(a, context{kind: inValue, dst: r, fresh: true})
	}
	g.emit(code.ABC(code.PackValues, t, len(n.args), 0))
	if c.kind == inTail {
		g.emit(code.ABC(code.ReturnValues, t, 0, 0))
		return
	}
	g.finish(t, c)
}

func (g *generator) genBoolean(n *primitive, c context) {
	if c.kind == inEffect {
		end := newTarget()
		g.genTest(n, end, false)
		g.place(end)
		return
	}
	no := newTarget()
	end := newTarget()
	g.genTest(n, no, false)
	g.genConstant(datum.True, c)
	if c.kind == inValue {
		g.jump(code.AD(code.Jump, 0, 0), end)
	}
	g.place(no)
	g.genConstant(datum.False, c)
	g.place(end)
}

// genTest jumps to t when the truth of n is sense, and goes on otherwise.
func (g *generator) genTest(n node, t *target, sense bool) {
	saved := g.next
	defer func() { g.next = saved }()
	switch n := n.(type) {
	case *constant:
		if n.value.Truthy() == sense {
			g.jump(code.AD(code.Jump, 0, 0), t)
		}
		return
	case *branch:
		els, end := newTarget(), newTarget()
		g.genTest(n.test, els, false)
		g.genTest(n.then, t, sense)
		if k, ok := n.els.(*constant); ok && k.value.Truthy() != sense {
			// The usual end of an and: falls through.
			g.place(els)
			return
		}
		if !g.ends() {
			g.jump(code.AD(code.Jump, 0, 0), end)
		}
		g.place(els)
		g.genTest(n.els, t, sense)
		g.place(end)
		return
	case *let:
		if x, y, ok := orPattern(n); ok {
			if sense {
				g.genTest(x, t, true)
				g.genTest(y, t, true)
				return
			}
			end := newTarget()
			g.genTest(x, end, true)
			g.genTest(y, t, false)
			g.place(end)
			return
		}
	case *primitive:
		switch n.op.kind {
		case kindNot:
			g.genTest(n.args[0], t, !sense)
			return
		case kindTest:
			g.genCompare(n, t, sense)
			return
		}
	}
	r := g.operand(n)
	op := code.JumpFalse
	if sense {
		op = code.JumpTrue
	}
	g.jumpAD(op, r, t)
}

// orPattern recognises (let ((v x)) (if v v y)) where y does not mention v.
func orPattern(n *let) (x, y node, ok bool) {
	if len(n.vars) != 1 || n.vars[0].refs != 2 || n.vars[0].assigned {
		return nil, nil, false
	}
	b, ok := n.body.(*branch)
	if !ok {
		return nil, nil, false
	}
	t, ok1 := b.test.(*ref)
	u, ok2 := b.then.(*ref)
	if !ok1 || !ok2 || t.v != n.vars[0] || u.v != n.vars[0] {
		return nil, nil, false
	}
	return n.inits[0], b.els, true
}

// swapped are comparisons with exchanged operands.
var swapped = map[code.Op]code.Op{
	code.JumpLtI: code.JumpGtI, code.JumpNotLtI: code.JumpNotGtI,
	code.JumpGtI: code.JumpLtI, code.JumpNotGtI: code.JumpNotLtI,
	code.JumpLeI: code.JumpGeI, code.JumpNotLeI: code.JumpNotGeI,
	code.JumpGeI: code.JumpLeI, code.JumpNotGeI: code.JumpNotLeI,
	code.JumpEqI: code.JumpEqI, code.JumpNotEqI: code.JumpNotEqI,
}

func (g *generator) genCompare(n *primitive, t *target, sense bool) {
	op, opI := n.op.jumpNot, n.op.jumpNotI
	if sense {
		op, opI = n.op.jump, n.op.jumpI
	}
	if n.op.args == 1 {
		r := g.operand(n.args[0])
		g.at(n.pos)
		if n.op.jump == code.JumpKind {
			g.jump(code.ABC(op, r, n.op.number, 0), t)
			return
		}
		g.jumpAD(op, r, t)
		return
	}
	if opI != code.Trap {
		if i, ok := immediate(n.args[1]); ok {
			r := g.operand(n.args[0])
			g.at(n.pos)
			g.jump(code.ABC(opI, r, i, 0), t)
			return
		}
		if i, ok := immediate(n.args[0]); ok {
			r := g.operand(n.args[1])
			g.at(n.pos)
			g.jump(code.ABC(swapped[opI], r, i, 0)|code.Swapped, t)
			return
		}
	}
	if n.op.jump == code.JumpSame {
		for i := range n.args {
			k, ok := n.args[i].(*constant)
			if !ok {
				continue
			}
			r := g.operand(n.args[1-i])
			if at := g.constant(k.value); at < 1<<15 {
				op := code.JumpNotSameK
				if sense {
					op = code.JumpSameK
				}
				g.jump(code.ABC(op, r, at, 0), t)
				return
			}
		}
	}
	rs := g.operands(n.args)
	var mark code.Word
	if op == code.Trap {
		// > and >= are < and <= with the operands exchanged.
		rs[0], rs[1] = rs[1], rs[0]
		base := primitives["<"]
		if n.op.name == ">=" {
			base = primitives["<="]
		}
		op = base.jumpNot
		if sense {
			op = base.jump
		}
		mark = code.Swapped
	}
	g.at(n.pos)
	g.jump(code.ABC(op, rs[0], rs[1], 0)|mark, t)
}
