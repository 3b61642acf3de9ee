package compiled

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/syntax"
)

// constant is constant i, made when it is first asked for.
func (u *Unit) constant(i uint32) datum.Value {
	if i >= uint32(len(u.consts)) {
		bad("constant %d of %d", i, len(u.consts))
	}
	v := u.consts[i]
	if v == (datum.Value{}) { // also the fixnum 0, which costs nothing to make
		at := binary.LittleEndian.Uint32(u.data[u.parts[partConstants].offset+4*i:])
		// A constant leads to others, by scopes and macros; never far.
		if u.depth++; u.depth > 50 {
			bad("constants hold each other")
		}
		r := valueReader{u: u, s: u.part(partValues, at), index: i}
		v = r.value(0)
		u.depth--
		u.consts[i] = v
	}
	return v
}

// valueReader reads one constant.
type valueReader struct {
	u      *Unit
	s      stream
	index  uint32
	shared []datum.Value
	number uint32 // of the shared value to be made, from 1; 0 for none
}

func (r *valueReader) value(depth int) datum.Value {
	if depth > maxDepth+100 {
		bad("a constant is nested too deeply")
	}
	number := r.number
	r.number = 0
	// share makes v known before its parts are read, as they may refer to it.
	share := func(v datum.Value) datum.Value {
		if number > 0 {
			r.shared[number-1] = v
		}
		return v
	}
	u, s := r.u, &r.s
	switch s.byte() {
	case tagFix:
		n := s.varint()
		if !datum.FitsFix(n) {
			bad("a fixnum is too large")
		}
		return datum.Fix(n)
	case tagFlo:
		return datum.Flo(math.Float64frombits(binary.LittleEndian.Uint64(s.take(8))))
	case tagConstant:
		i := int(s.byte())
		if i >= len(constants) {
			bad("an unknown constant")
		}
		return constants[i]
	case tagChar:
		c := s.u()
		if c > utf8.MaxRune {
			bad("a character")
		}
		return datum.Char(rune(c))
	case tagSymbol:
		return u.symbol(s.u()).Value()
	case tagKeyword:
		return datum.InternKeyword(u.symbol(s.u()).Name).Value()
	case tagString:
		literal := s.flag()
		text := s.take(s.int())
		if literal {
			return share(datum.LiteralString(text))
		}
		return share(datum.NewString(string(text)))
	case tagList:
		return r.list(depth, share)
	case tagVector:
		literal := s.flag()
		v := share(datum.NewVector(make([]datum.Value, s.count())))
		v.Vector().Literal = literal
		for i := range v.Vector().Items {
			v.Vector().Items[i] = r.value(depth + 1)
		}
		return v
	case tagBytes:
		literal, elem := s.flag(), u.str(s.u())
		v := datum.NewBytevector(append([]byte(nil), s.take(s.int())...))
		v.Bytevector().Literal, v.Bytevector().Elem = literal, elem
		return v
	case tagBits:
		bits := make([]bool, s.count())
		for i := range bits {
			bits[i] = s.flag()
		}
		return datum.NewBitvector(bits)
	case tagBig:
		return datum.Big(u.big(s.u()))
	case tagRat:
		num, den := u.big(s.u()), u.big(s.u())
		if den.Sign() <= 0 {
			bad("a denominator")
		}
		q := new(big.Rat).SetFrac(num, den)
		if q.IsInt() {
			bad("a ratio")
		}
		return datum.Obj(datum.KRatnum, unsafe.Pointer(&datum.Ratnum{Rat: q}))
	case tagComp:
		re := r.value(depth + 1)
		im := r.value(depth + 1)
		exact := func(v datum.Value) bool { return v.IsFix() || v.Is(datum.KBignum) || v.Is(datum.KRatnum) }
		if !(re.IsFlo() && im.IsFlo()) && !(exact(re) && exact(im) && im != datum.Fix(0)) {
			bad("a complex number")
		}
		return datum.Cmp(re, im)
	case tagClosure:
		return code.New(u.newProc(s.u()), 0).Value()
	case tagNative:
		x := u.variable(s.u())
		switch v := x.Value; {
		case v.Is(datum.KPrimitive):
			return v
		case v.IsProcedure():
			return replaced(x.Name.Name, v)
		}
		bad("a native is none")
	case tagKnown:
		v, ok := u.host.Known[u.str(s.u())]
		if !ok {
			bad("an unknown procedure")
		}
		return v
	case tagModule:
		return u.module(s.u()).Value()
	case tagSyntax:
		x := &syntax.Syntax{}
		v := share(x.Value())
		x.Datum = r.value(depth + 1)
		x.Scopes = u.set(s)
		switch s.byte() {
		case 0:
		case 1:
			x.Module = u.module(s.u())
		default:
			x.Module = u.iface(s, 0)
		}
		x.Pos = u.pos(s)
		return v
	case tagOpaque:
		typ, i := u.str(s.u()), s.u()
		if i <= r.index {
			bad("a constant that holds itself")
		}
		v, err := expand.Restore(typ, u.constant(i))
		if err != nil {
			panic(damage{err})
		}
		return v
	case tagVariable:
		return u.variable(s.u()).Object()
	case tagShared:
		if n := s.u(); n != uint32(len(r.shared)) {
			bad("a shared part")
		}
		if depth > 0 && number > 0 {
			bad("a shared part twice")
		}
		r.shared = append(r.shared, datum.Unset)
		k := uint32(len(r.shared))
		r.number = k
		v := r.value(depth + 1)
		r.shared[k-1] = v
		return v
	case tagSame:
		n := s.u()
		if n >= uint32(len(r.shared)) {
			bad("a shared part is not there")
		}
		return r.shared[n]
	}
	bad("an unknown constant")
	return datum.Unset
}

func (r *valueReader) list(depth int, share func(datum.Value) datum.Value) datum.Value {
	n := r.s.count()
	if n == 0 {
		bad("an empty list of items")
	}
	// The pairs lie side by side.
	pairs := make([]datum.Pair, n)
	at := func(i int) datum.Value { return datum.Obj(datum.KPair, unsafe.Pointer(&pairs[i])) }
	v := share(at(0))
	for i := range pairs {
		pairs[i].Car = r.value(depth + 1)
		if i+1 < n {
			pairs[i].Cdr = at(i + 1)
		}
	}
	pairs[n-1].Cdr = r.value(depth + 1)
	return v
}

func (u *Unit) big(i uint32) *big.Int {
	text := u.bytes(i)
	if len(text) > 1<<16 {
		bad("a number of too many digits")
	}
	n, ok := new(big.Int).SetString(string(text), 62)
	if !ok {
		bad("a number")
	}
	return n
}

// set reads a set of scopes.
func (u *Unit) set(s *stream) *syntax.Set {
	n := s.count()
	if n == 0 {
		return nil
	}
	u.openScopes()
	var members []*syntax.Scope
	for range n {
		i := s.u()
		if i >= uint32(len(u.scopes)) {
			bad("scope %d of %d", i, len(u.scopes))
		}
		members = append(members, u.scopes[i])
	}
	var t *syntax.Set
	for i := len(members) - 1; i >= 0; i-- {
		t = syntax.Xor(t, members[i].Only())
	}
	return t
}

// openScopes makes the scopes, in the order of their ages, and then their
// bindings.
func (u *Unit) openScopes() {
	n := int(u.parts[partScopes].count)
	if u.scopes != nil || n == 0 {
		return
	}
	s := u.part(partScopes, 0)
	if n > len(s.data) {
		bad("too many scopes")
	}
	order := make([]uint32, n)
	for i := range order {
		if order[i] = s.u(); order[i] >= uint32(n) {
			bad("scope %d of %d", order[i], n)
		}
	}
	// The levels are needed first: pass over the rest once.
	rest := s
	levels := make([]int, n)
	for i := range levels {
		levels[i] = s.int() - 1
		for range s.count() {
			u.binding(&s, nil)
		}
	}
	scopes := make([]*syntax.Scope, n)
	for _, i := range order {
		if scopes[i] == nil {
			scopes[i] = u.host.Expander.NewScope(levels[i])
		}
	}
	for _, x := range scopes {
		if x == nil {
			bad("a scope is missing")
		}
	}
	u.scopes = scopes
	s = rest
	for range n {
		s.u()
		for range s.count() {
			u.binding(&s, syntax.Bind)
		}
	}
}

// binding reads one binding and gives it to bind, unless that is nil.
func (u *Unit) binding(s *stream, bind func(*datum.Symbol, *syntax.Set, *syntax.Binding)) {
	sym := s.u()
	var set *syntax.Set
	if bind != nil {
		set = u.set(s)
	} else {
		for range s.count() {
			s.u()
		}
	}
	b := &syntax.Binding{Kind: syntax.BindingKind(s.byte()), Dead: s.flag(), Level: s.int(), Depth: s.int()}
	switch {
	case b.Kind > syntax.Toplevel:
		bad("an unknown binding")
	case b.Kind == syntax.Toplevel:
		m, g := s.u(), s.u()
		if bind != nil {
			b.Module, b.Global = u.module(m), u.symbol(g)
		}
	case b.Dead:
	case b.Kind == syntax.Keyword:
		i := s.u()
		if bind == nil {
			break
		}
		m, err := u.macro(i)
		if err != nil {
			panic(damage{err})
		}
		b.Macro = m
	default:
		bad("a variable outlives its form")
	}
	if bind != nil {
		if set == nil {
			bad("a binding without scopes")
		}
		bind(u.symbol(sym), set, b)
	}
}

// replaced is a native in the place of one whose variable a program has set to
// a procedure of its own since: it calls that.
func replaced(name string, proc datum.Value) datum.Value {
	// Whatever number of arguments the code passes is passed on.
	p := &datum.Primitive{
		Name: name, Min: 0, Max: -1,
		F0: func(c datum.Caller) (datum.Value, error) { return c.Apply(proc) },
		F1: func(c datum.Caller, a datum.Value) (datum.Value, error) { return c.Apply(proc, a) },
		F2: func(c datum.Caller, a, b datum.Value) (datum.Value, error) { return c.Apply(proc, a, b) },
		F3: func(c datum.Caller, a, b, d datum.Value) (datum.Value, error) { return c.Apply(proc, a, b, d) },
		FN: func(c datum.Caller, args []datum.Value) (datum.Value, error) { return c.Apply(proc, args...) },
	}
	return p.Value()
}
