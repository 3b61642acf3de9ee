package vm

import (
	"errors"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// action tells run how to go on after an intrinsic.
type action uint8

const (
	actNext      action = iota // the next instruction
	actReturn                  // return the value
	actTail                    // call the value with m.args in place of this frame
	actTailEmpty               // likewise, on the stack that was emptied
	actGive                    // give the value to the topmost saved frame
	actStop                    // leave the run with the error
)

// Numbers of the intrinsics; see intrinsic.
const (
	iApply = iota
	iValues
	iCallCC
	iInvoke
	iReinstate
	iPushWind
	iPopDyn
	iPushFluid
	iPushFluids
	iPopFluids
	iPushHandler
	iPushUnwinder
	iPushEpoch
	iPrompt
	iAbort
	iAbortNow
	iRaise
	iNotContinuable
	iNextStep
	iParameterSet
	iPushState
	iCollect
	iPushBarrier
	iPushLimit
	iStack
	iFirstStep
	iStep
	iTraced
)

// asm makes a procedure of the machine.
func asm(name string, clause code.Clause, frame int, words ...code.Word) *code.Closure {
	p := &code.Proc{Name: name, Frame: frame, Properties: datum.Null, Clauses: []code.Clause{clause}, Code: words, Hidden: true}
	return code.New(p.Finish(), 0)
}

func in(i int) code.Word { return code.AD(code.Intrinsic, 0, i) }

func req(names ...string) code.Clause { return code.Clause{Req: len(names), Names: names} }

func rest(n int, names ...string) code.Clause {
	return code.Clause{Req: n, Rest: true, Names: names}
}

func op(o code.Op, abc ...int) code.Word {
	abc = append(abc, 0, 0, 0)
	return code.ABC(o, abc[0], abc[1], abc[2])
}

// Procedures of the machine. They are ordinary closures with hand-written
// code, so that continuations pass through them.
var (
	applyClosure  = asm("apply", rest(1, "proc", "args"), 4, in(iApply))
	valuesClosure = asm("values", rest(0, "objects"), 2, in(iValues))
	callccClosure = asm("call-with-current-continuation", req("proc"), 4, in(iCallCC))

	callWithValuesClosure = asm("call-with-values", req("producer", "consumer"), 6,
		op(code.Move, 2, 0), op(code.Call, 2, 0), op(code.AcceptValues), op(code.ApplyValues, 1, 2))

	dynamicWindClosure = asm("dynamic-wind", req("in", "thunk", "out"), 8,
		op(code.Move, 3, 0), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPushWind),
		op(code.Move, 3, 1), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn),
		op(code.Move, 4, 2), op(code.Call, 4, 0), op(code.AcceptValues),
		op(code.ReturnValues, 3))

	withFluidClosure = asm("with-fluid*", req("fluid", "value", "thunk"), 6,
		in(iPushFluid),
		op(code.Move, 3, 2), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 3))

	withFluidsClosure = asm("with-fluids*", req("fluids", "values", "thunk"), 8,
		in(iPushFluids), // count to register 3
		op(code.Move, 4, 2), op(code.Call, 4, 0), op(code.AcceptValues),
		in(iPopFluids), op(code.ReturnValues, 4))

	withStateClosure = asm("with-dynamic-state", req("state", "thunk"), 6,
		in(iPushState),
		op(code.Move, 3, 1), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 3))

	withHandlerClosure = asm("%with-exception-handler", req("handler", "thunk"), 6,
		in(iPushHandler),
		op(code.Move, 3, 1), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 3))

	withUnwinderClosure = asm("%with-unwinding-handler", req("tag", "type", "thunk"), 6,
		in(iPushUnwinder),
		op(code.Move, 3, 2), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 3))

	withEpochClosure = asm("%with-new-epoch", req("thunk"), 4,
		in(iPushEpoch),
		op(code.Move, 1, 0), op(code.Call, 1, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 1))

	withBarrierClosure = asm("%with-barrier", req("thunk"), 4,
		in(iPushBarrier),
		op(code.Move, 1, 0), op(code.Call, 1, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 1))

	withLimitClosure = asm("call-with-stack-overflow-handler", req("limit", "thunk", "handler"), 6,
		in(iPushLimit),
		op(code.Move, 3, 1), op(code.Call, 3, 0), op(code.AcceptValues),
		in(iPopDyn), op(code.ReturnValues, 3))

	collectClosure = asm("gc", req(), 2, in(iCollect), op(code.Return, 0))

	makeStackClosure = asm("make-stack", rest(1, "object", "cuts"), 4, in(iStack))

	promptClosure = asm("call-with-prompt", req("tag", "thunk", "handler"), 8,
		in(iPrompt), // calls the thunk as if from register 3
		op(code.AcceptValues), in(iPopDyn), op(code.ReturnValues, 3))

	abortListClosure = asm("abort-to-prompt*", req("tag", "args"), 6, in(iAbort))
	abortClosure     = asm("abort-to-prompt", rest(1, "tag", "args"), 6, in(iAbort))

	// abortStepsClosure runs winders before the abort: tag, args, k, steps.
	abortStepsClosure = asm("abort", req("tag", "args", "k", "steps"), 8,
		in(iNextStep), // thunk to register 4, or #f
		code.AD(code.JumpFalse, 4, 3),
		op(code.Call, 4, 0), op(code.AcceptValues),
		code.AD(code.Jump, 0, -5),
		in(iAbortNow))

	// invokeClosure calls a continuation: k, list of arguments.
	invokeClosure = asm("continuation", req("k", "args"), 6, in(iInvoke))

	// invokeStepsClosure runs winders before it: k, args, unused, steps.
	invokeStepsClosure = asm("continuation", req("k", "args", "unused", "steps"), 8,
		in(iNextStep),
		code.AD(code.JumpFalse, 4, 3),
		op(code.Call, 4, 0), op(code.AcceptValues),
		code.AD(code.Jump, 0, -5),
		in(iReinstate))

	identityClosure = asm("parameter", req("value"), 2, op(code.Return, 0))

	// parameterSetClosure converts and assigns: parameter, converter, value.
	parameterSetClosure = asm("parameter", req("parameter", "converter", "value"), 8,
		code.AD(code.JumpFalse, 1, 4),
		op(code.Move, 3, 1), op(code.Move, 4, 2), op(code.Call, 3, 1), op(code.Move, 2, 3),
		in(iParameterSet), op(code.ReturnK, 0))

	// raiseClosure raises: object, whether the handler may return.
	raiseClosure = asm("raise-exception", req("object", "continuable?"), 8,
		in(iRaise), // handler to register 2, object to 3
		op(code.Call, 2, 1), op(code.AcceptValues),
		code.AD(code.JumpFalse, 1, 2),
		in(iPopDyn),
		op(code.ReturnValues, 2),
		// Without this handler, which would get its own failure.
		in(iNotContinuable))
)

// intrinsic does what instruction Intrinsic with number i stands for.
func (m *Machine) intrinsic(i int, fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) (action, datum.Value, error) {
	switch i {
	case iApply:
		return m.apply(fp)
	case iValues:
		return actReturn, datum.MultipleValues(listArgs(nil, *reg(fp, 0))), nil
	case iCallCC:
		proc := *reg(fp, 0)
		if err := m.room(fp); err != nil {
			return actReturn, datum.Value{}, err
		}
		k := &continuation{stack: m.capture(fp), dyn: m.dyn, level: m.level}
		m.args = append(m.args[:0], datum.Obj(datum.KContinuation, unsafe.Pointer(k)))
		return actTailEmpty, proc, nil
	case iInvoke:
		return m.invoke(fp)
	case iReinstate:
		return m.reinstate(fp, continuationOf(*reg(fp, 0)), listArgs(nil, *reg(fp, 1)))
	case iPushWind:
		m.push(&dyn{kind: dynWind, in: *reg(fp, 0), out: *reg(fp, 2)})
	case iPopDyn:
		m.dyn = m.dyn.next
	case iPushFluid:
		f := *reg(fp, 0)
		if !f.Is(datum.KFluid) {
			return actNext, f, datum.WrongTypeExpecting("with-fluid*", 1, f, "fluid")
		}
		m.bind(f.Fluid(), *reg(fp, 1))
	case iPushFluids:
		return m.pushFluids(fp)
	case iPopFluids:
		for range reg(fp, 3).Fix() {
			m.dyn = m.dyn.next
		}
	case iPushHandler:
		m.push(&dyn{kind: dynHandler, in: *reg(fp, 0), handler: new(handlerKey)})
	case iPushUnwinder:
		m.push(&dyn{kind: dynUnwinder, tag: *reg(fp, 0), in: *reg(fp, 1)})
	case iPushEpoch:
		m.push(&dyn{kind: dynEpoch})
	case iParameterSet:
		m.FluidSet(reg(fp, 0).Parameter().Fluid, *reg(fp, 2))
		return actReturn, datum.Unspecified, nil
	case iPushBarrier:
		m.push(&dyn{kind: dynBarrier})
	case iPushLimit:
		return actNext, datum.Value{}, m.pushLimit(fp)
	case iCollect:
		m.collect(fp)
		*reg(fp, 0) = datum.Unspecified
	case iStack:
		return m.makeStack(fp)
	case iPushState:
		return actNext, datum.Value{}, m.pushState(*reg(fp, 0))
	case iFirstStep:
		*reg(fp, 0) = datum.Unspecified
	case iStep:
		return m.step(fp, cl)
	case iPrompt:
		return m.prompt(fp, cl, pc)
	case iAbort:
		return m.abort(fp)
	case iAbortNow:
		return m.abortNow(fp)
	case iNextStep:
		s := reg(fp, 3)
		steps := s.Opaque().Go.([]step)
		if len(steps) == 0 {
			*reg(fp, 4) = datum.False
			break
		}
		m.dyn = steps[0].state
		if m.limited {
			m.relimit()
		}
		*reg(fp, 4) = steps[0].thunk
		*s = datum.NewOpaque("steps", steps[1:])
	case iTraced:
		m.traced(fp)
	case iRaise:
		return m.raise(fp, cl, pc)
	case iNotContinuable:
		return actReturn, datum.Value{}, &datum.Error{Key: "non-continuable", Who: "raise",
			Message: "the handler of a non-continuable exception returned", Rest: datum.False, Payload: datum.Unset}
	}
	return actNext, datum.Value{}, nil
}

func (m *Machine) bind(f *datum.Fluid, v datum.Value) {
	m.push(&dyn{kind: dynFluid, fluid: f, cell: &v})
}

func (m *Machine) apply(fp unsafe.Pointer) (action, datum.Value, error) {
	m.args = m.args[:0]
	l := *reg(fp, 1)
	if !l.IsPair() {
		// At least the list of arguments belongs to a call.
		return actReturn, *reg(fp, 0), wrongCount(applyClosure.Value())
	}
	for l.Pair().Cdr.IsPair() {
		m.args = append(m.args, l.Pair().Car)
		l = l.Pair().Cdr
	}
	last := l.Pair().Car
	end, slow := last, last
	for n := 0; end.IsPair(); n++ {
		m.args = append(m.args, end.Pair().Car)
		end = end.Pair().Cdr
		if n&1 == 1 {
			if slow = slow.Pair().Cdr; slow == end && n > 1 {
				break // a circular list
			}
		}
	}
	if !end.IsNull() {
		m.args = m.args[:0]
		return actReturn, last, &datum.Error{Key: "wrong-type-arg", Who: "apply", Message: "Apply to non-list: ~S",
			Irritants: []datum.Value{last}, Rest: datum.List(last), Payload: datum.Unset}
	}
	return actTail, *reg(fp, 0), nil
}

func (m *Machine) pushFluids(fp unsafe.Pointer) (action, datum.Value, error) {
	n := int64(0)
	fs, vs := *reg(fp, 0), *reg(fp, 1)
	if circular(fs) {
		return actReturn, fs, datum.WrongType("with-fluids*", 1, fs)
	}
	for f, v := fs, vs; f.IsPair(); f, v = f.Pair().Cdr, v.Pair().Cdr {
		if !v.IsPair() || !f.Pair().Car.Is(datum.KFluid) {
			return actReturn, f, datum.WrongType("with-fluids*", 1, fs)
		}
	}
	for f, v := fs, vs; f.IsPair(); f, v = f.Pair().Cdr, v.Pair().Cdr {
		m.bind(f.Pair().Car.Fluid(), v.Pair().Car)
		n++
	}
	*reg(fp, 3) = datum.Fix(n)
	return actNext, datum.Value{}, nil
}

func continuationOf(v datum.Value) *continuation { return (*continuation)(v.Ptr()) }

// active reports whether l is the current level or one around it.
func (m *Machine) active(l *level) bool {
	for x := m.level; x != nil; x = x.outer {
		if x == l {
			return true
		}
	}
	return false
}

// invoke starts the call of a continuation: register 0 with the arguments in
// register 1.
func (m *Machine) invoke(fp unsafe.Pointer) (action, datum.Value, error) {
	k := continuationOf(*reg(fp, 0))
	to := k.dyn
	if k.composable {
		// Winders inside of k are entered; nothing is left.
		stack := m.capture(fp)
		m.rebase(fp, 2)
		fp = m.base()
		top, state := m.splice(k, stack)
		k = &continuation{stack: top, dyn: state, level: m.level}
		*reg(fp, 0) = datum.Obj(datum.KContinuation, unsafe.Pointer(k))
		to = state
		steps := path(m.dyn, to)
		if len(steps) == 0 {
			return m.reinstate(fp, k, listArgs(nil, *reg(fp, 1)))
		}
		m.args = append(m.args[:0], *reg(fp, 0), *reg(fp, 1), datum.False, datum.NewOpaque("steps", steps))
		return actTailEmpty, invokeStepsClosure.Value(), nil
	}
	if !m.active(k.level) && (k.level.outer != nil || m.level.outer != nil || k.level.m != m) {
		return actReturn, datum.Value{}, barrier("")
	}
	if barred(m.dyn, to) {
		return actReturn, datum.Value{}, &datum.Error{Key: "misc-error", Message: "invoking continuation would cross continuation barrier: ~A",
			Irritants: []datum.Value{*reg(fp, 0)}, Rest: datum.False, Payload: datum.Unset}
	}
	steps := path(m.dyn, to)
	if len(steps) > 0 {
		m.args = append(m.args[:0], *reg(fp, 0), *reg(fp, 1), datum.False, datum.NewOpaque("steps", steps))
		return actTail, invokeStepsClosure.Value(), nil
	}
	return m.reinstate(fp, k, listArgs(nil, *reg(fp, 1)))
}

// reinstate makes k's frames the current ones and gives them args.
func (m *Machine) reinstate(fp unsafe.Pointer, k *continuation, args []datum.Value) (action, datum.Value, error) {
	if k.level != m.level && m.active(k.level) {
		return actStop, datum.Value{}, &escape{k: k, args: args}
	}
	m.unwound()
	m.under = viewOf(k.stack)
	m.dyn = k.dyn
	return actGive, datum.MultipleValues(args), nil
}

// prompt calls the thunk in register 1 inside of a prompt. The frame at fp is
// saved with the rest of the stack, so that it marks the prompt's place.
func (m *Machine) prompt(fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer) (action, datum.Value, error) {
	tag, thunk := *reg(fp, 0), *reg(fp, 1)
	if err := m.room(fp); err != nil {
		return actReturn, datum.Value{}, err
	}
	d := 4 * valueSize
	*(*slot)(unsafe.Add(fp, d-valueSize)) = slot{unsafe.Pointer(cl), uint64(uintptr(pc)-uintptr(cl.Code.Base))<<32 | uint64(d)}
	s := m.capture(unsafe.Add(fp, d))
	m.push(&dyn{kind: dynPrompt, tag: tag, under: s})
	m.args = m.args[:0]
	return actTailEmpty, thunk, nil
}

func (m *Machine) findPrompt(tag datum.Value) *dyn {
	for d := m.dyn; d != nil; d = d.next {
		if d.kind == dynPrompt && d.tag == tag {
			return d
		}
	}
	return nil
}

// handlerOf is the handler of a prompt, from the frame of call-with-prompt.
func (d *dyn) handlerOf() datum.Value {
	n := len(d.under.slots)
	return d.under.slots[n-4+2]
}

// abort aborts to the prompt with the tag in register 0 and the values in the
// list in register 1.
func (m *Machine) abort(fp unsafe.Pointer) (action, datum.Value, error) {
	tag, args := *reg(fp, 0), *reg(fp, 1)
	if circular(args) {
		return actReturn, args, datum.WrongTypeExpecting("abort-to-prompt*", 2, args, "list")
	}
	p := m.findPrompt(tag)
	if p == nil {
		return actReturn, tag, &datum.Error{Key: "misc-error", Who: "abort", Message: "Abort to unknown prompt",
			Irritants: []datum.Value{tag}, Rest: datum.False, Payload: datum.Unset}
	}
	k := datum.False
	if h := p.handlerOf(); !h.Is(datum.KClosure) || !code.ClosureOf(h).Code.IgnoresFirst {
		if p.level == m.level {
			c := &continuation{stack: m.capture(fp), dyn: m.dyn, level: m.level, composable: true, stackEnd: p.under, dynEnd: p}
			m.rebase(fp, 2)
			k = datum.Obj(datum.KContinuation, unsafe.Pointer(c))
		} else {
			k = deadContinuation
		}
	}
	steps := path(m.dyn, p.next)
	m.args = append(m.args[:0], datum.NewOpaque("prompt", p), args, k, datum.NewOpaque("steps", steps))
	if k.Is(datum.KContinuation) {
		return actTailEmpty, abortStepsClosure.Value(), nil
	}
	return actTail, abortStepsClosure.Value(), nil
}

// deadContinuation stands for one that cannot be resumed because a native
// procedure lies within it.
var deadContinuation = (&datum.Primitive{
	Name: "continuation", Min: 0, Max: -1,
	FN: func(datum.Caller, []datum.Value) (datum.Value, error) { return datum.Value{}, barrier("continuation") },
}).Value()

// Resumable reports whether v is a continuation that can be entered again.
func Resumable(v datum.Value) bool {
	return v.Is(datum.KContinuation) && v != deadContinuation
}

// Suspendable reports whether the continuation up to the prompt with a tag can
// be captured whole: no native that called a procedure lies within it.
func (m *Machine) Suspendable(tag datum.Value) bool {
	p := m.findPrompt(tag)
	return p != nil && p.level == m.level && !barred(m.dyn, p)
}

// abortNow ends an abort whose winders have run: prompt, arguments and
// continuation are in the registers.
func (m *Machine) abortNow(fp unsafe.Pointer) (action, datum.Value, error) {
	p := reg(fp, 0).Opaque().Go.(*dyn)
	return m.toPrompt(p, append([]datum.Value{*reg(fp, 2)}, listArgs(nil, *reg(fp, 1))...))
}

func (m *Machine) toPrompt(p *dyn, args []datum.Value) (action, datum.Value, error) {
	if p.level != m.level {
		return actStop, datum.Value{}, &escape{prompt: p, args: args}
	}
	m.unwound()
	h := p.handlerOf()
	n := len(p.under.slots)
	m.under = view{slots: p.under.slots[:n-4], next: p.under.next}
	m.dyn = p.next
	m.args = append(m.args[:0], args...)
	return actTailEmpty, h, nil
}

// stopped decides how a run goes on whose native or instruction left with a
// control error.
func (m *Machine) stopped(fp unsafe.Pointer, cl *code.Closure, pc unsafe.Pointer, err error) (action, datum.Value, error) {
	var e *escape
	if errors.As(err, &e) {
		if e.prompt != nil && e.prompt.level == m.level {
			return m.toPrompt(e.prompt, e.args)
		}
		if e.k != nil && e.k.level == m.level {
			m.under = viewOf(e.k.stack)
			m.dyn = e.k.dyn
			return actGive, datum.MultipleValues(e.args), nil
		}
		return actStop, datum.Value{}, err
	}
	var s *Stopped
	if errors.As(err, &s) {
		s.Stack = append(s.Stack, m.Backtrace(fp, cl, pc)...)
		return actStop, datum.Value{}, s
	}
	var u *Uncaught
	if errors.As(err, &u) && u.level != m.level {
		u.Stack = append(u.Stack, m.Backtrace(fp, cl, pc)...)
		u.level = m.level
	}
	return actStop, datum.Value{}, err
}
