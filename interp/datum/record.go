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
	// Meta is the type of the type itself, as an object: the class of a class,
	// the vtable of a vtable. It is nil for types made by make-record-type.
	Meta *RecordType
	// Slots are the fields that Meta gives the type itself.
	Slots []Value
	// Make is the constructor that the type was defined with, a procedure, if
	// it was.
	Make Value
	// Layout names the kinds of the fields as Guile's structure layouts do
	// ("pwpr"); "" for all fields ordinary.
	Layout string
	// Class is what GOOPS knows about the type, nil before it was asked.
	Class *Class
}

// Class is what the object system (Guile manual, "GOOPS") adds to a type.
type Class struct {
	// Precedence lists the class and those that it inherits from, most specific
	// first.
	Precedence []*RecordType
	// Places tells for the names of slots that lie in instances where.
	Places map[*Symbol]int
	// Size is the number of fields of an instance.
	Size int
	// Own tells classes made by GOOPS from record types seen as classes.
	Own bool
	// Metaclass says that the instances are classes.
	Metaclass bool
	// Epoch is, for a class that can be redefined, what its instances bear in
	// an extra field until the next definition; nil for other classes.
	Epoch *Epoch
}

// Epoch is the time between two definitions of a class: Type holds the
// definition.
type Epoch struct{ Type *RecordType }

// Selector is found in field 0 of applicable records that choose what to call
// by the arguments: generic functions.
type Selector interface {
	// Select returns the procedure to call with args.
	Select(args []Value) Value
}

// SlotUnbound marks slots of objects that have no value yet.
var SlotUnbound = constant(8)

// IsObject reports whether v is an instance of a class made by GOOPS.
func (v Value) IsObject() bool {
	switch v.Kind() {
	case KRecord:
		c := v.Record().Type.Class
		return c != nil && c.Own
	case KRecordType:
		m := v.RecordType().Meta
		return m != nil && m.Class != nil && m.Class.Own
	}
	return false
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
