package compiled

import (
	"encoding/binary"

	"fruix/interp/code"
	"fruix/interp/datum"
)

// Flags of a procedure.
const (
	procIgnoresFirst = 1 << iota
	procHidden
)

// captureBoxed is added to the kind of a captured variable that lies in a box.
const captureBoxed = 0x80

// Flags of a clause.
const (
	clauseKeys = 1 << iota
	clauseOthers
	clauseRest
)

// proc writes a procedure and returns where it lies in the stream. Its head is
// what a closure of it needs to be made; the body follows.
//
//	name+1 flags arity+1 frame captures: kind and boxed, index, name
//	doc+1 properties+1 words-at words constants procedures clauses place
//	files positions locals
func (w *Writer) proc(p *code.Proc) uint32 {
	if at, ok := w.procAt[p]; ok {
		return at
	}
	if err := p.Fetch(); err != nil {
		w.fail("%v", err)
		return 0
	}
	b := uvarint(nil, w.optional(p.Name))
	flags := byte(0)
	if p.IgnoresFirst {
		flags |= procIgnoresFirst
	}
	if p.Hidden {
		flags |= procHidden
	}
	b = append(b, flags)
	b = uvarint(uvarint(b, uint32(p.Arity+1)), uint32(p.Frame))
	b = uvarint(b, uint32(len(p.Captures)))
	for _, c := range p.Captures {
		kind := byte(c.Kind)
		if c.Boxed {
			kind |= captureBoxed
		}
		b = append(b, kind)
		b = uvarint(uvarint(b, uint32(c.Index)), w.optional(c.Name))
	}
	b = uvarint(b, w.optional(p.Doc))
	if p.Properties == datum.Null {
		b = uvarint(b, 0)
	} else {
		b = uvarint(b, w.constant(p.Properties)+1)
	}
	b = uvarint(uvarint(b, uint32(w.nwords)), uint32(len(p.Code)))
	for _, x := range p.Code {
		w.words = binary.LittleEndian.AppendUint64(w.words, uint64(x))
	}
	w.nwords += len(p.Code)
	b = uvarint(b, uint32(len(p.Consts)))
	for _, v := range p.Consts {
		b = uvarint(b, w.constant(v))
	}
	b = uvarint(b, uint32(len(p.Procs)))
	for _, q := range p.Procs {
		b = uvarint(b, w.proc(q))
	}
	b = uvarint(b, uint32(len(p.Clauses)))
	for i := range p.Clauses {
		b = w.clause(b, &p.Clauses[i])
	}
	b = w.pos(b, p.Where)
	table, files := p.Positions()
	b = uvarint(b, uint32(len(files)))
	for _, f := range files {
		if f == nil {
			b = uvarint(b, 0)
			continue
		}
		b = uvarint(b, w.file(f)+1)
	}
	b = append(uvarint(b, uint32(len(table))), table...)
	b = uvarint(b, uint32(len(p.Locals)))
	for _, l := range p.Locals {
		b = uvarint(uvarint(b, w.optional(l.Name)), uint32(l.Reg))
		b = flag(uvarint(uvarint(b, uint32(l.From)), uint32(l.To-l.From)), l.Boxed)
	}
	at := uint32(len(w.procs))
	w.procs = append(w.procs, b...)
	w.procAt[p] = at
	return at
}

func (w *Writer) clause(b []byte, c *code.Clause) []byte {
	flags := byte(0)
	for i, f := range []bool{c.HasKeys, c.AllowOtherKeys, c.Rest} {
		if f {
			flags |= 1 << i
		}
	}
	b = append(b, flags)
	b = uvarint(uvarint(uvarint(b, uint32(c.Req)), uint32(c.Opt)), uint32(c.Entry))
	b = uvarint(b, uint32(len(c.Keys)))
	for _, k := range c.Keys {
		b = uvarint(b, w.symbol(k.Name))
	}
	b = uvarint(b, uint32(len(c.Names)))
	for _, n := range c.Names {
		b = uvarint(b, w.optional(n))
	}
	return b
}

// optional is the number of a string and 1, 0 for the empty one.
func (w *Writer) optional(s string) uint32 {
	if s == "" {
		return 0
	}
	return w.str(s) + 1
}
