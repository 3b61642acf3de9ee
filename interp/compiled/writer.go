package compiled

import (
	"encoding/binary"
	"fmt"
	"math"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// Host is the engine that code is taken from or brought into.
type Host struct {
	Modules  *module.Registry
	Expander *expand.Expander
	// Known are procedures that code refers to though no variable holds them,
	// by name.
	Known map[string]datum.Value
	// Eval calls the procedure that makes a macro's transformer.
	Eval func(maker *code.Closure) (datum.Value, error)

	natives map[datum.Value]*datum.Variable
}

// native finds the variable of the base module that holds a native, nil when
// there is none.
func (h *Host) native(v datum.Value) *datum.Variable {
	if h.natives == nil {
		h.natives = map[datum.Value]*datum.Variable{}
		for _, s := range h.Modules.Guile.Names() {
			if x := h.Modules.Guile.Own(s); x.Value.Is(datum.KPrimitive) {
				h.natives[x.Value] = x
			}
		}
	}
	return h.natives[v]
}

// Writer takes down the steps of one file.
type Writer struct {
	host *Host
	err  error

	text    []byte
	strs    table[string]
	symbols table[*datum.Symbol]
	vars    table[*datum.Variable]
	modules table[*module.Module]
	files   table[*source.File]
	consts  table[datum.Value]
	scopes  table[*syntax.Scope]
	macros  table[*syntax.Macro]

	procs, steps []byte
	procAt       map[*code.Proc]uint32
	words        []byte
	nwords       int
	known        map[datum.Value]string

	since  uint64      // scopes as old as that are not of this file
	others [][2]uint64 // nor are those made in between, after the one up to the other
}

// table numbers items in the order in which they are first met.
type table[K comparable] struct {
	index map[K]uint32
	items []K
	data  [][]byte
}

func (t *table[K]) add(k K) (i uint32, isNew bool) {
	if i, ok := t.index[k]; ok {
		return i, false
	}
	if t.index == nil {
		t.index = map[K]uint32{}
	}
	i = uint32(len(t.items))
	t.index[k] = i
	t.items = append(t.items, k)
	t.data = append(t.data, nil)
	return i, true
}

// NewWriter begins the unit of a file.
func NewWriter(h *Host, self *source.File) *Writer {
	w := &Writer{host: h, procAt: map[*code.Proc]uint32{}, known: map[datum.Value]string{}, since: h.Expander.Age()}
	for name, v := range h.Known {
		w.known[v] = name
	}
	w.files.add(self)
	w.files.data[0] = uvarint(nil, w.str(self.Name))
	return w
}

// Skip says that what the expander made since its age was since belongs to
// another file.
func (w *Writer) Skip(since uint64) {
	if now := w.host.Expander.Age(); now > since {
		w.others = append(w.others, [2]uint64{since, now})
	}
}

// Err tells why the file cannot be kept, nil as long as it can.
func (w *Writer) Err() error { return w.err }

func (w *Writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// Run adds the code of a form, before it is run.
func (w *Writer) Run(form *code.Closure) {
	at := w.proc(form.Code)
	w.steps = uvarint(uvarint(w.steps, stepRun), at)
}

// Current adds that m is the current module from here on.
func (w *Writer) Current(m *module.Module) {
	b := uvarint(uvarint(nil, stepCurrent), w.module(m))
	b = uvarint(b, w.str(m.Filename))
	b = uvarint(b, w.constant(m.Version))
	w.steps = append(w.steps, b...)
}

// Change adds a change of a module.
func (w *Writer) Change(c module.Change) {
	if c.Kind == module.Assigned && c.Value.Is(datum.KMacro) {
		b := uvarint(nil, stepMacro)
		b = uvarint(b, w.module(c.Module))
		b = uvarint(b, w.symbol(c.Name))
		w.steps = append(w.steps, w.macro(b, syntax.MacroOf(c.Value))...)
		return
	}
	b := uvarint(uvarint(nil, stepChange), uint32(c.Kind))
	if c.Kind != module.Warned {
		b = uvarint(b, w.module(c.Module))
	}
	switch c.Kind {
	case module.Defined, module.Removed:
		b = uvarint(b, w.symbol(c.Name))
	case module.Assigned:
		b = uvarint(uvarint(b, w.symbol(c.Name)), w.constant(c.Value))
	case module.Added:
		b = uvarint(uvarint(b, w.symbol(c.Name)), w.variable(c.Var))
	case module.Used, module.Reused:
		b = uvarint(b, uint32(len(c.Ifaces)))
		for _, i := range c.Ifaces {
			s, ok := w.host.Modules.ShapeOf(i)
			if !ok {
				w.fail("it uses a module without a name")
				return
			}
			b = w.shape(b, s)
		}
	case module.Exported:
		b = flag(uvarint(uvarint(b, w.symbol(c.Name)), w.symbol(c.As)), c.Replacing)
	case module.ReExported:
		b = flag(uvarint(uvarint(b, w.variable(c.Var)), w.symbol(c.As)), c.Replacing)
	case module.Duplicates:
		b = uvarint(b, uint32(len(c.Handlers)))
		for _, h := range c.Handlers {
			b = uvarint(b, w.str(h))
		}
	case module.Named:
		b = uvarint(uvarint(b, w.symbol(c.Name)), uint32(c.Count))
	case module.Warned:
		b = uvarint(b, w.str(c.Text))
	case module.Deferred:
		l := c.Lazy
		if l.Module != c.Module || w.files.items[0] != l.File {
			w.fail("a definition of another file waits")
		}
		b = uvarint(uvarint(b, w.symbol(c.Name)), uint32(l.Offset))
		b = flag(uvarint(uvarint(b, l.Line), l.Col), l.Syntax)
	case module.Made, module.ExportAll, module.Declaring, module.Declared:
	default:
		w.fail("an unknown change of a module")
	}
	w.steps = append(w.steps, b...)
}

// shape appends the description of an interface.
func (w *Writer) shape(b []byte, s *module.Shape) []byte {
	selects := func(b []byte, list []module.Select) []byte {
		b = uvarint(b, uint32(len(list)))
		for _, x := range list {
			b = uvarint(uvarint(b, w.symbol(x.Old)), w.symbol(x.New))
		}
		return b
	}
	symbols := func(b []byte, list []*datum.Symbol) []byte {
		b = uvarint(b, uint32(len(list)))
		for _, x := range list {
			b = uvarint(b, w.symbol(x))
		}
		return b
	}
	switch {
	case s.Module != nil:
		return flag(uvarint(uvarint(b, 0), w.module(s.Module)), s.Public)
	case len(s.Autoload) > 0:
		return symbols(uvarint(uvarint(b, 1), w.constant(s.Name)), s.Autoload)
	}
	b = w.shape(uvarint(b, 2), s.Of)
	b = selects(flag(b, s.Selects), s.Select)
	b = symbols(b, s.Hide)
	b = uvarint(b, w.str(s.Prefix))
	return selects(b, s.Rename)
}

// Bytes gives the unit.
func (w *Writer) Bytes() ([]byte, error) {
	scopes := w.scopeStream()
	if w.err != nil {
		return nil, w.err
	}
	var parts [partCount][]byte
	var counts [partCount]int
	set := func(i, count int, b []byte) { parts[i], counts[i] = b, count }
	u32 := binary.LittleEndian.AppendUint32
	var strs, syms, vars, consts []byte
	for _, d := range w.strs.data {
		strs = append(strs, d...)
	}
	for i, s := range w.symbols.items {
		n := binary.LittleEndian.Uint32(w.symbols.data[i]) << 1
		if !s.Interned {
			n |= 1
		}
		syms = u32(syms, n)
	}
	for _, d := range w.vars.data {
		vars = append(vars, d...)
	}
	var values []byte
	for _, d := range w.consts.data {
		consts = u32(consts, uint32(len(values)))
		values = append(values, d...)
	}
	set(partStrings, len(w.strs.items), strs)
	set(partSymbols, len(w.symbols.items), syms)
	set(partVars, len(w.vars.items), vars)
	set(partConstants, len(w.consts.items), consts)
	set(partWords, w.nwords, w.words)
	set(partText, len(w.text), w.text)
	set(partValues, len(values), values)
	set(partProcs, len(w.procs), w.procs)
	set(partModules, len(w.modules.items), join(w.modules.data))
	set(partFiles, len(w.files.items), join(w.files.data))
	set(partScopes, len(w.scopes.items), scopes)
	set(partMacros, len(w.macros.items), join(w.macros.data))
	steps := append(w.steps, stepEnd)
	set(partSteps, len(steps), steps)
	out := make([]byte, layoutSize)
	for i, b := range parts {
		for len(out)%8 != 0 {
			out = append(out, 0)
		}
		binary.LittleEndian.PutUint32(out[8*i:], uint32(len(out)))
		binary.LittleEndian.PutUint32(out[8*i+4:], uint32(counts[i]))
		out = append(out, b...)
	}
	if len(out) > math.MaxInt32 {
		return nil, fmt.Errorf("it is too large")
	}
	return out, nil
}

func join(parts [][]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func uvarint(b []byte, n uint32) []byte { return binary.AppendUvarint(b, uint64(n)) }

func flag(b []byte, f bool) []byte {
	if f {
		return append(b, 1)
	}
	return append(b, 0)
}

func (w *Writer) str(s string) uint32 {
	i, isNew := w.strs.add(s)
	if isNew {
		w.strs.data[i] = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(len(w.text))), uint32(len(s)))
		w.text = append(w.text, s...)
	}
	return i
}

func (w *Writer) symbol(s *datum.Symbol) uint32 {
	i, isNew := w.symbols.add(s)
	if isNew {
		w.symbols.data[i] = binary.LittleEndian.AppendUint32(nil, w.str(s.Name))
	}
	return i
}

func (w *Writer) variable(v *datum.Variable) uint32 {
	i, isNew := w.vars.add(v)
	if isNew {
		m := w.host.Modules.Owner(v)
		if m == nil {
			w.fail("it refers to a variable of no module")
			return 0
		}
		of := uint32(0)
		if m.IsInterface() {
			m = w.host.Modules.FindKey(m.Key)
			of = 1
		}
		w.vars.data[i] = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, w.module(m)<<1|of), w.symbol(v.Name))
	}
	return i
}

// module numbers a module by its name: symbols and integers.
func (w *Writer) module(m *module.Module) uint32 {
	i, isNew := w.modules.add(m)
	if !isNew {
		return i
	}
	if m == nil || w.host.Modules.FindKey(m.Key) != m {
		w.fail("it refers to a module without a name")
		return 0
	}
	var b []byte
	n := uint32(0)
	for l := m.Name; l.IsPair(); l = l.Pair().Cdr {
		n++
		switch p := l.Pair().Car; {
		case p.IsSymbol():
			b = uvarint(b, w.symbol(p.Symbol())<<1)
		case p.IsFix():
			b = uvarint(b, uint32(p.Fix())<<1|1)
		default:
			w.fail("a module has a strange name")
		}
	}
	w.modules.data[i] = append(uvarint(nil, n), b...)
	return i
}

func (w *Writer) file(f *source.File) uint32 {
	i, isNew := w.files.add(f)
	if isNew {
		w.files.data[i] = uvarint(nil, w.str(f.Name))
	}
	return i
}

func (w *Writer) pos(b []byte, p source.Pos) []byte {
	if !p.Known() {
		return uvarint(b, 0)
	}
	b = uvarint(b, p.Line)
	b = uvarint(b, p.Col)
	if p.File == nil {
		return uvarint(b, 0)
	}
	return uvarint(b, w.file(p.File)+1)
}
