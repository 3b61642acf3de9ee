package compiled

import (
	"encoding/binary"
	"unsafe"

	"fruix/interp/code"
	"fruix/interp/datum"
	"fruix/interp/source"
)

// newProc makes the stub of the procedure at an offset of the stream.
func (u *Unit) newProc(at uint32) *code.Proc {
	p := new(code.Proc)
	u.stub(p, at)
	return p
}

// stub reads the head of a procedure into p.
func (u *Unit) stub(p *code.Proc, at uint32) {
	s := u.part(partProcs, at)
	p.Name = u.optional(s.u())
	flags := s.byte()
	p.IgnoresFirst, p.Hidden = flags&procIgnoresFirst != 0, flags&procHidden != 0
	p.Arity, p.Frame = s.int()-1, s.int()
	if p.Frame > 1<<16 || p.Arity > p.Frame {
		bad("a frame of %d registers", p.Frame)
	}
	if n := s.count(); n > 0 {
		p.Captures = make([]code.Capture, n)
		for i := range p.Captures {
			kind := s.byte()
			p.Captures[i] = code.Capture{
				Kind: code.CaptureKind(kind &^ captureBoxed), Boxed: kind&captureBoxed != 0,
				Index: s.int(), Name: u.optional(s.u()),
			}
		}
	}
	p.Properties = datum.Null
	code.Stub(p, u, uint32(s.at))
}

// FetchProc reads the rest of a procedure, which begins at an offset of the
// stream.
func (u *Unit) FetchProc(p *code.Proc, at uint32) (err error) {
	defer recoverDamage(&err)
	s := u.part(partProcs, at)
	p.Doc = u.optional(s.u())
	if i := s.u(); i > 0 {
		p.Properties = u.constant(i - 1)
	}
	words := u.wordsAt(s.u(), s.u())
	if n := s.count(); n > 0 {
		p.Consts = make([]datum.Value, n)
		for i := range p.Consts {
			p.Consts[i] = u.constant(s.u())
		}
	}
	if n := s.count(); n > 0 {
		stubs := make([]code.Proc, n)
		p.Procs = make([]*code.Proc, n)
		for i := range stubs {
			u.stub(&stubs[i], s.u())
			p.Procs[i] = &stubs[i]
		}
	}
	n := s.count()
	p.Clauses = make([]code.Clause, n)
	for i := range p.Clauses {
		u.clause(&s, &p.Clauses[i])
	}
	p.Where = u.pos(&s)
	var files []*source.File
	for range s.count() {
		f := s.u()
		if f == 0 {
			files = append(files, nil)
		} else {
			files = append(files, u.file(f-1))
		}
	}
	p.RestorePositions(s.take(s.int()), files)
	if n := s.count(); n > 0 {
		p.Locals = make([]code.Local, n)
		for i := range p.Locals {
			l := &p.Locals[i]
			l.Name, l.Reg, l.From = u.optional(s.u()), s.int(), s.int()
			l.To, l.Boxed = l.From+s.int(), s.flag()
			if l.Reg >= p.Frame {
				bad("a variable in register %d of %d", l.Reg, p.Frame)
			}
		}
	}
	p.Code = words
	if p.Arity != arity(p.Clauses) {
		bad("the arity of %q", p.Name)
	}
	return p.Check()
}

// arity is what code.Proc.Arity says of clauses.
func arity(clauses []code.Clause) int {
	if len(clauses) != 1 {
		return -1
	}
	if c := &clauses[0]; c.Opt == 0 && !c.HasKeys && !c.Rest && c.Entry == 0 {
		return c.Req
	}
	return -1
}

func (u *Unit) clause(s *stream, c *code.Clause) {
	flags := s.byte()
	c.HasKeys, c.AllowOtherKeys, c.Rest = flags&clauseKeys != 0, flags&clauseOthers != 0, flags&clauseRest != 0
	c.Req, c.Opt, c.Entry = s.int(), s.int(), s.int()
	if n := s.count(); n > 0 {
		c.Keys = make([]*datum.Keyword, n)
		for i := range c.Keys {
			c.Keys[i] = datum.InternKeyword(u.symbol(s.u()).Name)
		}
	}
	if n := s.count(); n > 0 {
		c.Names = make([]string, n)
		for i := range c.Names {
			c.Names[i] = u.optional(s.u())
		}
	}
}

// littleEndian tells whether words can be used as they lie in a unit.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// wordsAt gives n words of code, in place where the machine allows.
func (u *Unit) wordsAt(from, n uint32) []code.Word {
	p := u.parts[partWords]
	if n == 0 || uint64(from)+uint64(n) > uint64(p.count) {
		bad("code lies outside")
	}
	b := u.data[p.offset+8*from:]
	if first := unsafe.Pointer(unsafe.SliceData(b)); littleEndian && uintptr(first)%8 == 0 {
		return unsafe.Slice((*code.Word)(first), n)
	}
	out := make([]code.Word, n)
	for i := range out {
		out[i] = code.Word(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}
