package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/dop251/goja"

	"fruix/interp/datum"
)

// This file is the measurement that chose the engine's design. A toy machine
// with just enough instructions for four loops is written three times:
//
//	switch   a switch over compact instructions, registers of 16-byte Values
//	closures one Go closure per instruction over the same registers
//	any      the switch again, with registers of type any
//
// All keep their frames on an explicit stack, as continuations and deep
// recursion demand. goja runs the same loops in JavaScript.

type toyOp uint8

const (
	toyNotLessI toyOp = iota // jump c unless r[a] < b
	toyNotLess               // jump c unless r[a] < r[b]
	toyAddI                  // r[a] = r[b] + c
	toyAdd                   // r[a] = r[b] + r[c]
	toyMulF                  // r[a] = r[b] * 0.5
	toyAddF                  // r[a] = r[b] + 1.5
	toyMove                  // r[a] = r[b]
	toyCall                  // call the program itself, frame at a+1, value to a
	toyReturn                // return r[a]
	toyLoop                  // jump c
)

type toyIns struct {
	op      toyOp
	a, b, c int32
}

var toyPrograms = map[string]struct {
	code []toyIns
	args []float64 // integers, but for the float program's second
	js   string
}{
	"fib": {[]toyIns{
		{toyNotLessI, 0, 2, 2}, {toyReturn, 0, 0, 0},
		{toyAddI, 2, 0, -1}, {toyCall, 1, 0, 0}, {toyAddI, 3, 0, -2}, {toyCall, 2, 0, 0},
		{toyAdd, 1, 1, 2}, {toyReturn, 1, 0, 0},
	}, []float64{22}, "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2); }"},
	"tak": {[]toyIns{
		{toyNotLess, 1, 0, 15},
		{toyAddI, 4, 0, -1}, {toyMove, 5, 1, 0}, {toyMove, 6, 2, 0}, {toyCall, 3, 0, 0},
		{toyAddI, 5, 1, -1}, {toyMove, 6, 2, 0}, {toyMove, 7, 0, 0}, {toyCall, 4, 0, 0},
		{toyAddI, 6, 2, -1}, {toyMove, 7, 0, 0}, {toyMove, 8, 1, 0}, {toyCall, 5, 0, 0},
		{toyCall, 2, 0, 0}, {toyReturn, 2, 0, 0},
		{toyReturn, 2, 0, 0},
	}, []float64{14, 9, 4}, "function f(x, y, z) { return y < x ? f(f(x - 1, y, z), f(y - 1, z, x), f(z - 1, x, y)) : z; }"},
	"loop": {[]toyIns{
		{toyNotLess, 0, 2, 4}, {toyAdd, 1, 1, 0}, {toyAddI, 0, 0, 1}, {toyLoop, 0, 0, 0}, {toyReturn, 1, 0, 0},
	}, []float64{0, 0, 200000}, "function f(i, s, n) { while (i < n) { s = s + i; i = i + 1; } return s; }"},
	"float": {[]toyIns{
		{toyNotLess, 0, 2, 5}, {toyMulF, 1, 1, 0}, {toyAddF, 1, 1, 0}, {toyAddI, 0, 0, 1}, {toyLoop, 0, 0, 0}, {toyReturn, 1, 0, 0},
	}, []float64{0, 0.5, 200000}, "function f(i, x, n) { while (i < n) { x = x * 0.5 + 1.5; i = i + 1; } return x; }"},
}

type toyFrame struct{ pc, fp int }

func isFloatArg(f float64) bool { return f != float64(int64(f)) }

// runSwitch is the first candidate.
func runSwitch(code []toyIns, args []float64) float64 {
	stack := make([]datum.Value, 1024)
	for i, a := range args {
		if isFloatArg(a) {
			stack[i] = datum.Flo(a)
		} else {
			stack[i] = datum.Fix(int64(a))
		}
	}
	var frames []toyFrame
	r, fp, pc := stack, 0, 0
	for {
		in := &code[pc]
		pc++
		switch in.op {
		case toyNotLessI:
			if x := r[in.a]; x.IsFix() && x.Fix() >= int64(in.b) {
				pc = int(in.c)
			}
		case toyNotLess:
			if x, y := r[in.a], r[in.b]; x.IsFix() && y.IsFix() && x.Fix() >= y.Fix() {
				pc = int(in.c)
			}
		case toyAddI:
			if x := r[in.b]; x.IsFix() {
				r[in.a] = datum.Fix(x.Fix() + int64(in.c))
			}
		case toyAdd:
			if x, y := r[in.b], r[in.c]; x.IsFix() && y.IsFix() {
				r[in.a] = datum.Fix(x.Fix() + y.Fix())
			}
		case toyMulF:
			if x := r[in.b]; x.IsFlo() {
				r[in.a] = datum.Flo(x.Flo() * 0.5)
			}
		case toyAddF:
			if x := r[in.b]; x.IsFlo() {
				r[in.a] = datum.Flo(x.Flo() + 1.5)
			}
		case toyMove:
			r[in.a] = r[in.b]
		case toyCall:
			frames = append(frames, toyFrame{pc, fp})
			fp += int(in.a) + 1
			r, pc = stack[fp:], 0
		case toyReturn:
			v := r[in.a]
			if len(frames) == 0 {
				if v.IsFlo() {
					return v.Flo()
				}
				return float64(v.Fix())
			}
			top := frames[len(frames)-1]
			frames = frames[:len(frames)-1]
			stack[fp-1] = v
			pc, fp = top.pc, top.fp
			r = stack[fp:]
		case toyLoop:
			pc = int(in.c)
		}
	}
}

// toyMachine is the state that the closures of the second candidate share.
type toyMachine struct {
	stack  []datum.Value
	r      []datum.Value
	frames []toyFrame
	fp, pc int
	value  datum.Value
}

// makeClosures translates code for the second candidate.
func makeClosures(code []toyIns) []func(*toyMachine) {
	var out []func(*toyMachine)
	for _, in := range code {
		a, b, c := int(in.a), int(in.b), int(in.c)
		var f func(*toyMachine)
		switch in.op {
		case toyNotLessI:
			f = func(m *toyMachine) {
				if x := m.r[a]; x.IsFix() && x.Fix() >= int64(b) {
					m.pc = c
				}
			}
		case toyNotLess:
			f = func(m *toyMachine) {
				if x, y := m.r[a], m.r[b]; x.IsFix() && y.IsFix() && x.Fix() >= y.Fix() {
					m.pc = c
				}
			}
		case toyAddI:
			f = func(m *toyMachine) {
				if x := m.r[b]; x.IsFix() {
					m.r[a] = datum.Fix(x.Fix() + int64(c))
				}
			}
		case toyAdd:
			f = func(m *toyMachine) {
				if x, y := m.r[b], m.r[c]; x.IsFix() && y.IsFix() {
					m.r[a] = datum.Fix(x.Fix() + y.Fix())
				}
			}
		case toyMulF:
			f = func(m *toyMachine) {
				if x := m.r[b]; x.IsFlo() {
					m.r[a] = datum.Flo(x.Flo() * 0.5)
				}
			}
		case toyAddF:
			f = func(m *toyMachine) {
				if x := m.r[b]; x.IsFlo() {
					m.r[a] = datum.Flo(x.Flo() + 1.5)
				}
			}
		case toyMove:
			f = func(m *toyMachine) { m.r[a] = m.r[b] }
		case toyCall:
			f = func(m *toyMachine) {
				m.frames = append(m.frames, toyFrame{m.pc, m.fp})
				m.fp += a + 1
				m.r, m.pc = m.stack[m.fp:], 0
			}
		case toyReturn:
			f = func(m *toyMachine) {
				v := m.r[a]
				if len(m.frames) == 0 {
					m.value, m.pc = v, -1
					return
				}
				top := m.frames[len(m.frames)-1]
				m.frames = m.frames[:len(m.frames)-1]
				m.stack[m.fp-1] = v
				m.pc, m.fp = top.pc, top.fp
				m.r = m.stack[m.fp:]
			}
		case toyLoop:
			f = func(m *toyMachine) { m.pc = c }
		}
		out = append(out, f)
	}
	return out
}

func runClosures(code []func(*toyMachine), args []float64) float64 {
	m := &toyMachine{stack: make([]datum.Value, 1024)}
	m.r = m.stack
	for i, a := range args {
		if isFloatArg(a) {
			m.stack[i] = datum.Flo(a)
		} else {
			m.stack[i] = datum.Fix(int64(a))
		}
	}
	for m.pc >= 0 {
		f := code[m.pc]
		m.pc++
		f(m)
	}
	if m.value.IsFlo() {
		return m.value.Flo()
	}
	return float64(m.value.Fix())
}

// runAny is the third candidate.
func runAny(code []toyIns, args []float64) float64 {
	stack := make([]any, 1024)
	for i, a := range args {
		if isFloatArg(a) {
			stack[i] = a
		} else {
			stack[i] = int64(a)
		}
	}
	var frames []toyFrame
	r, fp, pc := stack, 0, 0
	for {
		in := &code[pc]
		pc++
		switch in.op {
		case toyNotLessI:
			if x, ok := r[in.a].(int64); ok && x >= int64(in.b) {
				pc = int(in.c)
			}
		case toyNotLess:
			x, ok1 := r[in.a].(int64)
			y, ok2 := r[in.b].(int64)
			if ok1 && ok2 && x >= y {
				pc = int(in.c)
			}
		case toyAddI:
			if x, ok := r[in.b].(int64); ok {
				r[in.a] = x + int64(in.c)
			}
		case toyAdd:
			x, ok1 := r[in.b].(int64)
			y, ok2 := r[in.c].(int64)
			if ok1 && ok2 {
				r[in.a] = x + y
			}
		case toyMulF:
			if x, ok := r[in.b].(float64); ok {
				r[in.a] = x * 0.5
			}
		case toyAddF:
			if x, ok := r[in.b].(float64); ok {
				r[in.a] = x + 1.5
			}
		case toyMove:
			r[in.a] = r[in.b]
		case toyCall:
			frames = append(frames, toyFrame{pc, fp})
			fp += int(in.a) + 1
			r, pc = stack[fp:], 0
		case toyReturn:
			v := r[in.a]
			if len(frames) == 0 {
				if f, ok := v.(float64); ok {
					return f
				}
				return float64(v.(int64))
			}
			top := frames[len(frames)-1]
			frames = frames[:len(frames)-1]
			stack[fp-1] = v
			pc, fp = top.pc, top.fp
			r = stack[fp:]
		case toyLoop:
			pc = int(in.c)
		}
	}
}

// TestCandidates prints goja's time divided by that of each candidate.
func TestCandidates(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const each = 30 * time.Millisecond
	table := fmt.Sprintf("%-6s %8s %8s %8s   (goja's time divided by the candidate's)\n", "", "switch", "closures", "any")
	for _, name := range []string{"fib", "tak", "loop", "float"} {
		p := toyPrograms[name]
		closures := makeClosures(p.code)
		vm := goja.New()
		if _, err := vm.RunString(p.js); err != nil {
			t.Fatal(err)
		}
		f, _ := goja.AssertFunction(vm.Get("f"))
		var args []goja.Value
		for _, a := range p.args {
			args = append(args, vm.ToValue(a))
		}
		js := func() float64 {
			v, err := f(goja.Undefined(), args...)
			if err != nil {
				t.Fatal(err)
			}
			return v.ToFloat()
		}
		runs := []func() float64{
			func() float64 { return runSwitch(p.code, p.args) },
			func() float64 { return runClosures(closures, p.args) },
			func() float64 { return runAny(p.code, p.args) },
		}
		want := js()
		base := fastest(func() string { js(); return "" }, each)
		table += fmt.Sprintf("%-6s", name)
		for _, run := range runs {
			if got := run(); got != want {
				t.Errorf("%s: got %v, goja %v", name, got, want)
			}
			d := fastest(func() string { run(); return "" }, each)
			table += fmt.Sprintf(" %8.1f", float64(base)/float64(d))
		}
		table += "\n"
	}
	t.Log("\n" + table)
}
