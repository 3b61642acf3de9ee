package stub

import (
	"encoding/binary"
	"math"
)

// StatusFD is the descriptor that reports are written to.
const StatusFD = 4

// AnyError as [Record.Tolerate] tolerates every error.
const AnyError = math.MaxUint16

// A Record is one system call, and what follows from its result. Without more
// said, an error ends the process after a report, and success goes on.
type Record struct {
	Number int
	// OnSaved puts the result that was saved last in place of the first argument.
	OnSaved bool
	// OnChild puts the number of the child that was made last there.
	OnChild bool
	// Save saves the result: a descriptor.
	Save bool
	// Expect makes every result but that of Want a failure, one without a number.
	Expect bool
	Want   uintptr
	// Tolerate is an error number that is no failure; SkipAfter records are skipped
	// then.
	Tolerate, SkipAfter int
	// Skip is how many records are skipped after a success.
	Skip int

	kind byte
	args [6]Arg
}

// How the code treats a record: see code_amd64.s.
const (
	kindPlain  = iota
	kindSave   // the result is saved
	kindFork   // a child skips, the parent keeps the child's number
	kindReap   // again, until the result is the child
	kindExpect // the result must be the sixth argument
)

// An Arg is an argument of a call: a [Number] or a [Place].
type Arg interface{ value(data uintptr) uintptr }

// A Number is an argument as it is.
type Number uintptr

func (n Number) value(uintptr) uintptr { return uintptr(n) }

// A Place is a piece of a program's data; as an argument it is its address.
type Place int

func (p Place) value(data uintptr) uintptr { return data + uintptr(p) }

// reportPlace is a place in the header, which the code makes reports in.
type reportPlace uintptr

func (p reportPlace) value(uintptr) uintptr { return dataBase + uintptr(p) }

// A Program is a list of calls in the making, and their data. Its zero value is
// empty and ready. It is for one goroutine.
type Program struct {
	records  []Record
	data     []byte
	strings  map[string]Place
	pointers []pointer
}

// NewProgram returns an empty program with room for as many records and bytes of
// data. More is no mistake.
func NewProgram(records, data int) Program {
	return Program{records: make([]Record, 0, records), data: make([]byte, 0, data)}
}

// pointer is an address in the data.
type pointer struct{ at, to Place }

// Len returns how many records there are: the index of the next one.
func (p *Program) Len() int { return len(p.records) }

// Add appends a call.
func (p *Program) Add(r Record, args ...Arg) {
	switch {
	case r.Save:
		r.kind = kindSave
	case r.Expect:
		r.kind = kindExpect
		r.args[5] = Number(r.Want)
	}
	copy(r.args[:], args)
	p.records = append(p.records, r)
}

// Fork makes a child with the memory and the files of this process. The child goes
// on where [Program.Child] is called with the result.
func (p *Program) Fork() int {
	const sigchld = 17
	p.Add(Record{Number: sysClone, kind: kindFork}, Number(sigchld))
	return len(p.records) - 1
}

// Child says that the child that was made by fork goes on with the next record.
func (p *Program) Child(fork int) { p.records[fork].Skip = len(p.records) - fork - 1 }

// Reap waits until the child that was made last has ended, and for all other
// children meanwhile.
func (p *Program) Reap() {
	p.Add(Record{Number: sysWait4, kind: kindReap},
		Number(math.MaxUint), reportPlace(exitReport+4), Number(0), reportPlace(exitReport+8))
}

// ReportExit writes to [StatusFD] how the child that was reaped has ended.
func (p *Program) ReportExit() {
	p.Add(Record{Number: sysWrite}, Number(StatusFD), reportPlace(exitReport), Number(exitSize))
}

// ReportReady writes to [StatusFD] that all went well so far.
func (p *Program) ReportReady() {
	ready := make([]byte, failureSize)
	ready[0] = ReportedReady
	p.Add(Record{Number: sysWrite}, Number(StatusFD), p.Bytes(ready), Number(failureSize))
}

// Exit ends the process with this status.
func (p *Program) Exit(status int) { p.Add(Record{Number: sysExitGroup}, Number(status)) }

// Bytes adds data, aligned to 8 bytes.
func (p *Program) Bytes(b []byte) Place {
	for len(p.data)%8 != 0 {
		p.data = append(p.data, 0)
	}
	at := Place(len(p.data))
	p.data = append(p.data, b...)
	return at
}

// Space adds n bytes of zero, aligned to 8 bytes.
func (p *Program) Space(n int) Place { return p.Bytes(make([]byte, n)) }

// String adds s and a byte of zero; equal strings are added once. s must not hold
// a byte of zero.
func (p *Program) String(s string) Place {
	if at, ok := p.strings[s]; ok {
		return at
	}
	at := Place(len(p.data))
	p.data = append(append(p.data, s...), 0)
	if p.strings == nil {
		p.strings = map[string]Place{}
	}
	p.strings[s] = at
	return at
}

// SetUint16 sets the 2 bytes at a place.
func (p *Program) SetUint16(at Place, v uint16) { binary.LittleEndian.PutUint16(p.data[at:], v) }

// Point makes the 8 bytes at a place the address of another.
func (p *Program) Point(at, to Place) { p.pointers = append(p.pointers, pointer{at, to}) }

// Strings adds strings and an array of their addresses with a null pointer at its
// end, as execve(2) takes it.
func (p *Program) Strings(list []string) Place {
	array := p.Space(8 * (len(list) + 1))
	for i, s := range list {
		p.Point(array+Place(8*i), p.String(s))
	}
	return array
}

// encode returns the header, the records and the data.
func (p *Program) encode() []byte {
	data := header + recordSize*len(p.records)
	out := make([]byte, data, data+len(p.data))
	binary.LittleEndian.PutUint32(out[exitReport:], ReportedExit)
	le := binary.LittleEndian
	for i := range p.records {
		r := &p.records[i]
		b := out[header+recordSize*i:][:recordSize]
		le.PutUint64(b, uint64(r.Number))
		for j, a := range r.args {
			if a != nil {
				le.PutUint64(b[8+8*j:], uint64(a.value(dataBase+uintptr(data))))
			}
		}
		b[56] = r.kind
		switch {
		case r.OnSaved:
			b[57] = 1
		case r.OnChild:
			b[57] = 2
		}
		le.PutUint16(b[58:], uint16(r.Tolerate))
		le.PutUint16(b[60:], uint16(r.SkipAfter))
		le.PutUint16(b[62:], uint16(r.Skip))
	}
	out = append(out, p.data...)
	for _, q := range p.pointers {
		le.PutUint64(out[data+int(q.at):], uint64(dataBase+uintptr(data)+uintptr(q.to)))
	}
	return out
}
