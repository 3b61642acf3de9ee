package compiled

import (
	"encoding/binary"
	"strings"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// Unit is the code of one file, being brought into an engine.
type Unit struct {
	host *Host
	self *source.File
	// find gives files other than the unit's own; their text is for messages.
	find func(name string) *source.File

	data    []byte
	parts   layout
	symbols []*datum.Symbol
	vars    []*datum.Variable
	consts  []datum.Value
	modules []*module.Module
	names   []datum.Value // of modules
	files   []*source.File
	scopes  []*syntax.Scope
	macros  []*syntax.Macro
	macroAt []uint32
	steps   stream
	started bool
	depth   int // of constants and macros being made
}

// Open reads the outline of a unit. self is the file it was made of, find finds
// others that it has positions in; data is kept and must not change.
func Open(h *Host, self *source.File, find func(string) *source.File, data []byte) (u *Unit, err error) {
	defer recoverDamage(&err)
	u = &Unit{host: h, self: self, find: find, data: data}
	if len(data) < layoutSize {
		bad("it is too short")
	}
	for i := range u.parts {
		p := part{binary.LittleEndian.Uint32(data[8*i:]), binary.LittleEndian.Uint32(data[8*i+4:])}
		size := uint64(p.count)
		switch i {
		case partStrings, partVars, partWords:
			size *= 8
		case partSymbols, partConstants:
			size *= 4
		}
		if p.offset%8 != 0 || uint64(p.offset)+size > uint64(len(data)) {
			bad("a part lies outside")
		}
		u.parts[i] = p
	}
	u.symbols = make([]*datum.Symbol, u.parts[partSymbols].count)
	u.vars = make([]*datum.Variable, u.parts[partVars].count)
	u.consts = make([]datum.Value, u.parts[partConstants].count)
	u.readModules()
	u.readFiles()
	u.steps = u.part(partSteps, 0)
	return u, nil
}

// stream reads numbers and bytes in order.
type stream struct {
	data []byte
	at   int
}

// part gives a stream of the bytes of a part from an offset on.
func (u *Unit) part(i int, from uint32) stream {
	p := u.parts[i]
	rest := u.data[p.offset:]
	switch i {
	case partModules, partFiles, partScopes, partMacros:
		// The count is that of items: the part ends with the data.
	default:
		rest = rest[:p.count]
	}
	if uint64(from) > uint64(len(rest)) {
		bad("an offset lies outside")
	}
	return stream{rest, int(from)}
}

func (s *stream) byte() byte {
	if s.at >= len(s.data) {
		bad("a stream ends early")
	}
	b := s.data[s.at]
	s.at++
	return b
}

func (s *stream) flag() bool { return s.byte() != 0 }

func (s *stream) u() uint32 {
	if s.at < len(s.data) {
		if b := s.data[s.at]; b < 0x80 {
			s.at++
			return uint32(b)
		}
	}
	n, k := binary.Uvarint(s.data[s.at:])
	if k <= 0 || n > 1<<32-1 {
		bad("a number is wrong")
	}
	s.at += k
	return uint32(n)
}

func (s *stream) int() int { return int(s.u()) }

func (s *stream) varint() int64 {
	n, k := binary.Varint(s.data[s.at:])
	if k <= 0 {
		bad("a number is wrong")
	}
	s.at += k
	return n
}

func (s *stream) take(n int) []byte {
	if n < 0 || n > len(s.data)-s.at {
		bad("a stream ends early")
	}
	b := s.data[s.at : s.at+n : s.at+n]
	s.at += n
	return b
}

// count reads the number of items that follow, each of which takes at least a
// byte.
func (s *stream) count() int {
	n := s.int()
	if n > len(s.data)-s.at {
		bad("more items than there are bytes")
	}
	return n
}

func (u *Unit) bytes(i uint32) []byte {
	p := u.parts[partStrings]
	if i >= p.count {
		bad("string %d of %d", i, p.count)
	}
	at := u.data[p.offset+8*i:]
	off, n := binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint32(at[4:])
	text := u.parts[partText]
	if uint64(off)+uint64(n) > uint64(text.count) {
		bad("a string lies outside")
	}
	return u.data[text.offset+off : text.offset+off+n]
}

// str is string i, which shares the unit's memory.
func (u *Unit) str(i uint32) string {
	b := u.bytes(i)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (u *Unit) optional(i uint32) string {
	if i == 0 {
		return ""
	}
	return u.str(i - 1)
}

func (u *Unit) symbol(i uint32) *datum.Symbol {
	if i >= uint32(len(u.symbols)) {
		bad("symbol %d of %d", i, len(u.symbols))
	}
	s := u.symbols[i]
	if s == nil {
		n := binary.LittleEndian.Uint32(u.data[u.parts[partSymbols].offset+4*i:])
		if name := u.str(n >> 1); n&1 != 0 {
			s = datum.NewSymbol(strings.Clone(name))
		} else {
			s = datum.Intern(name)
		}
		u.symbols[i] = s
	}
	return s
}

func (u *Unit) variable(n uint32) *datum.Variable {
	if n >= uint32(len(u.vars)) {
		bad("variable %d of %d", n, len(u.vars))
	}
	v := u.vars[n]
	if v == nil {
		at := u.data[u.parts[partVars].offset+8*n:]
		i := binary.LittleEndian.Uint32(at)
		m := u.module(i >> 1)
		if i&1 != 0 {
			m = m.Public()
		}
		v = m.Own(u.symbol(binary.LittleEndian.Uint32(at[4:])))
		u.vars[n] = v
	}
	return v
}

func (u *Unit) readModules() {
	n := int(u.parts[partModules].count)
	s := u.part(partModules, 0)
	if n > len(s.data) {
		bad("too many modules")
	}
	u.modules = make([]*module.Module, n)
	u.names = make([]datum.Value, n)
	for i := range n {
		parts := make([]datum.Value, s.count())
		for j := range parts {
			if k := s.u(); k&1 != 0 {
				parts[j] = datum.Fix(int64(k >> 1))
			} else {
				parts[j] = u.symbol(k >> 1).Value()
			}
		}
		if len(parts) == 0 {
			bad("a module has no name")
		}
		u.names[i] = datum.List(parts...)
	}
}

// module is module i. One that does not exist is loaded if it can be, since a
// program that was expanded may have loaded it then.
func (u *Unit) module(i uint32) *module.Module {
	if i >= uint32(len(u.modules)) {
		bad("module %d of %d", i, len(u.modules))
	}
	m := u.modules[i]
	if m == nil {
		r := u.host.Modules
		if m = r.Find(u.names[i]); m == nil {
			var err error
			if m, err = r.Load(u.names[i]); err != nil {
				panic(damage{err})
			}
		}
		u.modules[i] = m
	}
	return m
}

func (u *Unit) readFiles() {
	n := int(u.parts[partFiles].count)
	s := u.part(partFiles, 0)
	if n > len(s.data) || n == 0 {
		bad("wrong number of files")
	}
	u.files = make([]*source.File, n)
	for i := range n {
		name := u.str(s.u())
		if i == 0 {
			u.files[0] = u.self
		} else if f := u.find(name); f != nil {
			u.files[i] = f
		} else {
			u.files[i] = &source.File{Name: name}
		}
	}
}

func (u *Unit) pos(s *stream) source.Pos {
	line := s.u()
	if line == 0 {
		return source.Pos{}
	}
	p := source.Pos{Line: line, Col: s.u()}
	if f := s.u(); f > 0 {
		p.File = u.file(f - 1)
	}
	return p
}

func (u *Unit) file(i uint32) *source.File {
	if i >= uint32(len(u.files)) {
		bad("file %d of %d", i, len(u.files))
	}
	return u.files[i]
}

// Started reports whether anything was done that cannot be done again: an error
// before that is no failure of the program.
func (u *Unit) Started() bool { return u.started }

// Next carries out the steps up to the next form that is to be run, and returns
// its code, nil at the end. What the file did, but for reading and expanding it,
// is done when all forms were run in turn.
func (u *Unit) Next() (form *code.Closure, err error) {
	defer recoverDamage(&err)
	s := &u.steps
	for {
		switch s.u() {
		case stepEnd:
			s.at--
			return nil, nil
		case stepRun:
			form := code.New(u.newProc(s.u()), 0)
			if len(form.Code.Captures) > 0 {
				bad("a form has free variables")
			}
			u.started = true
			return form, nil
		case stepCurrent:
			i := s.u()
			if i >= uint32(len(u.modules)) {
				bad("module %d of %d", i, len(u.modules))
			}
			m := u.host.Modules.Make(u.names[i])
			u.modules[i] = m
			m.Filename = u.str(s.u())
			m.Version = u.constant(s.u())
			u.host.Modules.Current = m
		case stepChange:
			u.change(s)
		case stepMacro:
			m, sym := u.module(s.u()), u.symbol(s.u())
			u.started = true
			mac, err := u.macro(s.u())
			if err != nil {
				return nil, err
			}
			v := m.Set(sym, mac.Value())
			if mac.Home == nil {
				mac.Home = v
			}
		default:
			bad("an unknown step")
		}
	}
}

// change carries out a change of a module.
func (u *Unit) change(s *stream) {
	c := module.Change{Kind: module.ChangeKind(s.u())}
	switch c.Kind {
	case module.Made:
		i := s.u()
		if i >= uint32(len(u.modules)) {
			bad("module %d of %d", i, len(u.modules))
		}
		u.modules[i] = u.host.Modules.Make(u.names[i])
		return
	case module.Warned:
	default:
		c.Module = u.module(s.u())
	}
	switch c.Kind {
	case module.Defined:
		c.Name = u.symbol(s.u())
		// As the expander does, a definition takes the place of a macro.
		if v := c.Module.Define(c.Name); syntax.MacroOf(v.Value) != nil {
			v.Value = datum.Unset
		}
		return
	case module.Removed:
		c.Name = u.symbol(s.u())
	case module.Assigned:
		c.Name, c.Value = u.symbol(s.u()), u.constant(s.u())
	case module.Added:
		c.Name, c.Var = u.symbol(s.u()), u.variable(s.u())
	case module.Used, module.Reused:
		n := s.count()
		if n == 0 && c.Kind == module.Used {
			bad("no interface")
		}
		for range n {
			c.Ifaces = append(c.Ifaces, u.iface(s, 0))
		}
	case module.Exported:
		c.Name, c.As, c.Replacing = u.symbol(s.u()), u.symbol(s.u()), s.flag()
	case module.ReExported:
		c.Var, c.As, c.Replacing = u.variable(s.u()), u.symbol(s.u()), s.flag()
	case module.Duplicates:
		for range s.count() {
			c.Handlers = append(c.Handlers, u.str(s.u()))
		}
	case module.Named:
		c.Name, c.Count = u.symbol(s.u()), s.int()
	case module.Warned:
		c.Text = u.str(s.u())
	case module.Deferred:
		c.Name = u.symbol(s.u())
		c.Lazy = &module.Lazy{Module: c.Module, File: u.self, Offset: s.int(), Line: s.u(), Col: s.u(), Syntax: s.flag()}
		if c.Lazy.Offset > len(u.self.Text) {
			bad("a definition lies outside")
		}
	case module.ExportAll, module.Declaring, module.Declared:
	default:
		bad("an unknown change")
	}
	u.host.Modules.Redo(c)
}

// iface makes the interface that is described.
func (u *Unit) iface(s *stream, depth int) *module.Module {
	m, err := u.host.Modules.Build(u.shape(s, depth))
	if err != nil {
		panic(damage{err})
	}
	return m
}

func (u *Unit) shape(s *stream, depth int) *module.Shape {
	if depth > 100 {
		bad("views of views of views")
	}
	selects := func() []module.Select {
		list := make([]module.Select, s.count())
		for i := range list {
			list[i] = module.Select{Old: u.symbol(s.u()), New: u.symbol(s.u())}
		}
		return list
	}
	symbols := func() []*datum.Symbol {
		list := make([]*datum.Symbol, s.count())
		for i := range list {
			list[i] = u.symbol(s.u())
		}
		return list
	}
	switch s.u() {
	case 0:
		return &module.Shape{Module: u.module(s.u()), Public: s.flag()}
	case 1:
		x := &module.Shape{Name: u.constant(s.u())}
		if x.Autoload = symbols(); len(x.Autoload) == 0 || !module.ValidName(x.Name) {
			bad("an autoload")
		}
		return x
	}
	x := &module.Shape{Of: u.shape(s, depth+1)}
	x.Selects = s.flag()
	x.Select, x.Hide = selects(), symbols()
	x.Prefix = u.str(s.u())
	x.Rename = selects()
	return x
}

// macro makes macro i.
func (u *Unit) macro(i uint32) (*syntax.Macro, error) {
	u.indexMacros()
	if i >= uint32(len(u.macros)) {
		bad("macro %d of %d", i, len(u.macros))
	}
	if m := u.macros[i]; m != nil {
		return m, nil
	}
	if u.depth++; u.depth > 50 {
		bad("macros hold each other")
	}
	s := u.part(partMacros, u.macroAt[i])
	m, err := u.readMacro(&s)
	u.depth--
	if err != nil {
		return nil, err
	}
	u.macros[i] = m
	return m, nil
}

func (u *Unit) readMacro(s *stream) (*syntax.Macro, error) {
	kind := s.byte()
	if kind == macroOf {
		v := u.variable(s.u())
		if err := u.host.Modules.SettleSyntax(v); err != nil {
			return nil, err
		}
		m := syntax.MacroOf(v.Value)
		if m == nil {
			bad("%s is no macro", v.Name.Name)
		}
		return m, nil
	}
	name, pos, level := u.str(s.u()), u.pos(s), s.int()
	arg := s.u()
	switch kind {
	case macroRules:
		m, err := u.host.Expander.RestoreRules(name, pos, level, u.constant(arg))
		if err != nil {
			panic(damage{err})
		}
		return m, nil
	case macroMade:
		maker := code.New(u.newProc(arg), 0)
		v, err := u.host.Eval(maker)
		if err != nil {
			return nil, err
		}
		m := expand.MacroOfValue(name, pos, level, v, maker.Value())
		if m == nil {
			bad("%s is no macro", name)
		}
		return m, nil
	case macroParameter:
		cur, err := u.macro(arg)
		if err != nil {
			return nil, err
		}
		return &syntax.Macro{Kind: syntax.Parameter, Name: name, Pos: pos, Current: cur}, nil
	}
	bad("an unknown macro")
	return nil, nil
}

// indexMacros finds where the macros begin.
func (u *Unit) indexMacros() {
	n := int(u.parts[partMacros].count)
	if u.macroAt != nil || n == 0 {
		return
	}
	s := u.part(partMacros, 0)
	if n > len(s.data) {
		bad("too many macros")
	}
	at := make([]uint32, n)
	for i := range n {
		at[i] = uint32(s.at)
		if s.byte() != macroOf {
			s.u()
			u.pos(&s)
			s.u()
		}
		s.u()
	}
	u.macroAt, u.macros = at, make([]*syntax.Macro, n)
}
