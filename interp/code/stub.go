package code

import (
	"unsafe"

	"fruix/interp/source"
)

// fetchCode is the code of procedures whose body is not there yet.
var fetchCode = [...]Word{Word(Fetch), Word(Trap)}

// Bodies holds what stubs leave out.
type Bodies interface {
	// FetchProc fills in all but what Stub wants set; at is what Stub was given.
	FetchProc(p *Proc, at uint32) error
}

// Stub completes p, of which Name, Captures, Arity, Frame, IgnoresFirst and
// Hidden are set: the rest comes from bodies when the procedure is called or
// looked into for the first time. Most procedures of a program are never
// called, so that what is read from a cache is best brought in piece by piece.
func Stub(p *Proc, bodies Bodies, at uint32) {
	p.Code = fetchCode[:]
	p.Base = unsafe.Pointer(&fetchCode[0])
	p.bodies, p.at = bodies, at
}

// Fetch brings in what a stub leaves out; other procedures are left alone.
func (p *Proc) Fetch() error {
	if p.bodies == nil {
		return nil
	}
	if err := p.bodies.FetchProc(p, p.at); err != nil {
		p.Code = fetchCode[:]
		return err
	}
	p.bodies = nil
	p.Base = unsafe.Pointer(&p.Code[0])
	return nil
}

// Full returns p with its body, as far as that can be had.
func (p *Proc) Full() *Proc {
	_ = p.Fetch() // the machine reports the failure when p is called
	return p
}

// Positions gives the table of positions as bytes, with the files it speaks
// of.
func (p *Proc) Positions() (table []byte, files []*source.File) { return p.positions, p.files }

// RestorePositions gives p the table that Positions returned.
func (p *Proc) RestorePositions(table []byte, files []*source.File) {
	p.positions, p.files = table, files
}
