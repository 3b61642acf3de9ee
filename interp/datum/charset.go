package datum

import (
	"sort"
	"unsafe"
)

// Range is a run of code points, both ends included.
type Range struct{ Lo, Hi rune }

// CharSet is a set of characters (SRFI 14) as sorted, disjoint,
// non-adjacent ranges. It is never changed; the ! operations may return a
// fresh set.
type CharSet struct {
	ranges []Range
	ascii  [2]uint64
	later  func() *CharSet // what the set is, until it is first asked
}

// LazyCharSet makes the set that f returns when the set is first looked at.
func LazyCharSet(f func() *CharSet) *CharSet { return &CharSet{later: f} }

// known computes a set that was made by LazyCharSet.
func (s *CharSet) known() *CharSet {
	if f := s.later; f != nil {
		t := f().known()
		s.ranges, s.ascii, s.later = t.ranges, t.ascii, nil
	}
	return s
}

// Ranges are the members of s, in order; they must not be changed.
func (s *CharSet) Ranges() []Range { return s.known().ranges }

// NewCharSet makes a set of any ranges, in any order.
func NewCharSet(ranges []Range) *CharSet {
	rs := append([]Range(nil), ranges...)
	sort.Slice(rs, func(i, j int) bool { return rs[i].Lo < rs[j].Lo })
	var out []Range
	for _, r := range rs {
		if r.Hi < r.Lo {
			continue
		}
		if n := len(out); n > 0 && r.Lo <= out[n-1].Hi+1 {
			if r.Hi > out[n-1].Hi {
				out[n-1].Hi = r.Hi
			}
			continue
		}
		out = append(out, r)
	}
	s := &CharSet{ranges: out}
	for _, r := range out {
		for c := r.Lo; c <= r.Hi && c < 128; c++ {
			s.ascii[c>>6] |= 1 << (c & 63)
		}
	}
	return s
}

// Value returns s as a value.
func (s *CharSet) Value() Value { return Obj(KCharSet, unsafe.Pointer(s)) }

// CharSet returns the character set of v.
func (v Value) CharSet() *CharSet { return (*CharSet)(v.p) }

// Has reports whether r is a member.
func (s *CharSet) Has(r rune) bool {
	s.known()
	if r >= 0 && r < 128 {
		return s.ascii[r>>6]>>(r&63)&1 != 0
	}
	i := sort.Search(len(s.Ranges()), func(i int) bool { return s.Ranges()[i].Hi >= r })
	return i < len(s.Ranges()) && s.Ranges()[i].Lo <= r
}

// Size is the number of members.
func (s *CharSet) Size() int {
	n := 0
	for _, r := range s.Ranges() {
		n += int(r.Hi-r.Lo) + 1
	}
	return n
}

// Equal reports whether two sets have the same members.
func (s *CharSet) Equal(t *CharSet) bool {
	if len(s.Ranges()) != len(t.Ranges()) {
		return false
	}
	for i, r := range s.Ranges() {
		if t.Ranges()[i] != r {
			return false
		}
	}
	return true
}

// maxRune is the last code point; surrogates are no characters.
const maxRune = 0x10FFFF

// Complement returns the characters that are not members.
func (s *CharSet) Complement() *CharSet {
	var out []Range
	next := rune(0)
	for _, r := range append(append([]Range(nil), s.Ranges()...), Range{maxRune + 1, maxRune + 1}) {
		if r.Lo > next {
			out = append(out, Range{next, r.Lo - 1})
		}
		next = r.Hi + 1
	}
	return NewCharSet(cutSurrogates(out))
}

// cutSurrogates removes U+D800 to U+DFFF from ranges.
func cutSurrogates(in []Range) []Range {
	var out []Range
	for _, r := range in {
		if r.Hi < 0xD800 || r.Lo > 0xDFFF {
			out = append(out, r)
			continue
		}
		if r.Lo < 0xD800 {
			out = append(out, Range{r.Lo, 0xD7FF})
		}
		if r.Hi > 0xDFFF {
			out = append(out, Range{0xE000, r.Hi})
		}
	}
	return out
}

// Union returns the members of s or t.
func (s *CharSet) Union(t *CharSet) *CharSet {
	return NewCharSet(append(append([]Range(nil), s.Ranges()...), t.Ranges()...))
}

// Intersect returns the members of both s and t.
func (s *CharSet) Intersect(t *CharSet) *CharSet {
	var out []Range
	i, j := 0, 0
	for i < len(s.Ranges()) && j < len(t.Ranges()) {
		a, b := s.Ranges()[i], t.Ranges()[j]
		if lo, hi := max(a.Lo, b.Lo), min(a.Hi, b.Hi); lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if a.Hi < b.Hi {
			i++
		} else {
			j++
		}
	}
	return NewCharSet(out)
}
