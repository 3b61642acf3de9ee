package vm

import (
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// Stack is a continuation as frames, for programs that look at them.
type Stack struct{ Frames []Frame }

// maxStackFrames is how many frames a Stack holds.
const maxStackFrames = 10_000

// StackOf is the stack behind v, nil for what is none.
func StackOf(v datum.Value) *Stack {
	if v.Is(datum.KOpaque) {
		if s, ok := v.Opaque().Go.(*Stack); ok {
			return s
		}
	}
	return nil
}

// makeStack is (make-stack object cut …): the frames of the current continuation
// for #t, or those of a continuation. The cuts say in turn how many frames
// are left out inside and outside: a number of them, a procedure whose frame is
// the last to go, or a prompt tag, beyond whose prompt all go.
func (m *Machine) makeStack(fp unsafe.Pointer) (action, datum.Value, error) {
	obj := *reg(fp, 0)
	var frames []Frame
	add := func(cl *code.Closure, offset int, registers []datum.Value) bool {
		frames = appendFrame(frames, cl, offset, registers)
		return len(frames) < maxStackFrames
	}
	state := m.dyn
	switch {
	case obj == datum.True:
		m.walk(fp, add)
	case obj.Is(datum.KContinuation):
		k := continuationOf(obj)
		walkView(viewOf(k.stack), add)
		state = k.dyn
	case StackOf(obj) != nil:
		frames = StackOf(obj).Frames
	default:
		return actReturn, obj, datum.WrongTypeExpecting("make-stack", 1, obj, "continuation")
	}
	inner := true
	for _, cut := range listArgs(nil, *reg(fp, 1)) {
		if inner {
			frames = cutInside(frames, cut, state)
		} else {
			frames = cutOutside(frames, cut, state)
		}
		inner = !inner
	}
	if len(frames) == 0 {
		return actReturn, datum.False, nil
	}
	return actReturn, datum.NewOpaque("stack", &Stack{frames}), nil
}

func cutInside(frames []Frame, cut datum.Value, state *dyn) []Frame {
	switch {
	case cut.IsFix():
		return frames[min(max(int(cut.Fix()), 0), len(frames)):]
	case cut.Is(datum.KPromptTag):
		return frames[len(frames)-min(framesUnder(cut, state), len(frames)):]
	case cut == datum.True:
		return frames
	}
	for i, f := range frames {
		if f.Activation.Closure.Value() == cut {
			return frames[i+1:]
		}
	}
	return nil
}

func cutOutside(frames []Frame, cut datum.Value, state *dyn) []Frame {
	switch {
	case cut.IsFix():
		return frames[:len(frames)-min(max(int(cut.Fix()), 0), len(frames))]
	case cut.Is(datum.KPromptTag):
		return frames[:len(frames)-min(framesUnder(cut, state), len(frames))]
	case cut == datum.True:
		return frames
	}
	for i := len(frames) - 1; i >= 0; i-- {
		if frames[i].Activation.Closure.Value() == cut {
			return frames[:i]
		}
	}
	return nil
}

// framesUnder counts the frames outside of the innermost prompt with a tag.
func framesUnder(tag datum.Value, d *dyn) int {
	for ; d != nil; d = d.next {
		if d.kind == dynPrompt && d.tag == tag {
			n := 0
			walkView(viewOf(d.under), func(cl *code.Closure, _ int, _ []datum.Value) bool {
				if !cl.Code.Hidden {
					n++
				}
				return n < maxStackFrames
			})
			return n
		}
	}
	return 0
}
