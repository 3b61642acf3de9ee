package datum

import (
	"hash/maphash"
	"math"
	"math/big"
	"unsafe"
)

// Equivalence is the equality that a hash table operation uses.
type Equivalence uint8

// The equivalences.
const (
	ByEq Equivalence = iota
	ByEqv
	ByEqual
)

// HashTable maps keys to values. Iteration follows the order of insertion, so
// that programs that walk a table are reproducible. As in Guile, the
// equivalence belongs to the operation, not to the table.
type HashTable struct {
	entries []hashEntry
	index   []int32 // open addressing; 0 is empty, i+1 is entries[i], -1 deleted
	live    int
	used    int        // index slots that are not empty
	weak    *weakTable // the entries of a weak table, which uses none of the above
	most    int        // entries it was made for
}

// nominalSizes are those that Guile's tables go through.
var nominalSizes = [...]int{31, 61, 113, 223, 443, 883, 1759, 3517, 7027, 14051, 28099, 56197, 112363, 224717, 449419, 898823, 1797641, 3595271, 7190537, 14381041}

// NominalSize is the number of buckets that a table of Guile's would have, for
// the table's representation: with room for what the table was made for, and a
// tenth to spare beyond what it holds.
func (t *HashTable) NominalSize() int {
	for _, n := range nominalSizes {
		if n >= t.most && 9*n/10 >= t.Len() {
			return n
		}
	}
	return nominalSizes[len(nominalSizes)-1]
}

// Expect says that the table is made for n entries.
func (t *HashTable) Expect(n int) { t.most = n }

type hashEntry struct {
	hash uint64
	cell *Pair // (key . value), nil when removed
}

// NewHashTable makes an empty table.
func NewHashTable() *HashTable { return &HashTable{} }

// NewWeakTable makes an empty table that does not keep its keys or its values
// alive. Its cells are copies.
func NewWeakTable(keys, values bool) *HashTable { return &HashTable{weak: newWeakTable(keys, values)} }

// Weakness tells whether the keys and the values are weak.
func (t *HashTable) Weakness() (keys, values bool) {
	if t.weak == nil {
		return false, false
	}
	return t.weak.keys, t.weak.values
}

// Value returns t as a value.
func (t *HashTable) Value() Value { return Obj(KHashTable, unsafe.Pointer(t)) }

// HashTable returns the hash table of v.
func (v Value) HashTable() *HashTable { return (*HashTable)(v.p) }

// Len is the number of entries.
func (t *HashTable) Len() int {
	if t.weak != nil {
		t.weak.sweep()
		return len(t.weak.entries)
	}
	return t.live
}

func (e Equivalence) same(a, b Value) bool {
	if a == b {
		return true
	}
	switch e {
	case ByEq:
		return false
	case ByEqv:
		return Eqv(a, b)
	}
	return Equal(a, b)
}

// Hash is a hash that agrees with the equivalence.
func (e Equivalence) Hash(v Value) uint64 {
	switch e {
	case ByEq:
		return hashEq(v)
	case ByEqv:
		return hashEqv(v)
	}
	left := hashBudget
	return hashEqual(v, &left)
}

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return h
}

// hashEq uses addresses: the collector of Go's runtime does not move objects.
func hashEq(v Value) uint64 {
	if v.p == nil || v.p == unsafe.Pointer(flonumTag) || v.p == unsafe.Pointer(constantTag) {
		return mix(v.n)
	}
	return mix(uint64(uintptr(v.p)))
}

var seed = maphash.MakeSeed()

func hashEqv(v Value) uint64 {
	switch v.Kind() {
	case KBignum:
		return hashBig(v.Bignum().Int)
	case KRatnum:
		r := v.Ratnum().Rat
		return mix(hashBig(r.Num()) + 31*hashBig(r.Denom()))
	case KCompnum:
		c := v.Compnum()
		return mix(hashEqv(c.Re) + 31*hashEqv(c.Im))
	}
	return hashEq(v)
}

func hashBig(i *big.Int) uint64 {
	h := uint64(i.Sign())
	for _, w := range i.Bits() {
		h = mix(h*31 + uint64(w))
	}
	return h
}

// hashBudget bounds how many parts of a structure enter its hash, and
// hashWidth how many of one list or vector, so that a hash takes bounded time
// and ends on cyclic data. Both are used up in the same way by equal structures.
const (
	hashBudget = 64
	hashWidth  = 8
)

func hashEqual(v Value, left *int) uint64 {
	*left--
	switch v.Kind() {
	case KString:
		s := v.Str()
		if s.wide == nil {
			return maphash.Bytes(seed, s.narrow)
		}
		h := uint64(0)
		ascii := true
		for _, r := range s.wide {
			h = h*31 + uint64(r)
			ascii = ascii && r < 128
		}
		if ascii {
			return maphash.String(seed, s.Go())
		}
		return mix(h)
	case KBytevector:
		return maphash.Bytes(seed, v.Bytevector().B)
	case KPair:
		h := uint64(17)
		for n := 0; v.IsPair() && n < hashWidth && *left > 0; n++ {
			h = mix(h*31 + hashEqual(v.Pair().Car, left))
			v = v.Pair().Cdr
		}
		if !v.IsPair() && *left > 0 {
			h = mix(h*31 + hashEqual(v, left))
		}
		return h
	case KVector:
		items := v.Vector().Items
		h := uint64(len(items))
		for i := 0; i < len(items) && i < hashWidth && *left > 0; i++ {
			h = mix(h*31 + hashEqual(items[i], left))
		}
		return h
	case KSyntax: // equal by what they hold, and the context that is left out here
		return mix(hashEqual((*Annotated)(v.p).Datum, left))
	case KBitvector:
		return mix(uint64(len(v.Bitvector().Bits)))
	case KRecord: // records of one type are equal by their fields
		if v.IsObject() {
			break
		}
		r := v.Record()
		h := mix(uint64(uintptr(unsafe.Pointer(r.Type))))
		for i := 0; i < len(r.Fields) && i < hashWidth && *left > 0; i++ {
			h = mix(h*31 + hashEqual(r.Fields[i], left))
		}
		return h
	case KArray:
		// A row of objects is equal to a vector of them.
		if a := v.Array(); len(a.Dims) == 1 && a.Dims[0].Lo == 0 && a.Root.Is(KVector) {
			return hashEqual(NewVector(pick(a.Root.Vector().Items, a.offsets())), left)
		}
		return mix(uint64(len(v.Array().Dims)))
	case KCharSet:
		return mix(uint64(len(v.CharSet().Ranges())))
	case KOpaque:
		if _, ok := v.Opaque().Go.(Compound); ok {
			return mix(uint64(len(v.Opaque().Type)))
		}
	}
	return hashEqv(v)
}

// find returns the index slot of a key's entry, or -1.
func (t *HashTable) find(hash uint64, key Value, e Equivalence) int {
	if len(t.index) == 0 {
		return -1
	}
	mask := uint64(len(t.index) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch n := t.index[i]; {
		case n == 0:
			return -1
		case n > 0:
			en := &t.entries[n-1]
			if en.hash == hash && e.same(en.cell.Car, key) {
				return int(i)
			}
		}
	}
}

// Handle returns the cell (key . value) of a key, nil when there is none. The
// value may be changed through it, the key may not.
func (t *HashTable) Handle(key Value, e Equivalence) *Pair {
	if t.weak != nil {
		if en := t.weak.find(e.Hash(key), key, e); en != nil {
			return en.cell()
		}
		return nil
	}
	if t.live == 0 {
		return nil
	}
	if i := t.find(e.Hash(key), key, e); i >= 0 {
		return t.entries[t.index[i]-1].cell
	}
	return nil
}

// Create returns the cell of a key, made with the value init when there is
// none yet.
func (t *HashTable) Create(key, init Value, e Equivalence) *Pair {
	if t.weak != nil {
		if c := t.Handle(key, e); c != nil {
			return c
		}
		t.weak.set(key, init, e)
		return &Pair{key, init}
	}
	hash := e.Hash(key)
	if i := t.find(hash, key, e); i >= 0 {
		return t.entries[t.index[i]-1].cell
	}
	return t.AddToBucket(hash, key, init)
}

// Get returns the value of a key, and whether there is one.
func (t *HashTable) Get(key Value, e Equivalence) (Value, bool) {
	if c := t.Handle(key, e); c != nil {
		return c.Cdr, true
	}
	return Unset, false
}

// Set gives a key a value.
func (t *HashTable) Set(key, value Value, e Equivalence) {
	if t.weak != nil {
		t.weak.set(key, value, e)
		return
	}
	t.Create(key, value, e).Cdr = value
}

// Remove takes a key out and returns its cell, nil when there was none.
func (t *HashTable) Remove(key Value, e Equivalence) *Pair {
	if t.weak != nil {
		en := t.weak.find(e.Hash(key), key, e)
		if en == nil {
			return nil
		}
		en.removed = true
		c, _ := en.key.Value()
		return &Pair{c, Unspecified}
	}
	if t.live == 0 {
		return nil
	}
	i := t.find(e.Hash(key), key, e)
	if i < 0 {
		return nil
	}
	en := &t.entries[t.index[i]-1]
	cell := en.cell
	en.cell = nil
	t.index[i] = -1
	t.live--
	if t.live == 0 {
		t.Clear()
	}
	return cell
}

// Clear removes all entries.
func (t *HashTable) Clear() {
	if t.weak != nil {
		t.weak = newWeakTable(t.weak.keys, t.weak.values)
	}
	t.entries, t.index, t.live, t.used = nil, nil, 0, 0
}

func (t *HashTable) place(hash uint64, n int32) {
	mask := uint64(len(t.index) - 1)
	i := hash & mask
	for t.index[i] > 0 {
		i = (i + 1) & mask
	}
	if t.index[i] == 0 {
		t.used++
	}
	t.index[i] = n
}

// rebuild makes room and drops removed entries.
func (t *HashTable) rebuild() {
	size := 8
	for size*3 < (t.live+1)*2*4 {
		size *= 2
	}
	kept := make([]hashEntry, 0, t.live+1)
	for _, en := range t.entries {
		if en.cell != nil {
			kept = append(kept, en)
		}
	}
	t.entries = kept
	t.index = make([]int32, size)
	t.used = 0
	for i, en := range kept {
		t.place(en.hash, int32(i+1))
	}
}

// Cells returns the cells (key . value) in order of insertion.
func (t *HashTable) Cells() []*Pair {
	if t.weak != nil {
		return t.weak.cells()
	}
	out := make([]*Pair, 0, t.live)
	for _, en := range t.entries {
		if en.cell != nil {
			out = append(out, en.cell)
		}
	}
	return out
}

// Bucket lists the cells whose key has a hash. It is for tables that hash as
// their user says; AddToBucket makes a new cell in such a bucket.
func (t *HashTable) Bucket(hash uint64) []*Pair {
	var out []*Pair
	if t.weak != nil {
		for _, i := range t.weak.index[hash] {
			if c := t.weak.entries[i].cell(); c != nil {
				out = append(out, c)
			}
		}
		return out
	}
	if len(t.index) == 0 {
		return nil
	}
	mask := uint64(len(t.index) - 1)
	for i := hash & mask; t.index[i] != 0; i = (i + 1) & mask {
		if n := t.index[i]; n > 0 && t.entries[n-1].hash == hash {
			out = append(out, t.entries[n-1].cell)
		}
	}
	return out
}

// AddToBucket adds a key that the bucket does not hold yet.
func (t *HashTable) AddToBucket(hash uint64, key, value Value) *Pair {
	if t.weak != nil {
		t.weak.add(hash, key, value)
		return &Pair{key, value}
	}
	if (t.used+1)*4 > len(t.index)*3 {
		t.rebuild()
	}
	cell := &Pair{key, value}
	t.entries = append(t.entries, hashEntry{hash, cell})
	t.place(hash, int32(len(t.entries)))
	t.live++
	return cell
}

// RemoveFromBucket removes the entry whose key is key itself.
func (t *HashTable) RemoveFromBucket(hash uint64, key Value) {
	if t.weak != nil {
		if en := t.weak.find(hash, key, ByEq); en != nil {
			en.removed = true
		}
		return
	}
	if i := t.find(hash, key, ByEq); i >= 0 {
		t.entries[t.index[i]-1].cell = nil
		t.index[i] = -1
		t.live--
	}
}

// PairValue returns a cell as a value.
func (p *Pair) PairValue() Value { return Obj(KPair, unsafe.Pointer(p)) }

// StableHash is a hash of v below n that is the same in every run for
// numbers, characters, symbols, keywords, strings, and lists and vectors of
// these. Records of one type with the same fields have the same hash.
func StableHash(v Value, n uint64) uint64 {
	if n == 0 {
		return 0
	}
	left := hashBudget
	return stableHash(v, &left) % n
}

func stableHash(v Value, left *int) uint64 {
	*left--
	var h uint64 = 14695981039346656037
	text := func(s string) {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	switch v.Kind() {
	case KSymbol:
		text(v.Symbol().Name)
	case KKeyword:
		text(v.Keyword().Name.Name)
	case KString:
		text(v.Str().Go())
	case KFlonum:
		h = mix(math.Float64bits(v.Flo()))
	case KBignum, KRatnum, KCompnum:
		h = hashEqv(v)
	case KFixnum, KChar, KConstant:
		h = mix(v.n)
	case KPair:
		for d := 0; v.IsPair() && d < hashWidth && *left > 0; d++ {
			h = mix(h*31 + stableHash(v.Pair().Car, left))
			v = v.Pair().Cdr
		}
	case KSyntax:
		h = mix(stableHash((*Annotated)(v.p).Datum, left))
	case KVector:
		for i, x := range v.Vector().Items {
			if i == hashWidth || *left <= 0 {
				break
			}
			h = mix(h*31 + stableHash(x, left))
		}
	case KRecord: // as in Guile by the fields that are not hidden
		if v.IsObject() {
			return hashEq(v)
		}
		r := v.Record()
		h = mix(uint64(uintptr(unsafe.Pointer(r.Type))))
		for i, x := range r.Fields {
			if i == hashWidth || *left <= 0 {
				break
			}
			if 2*i+1 >= len(r.Type.Layout) || r.Type.Layout[2*i+1] != 'h' {
				h = mix(h*31 + stableHash(x, left))
			}
		}
	default:
		h = hashEq(v)
	}
	return h
}
