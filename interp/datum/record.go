package datum

import "unsafe"

// RecordType describes records: Guile's record type descriptors, which are
// also the types of conditions and of every struct-like object.
type RecordType struct {
	Name   string
	Parent *RecordType
	// Fields names all fields, those of the parents first.
	Fields []*Symbol
	// Mutable tells for each field whether it may be set.
	Mutable []bool
	Opaque  bool
	Sealed  bool
	UID     *Symbol
	// Printer, when a procedure, is called with the record and a port.
	Printer Value
	// Properties is an alist for extensions.
	Properties Value
	// Applicable records (Guile's applicable structs) are called through
	// the procedure in field 0.
	Applicable bool
}

// Record is an instance.
type Record struct {
	Type   *RecordType
	Fields []Value
}

// Value returns t as a value.
func (t *RecordType) Value() Value { return Obj(KRecordType, unsafe.Pointer(t)) }

// RecordType returns the type held by v.
func (v Value) RecordType() *RecordType { return (*RecordType)(v.p) }

// NewRecord makes an instance that owns fields.
func NewRecord(t *RecordType, fields []Value) Value {
	return Obj(KRecord, unsafe.Pointer(&Record{t, fields}))
}

// Record returns the record of v.
func (v Value) Record() *Record { return (*Record)(v.p) }

// IsRecordOf reports whether v is a record of type t or one derived from it.
func (v Value) IsRecordOf(t *RecordType) bool {
	if !v.Is(KRecord) {
		return false
	}
	for r := v.Record().Type; r != nil; r = r.Parent {
		if r == t {
			return true
		}
	}
	return false
}
