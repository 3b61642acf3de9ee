package code

import (
	"errors"
	"fmt"

	"fruix/interp/datum"
)

// errCode begins what Check says.
var errCode = errors.New("the code is not well formed")

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errCode}, args...)...)
}

// Check reports what is wrong with the code of p, which came from outside: that
// operations exist, and that their registers, constants, procedures and jumps
// lie where they may. The code of the compiler passes.
func (p *Proc) Check() error {
	n := len(p.Code)
	if n == 0 || p.Code[n-1] != Word(Trap) {
		return bad("it has no end")
	}
	if p.Frame < 0 || p.Frame > 1<<16 {
		return bad("%d registers", p.Frame)
	}
	operand := make([]bool, 0, 64)
	if n <= cap(operand) {
		operand = operand[:n]
	} else {
		operand = make([]bool, n)
	}
	for pc := 0; pc < n; pc++ {
		op := p.Code[pc].Op()
		if op >= opCount || op >= Intrinsic && op <= Fetch {
			return bad("operation %d", op)
		}
		if ops[op].form == fPrim {
			if pc+1 >= n-1 {
				return bad("an operand is missing")
			}
			pc++
			operand[pc] = true
		}
	}
	for pc := 0; pc < n; pc++ {
		if operand[pc] {
			continue
		}
		if err := p.checkWord(pc, operand); err != nil {
			return err
		}
	}
	for i := range p.Clauses {
		c := &p.Clauses[i]
		args := c.Req + c.Opt + len(c.Keys)
		if c.Rest {
			args++
		}
		if c.Req < 0 || c.Opt < 0 || args > p.Frame || c.Entry < 0 || c.Entry >= n || operand[c.Entry] {
			return bad("clause %d", i)
		}
	}
	return nil
}

// checkWord looks at one instruction.
func (p *Proc) checkWord(pc int, operand []bool) error {
	w := p.Code[pc]
	op := w.Op()
	a, b, c := w.A(), w.B(), w.C()
	regs := func(last ...int) error {
		for _, r := range last {
			if r >= p.Frame {
				return bad("register %d of %d in %s", r, p.Frame, op)
			}
		}
		return nil
	}
	jump := func(d int) error {
		if to := pc + 1 + d; to < 0 || to >= len(p.Code) || operand[to] {
			return bad("a jump to %d", to)
		}
		return nil
	}
	konst := func(i int, k datum.Kind) error {
		if i < 0 || i >= len(p.Consts) || k != datum.KFixnum && !p.Consts[i].Is(k) {
			return bad("constant %d of %d in %s", i, len(p.Consts), op)
		}
		return nil
	}
	switch ops[op].form {
	case fA:
		return regs(a)
	case fAB:
		return regs(a, b)
	case fABC:
		if op == ClosureSet {
			return regs(a, c)
		}
		return regs(a, b, c)
	case fAD:
		if (op == Free || op == FreeBox) && (w.D() < 0 || w.D() >= len(p.Captures)) {
			return bad("free variable %d of %d", w.D(), len(p.Captures))
		}
		return regs(a)
	case fAK:
		k := datum.KFixnum // any
		if op == GlobalRef || op == GlobalSet || op == GlobalDef {
			k = datum.KVariable
		}
		if err := konst(w.D(), k); err != nil || op == ReturnK {
			return err
		}
		return regs(a)
	case fAP:
		if d := w.D(); d < 0 || d >= len(p.Procs) {
			return bad("procedure %d of %d", d, len(p.Procs))
		}
		for _, k := range p.Procs[w.D()].Captures {
			switch {
			case k.Index < 0, k.Kind > FromNowhere,
				k.Kind == FromRegister && k.Index >= p.Frame,
				k.Kind == FromFree && k.Index >= len(p.Captures):
				return bad("captured variable %d", k.Index)
			}
		}
		return regs(a)
	case fABI:
		return regs(a, b)
	case fJ:
		return jump(w.D())
	case fAJ:
		return errors.Join(regs(a), jump(w.D()))
	case fABJ:
		return errors.Join(regs(a, b), jump(int(w.CI())))
	case fAIJ, fAnJ:
		return errors.Join(regs(a), jump(int(w.CI())))
	case fAKJ:
		return errors.Join(regs(a), konst(b, datum.KFixnum), jump(int(w.CI())))
	case fCall:
		return regs(a + b)
	case fCallG:
		return errors.Join(regs(a+b), konst(c, datum.KVariable))
	case fPrim:
		return p.checkNative(pc, regs, konst)
	case fCounts:
		return regs(a + b + c - 1)
	}
	return nil
}

// checkNative looks at the call of a native, whose operands lie in two words.
func (p *Proc) checkNative(pc int, regs func(...int) error, konst func(int, datum.Kind) error) error {
	w, k := p.Code[pc], uint64(p.Code[pc+1])
	i := int(uint32(k))
	if err := konst(i, datum.KPrimitive); err != nil {
		return err
	}
	f := p.Consts[i].Primitive()
	missing := false
	var err error
	switch w.Op() {
	case Prim1:
		missing, err = f.F1 == nil, regs(w.A(), w.B())
	case Prim2:
		missing, err = f.F2 == nil, regs(w.A(), w.B(), w.C())
	case Prim3:
		missing, err = f.F3 == nil, regs(w.A(), w.B(), w.C(), int(k>>32))
	default:
		if err = regs(w.A()); err == nil && w.C() > 0 {
			err = regs(w.B() + w.C() - 1)
		}
	}
	if err == nil && missing {
		err = bad("%s takes another number of arguments", f.Name)
	}
	return err
}
