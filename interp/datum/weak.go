package datum

import (
	"unsafe"
	"weak"
)

// Weak refers to a value without keeping it alive. What is no object of the
// heap, a number or a constant for example, never dies.
type Weak struct {
	w weak.Pointer[byte]
	v Value // the value itself when it cannot die, or else its type word
}

// MakeWeak makes a weak reference to v.
func MakeWeak(v Value) Weak {
	if !v.mortal() {
		return Weak{v: v}
	}
	return Weak{weak.Make((*byte)(v.p)), Value{n: v.n}}
}

// mortal reports whether v is an object that the collector may take.
func (v Value) mortal() bool {
	switch v.Kind() {
	case KFixnum, KFlonum, KConstant, KChar, KKeyword:
		return false
	case KSymbol:
		return !v.Symbol().Interned
	}
	return true
}

// Value gives the value; ok is false when it is gone.
func (w Weak) Value() (v Value, ok bool) {
	if w.w == (weak.Pointer[byte]{}) {
		return w.v, true
	}
	p := w.w.Value()
	if p == nil {
		return Unset, false
	}
	return Value{unsafe.Pointer(p), w.v.n}, true
}

// weakTable holds the entries of a weak hash table.
type weakTable struct {
	keys, values bool // which are weak
	entries      []weakEntry
	index        map[uint64][]int32 // by hash, places in entries
	sweepAt      int                // look for dead entries when there are so many
}

type weakEntry struct {
	hash    uint64
	key     Weak
	value   Weak
	removed bool
}

const firstSweep = 64

func newWeakTable(keys, values bool) *weakTable {
	return &weakTable{keys: keys, values: values, index: map[uint64][]int32{}, sweepAt: firstSweep}
}

func hold(v Value, weakly bool) Weak {
	if weakly {
		return MakeWeak(v)
	}
	return Weak{v: v}
}

// cell gives the entry as a fresh pair, nil when it is dead.
func (e *weakEntry) cell() *Pair {
	if e.removed {
		return nil
	}
	k, ok1 := e.key.Value()
	v, ok2 := e.value.Value()
	if !ok1 || !ok2 {
		return nil
	}
	return &Pair{k, v}
}

// find returns the live entry of a key, nil when there is none.
func (t *weakTable) find(hash uint64, key Value, e Equivalence) *weakEntry {
	for _, i := range t.index[hash] {
		en := &t.entries[i]
		if c := en.cell(); c != nil && e.same(c.Car, key) {
			return en
		}
	}
	return nil
}

func (t *weakTable) set(key, value Value, e Equivalence) {
	hash := e.Hash(key)
	if en := t.find(hash, key, e); en != nil {
		en.value = hold(value, t.values)
		return
	}
	t.add(hash, key, value)
}

func (t *weakTable) add(hash uint64, key, value Value) {
	if len(t.entries) >= t.sweepAt {
		t.sweep()
	}
	t.index[hash] = append(t.index[hash], int32(len(t.entries)))
	t.entries = append(t.entries, weakEntry{hash: hash, key: hold(key, t.keys), value: hold(value, t.values)})
}

// sweep drops dead entries.
func (t *weakTable) sweep() {
	kept := t.entries[:0]
	clear(t.index)
	for i := range t.entries {
		if en := t.entries[i]; en.cell() != nil {
			t.index[en.hash] = append(t.index[en.hash], int32(len(kept)))
			kept = append(kept, en)
		}
	}
	clear(t.entries[len(kept):])
	t.entries = kept
	t.sweepAt = max(2*len(kept), firstSweep)
}

func (t *weakTable) cells() []*Pair {
	var out []*Pair
	for i := range t.entries {
		if c := t.entries[i].cell(); c != nil {
			out = append(out, c)
		}
	}
	return out
}
