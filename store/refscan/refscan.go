// Package refscan finds out which of a set of store objects a stream of bytes
// mentions, by looking for the 32 digits of their hash parts.
//
// The idea is Nix's (E. Dolstra's thesis, section 5.5.1): a built file refers
// to an input exactly if the input's hash occurs in it. A window of 32 bytes
// is looked at from its end; a byte that is no nix-base32 digit lets the
// search skip past it, so that most input is read at one byte in thirty-two.
package refscan

import (
	"encoding/binary"

	"fruix/store/nixbase32"
)

// Len is the length of what is searched for.
const Len = 32

type key = [Len]byte

// filterBits is the logarithm of the number of bits in the quick filter.
const filterBits = 16

// Scanner is an [io.Writer] that looks for hash parts in what is written to
// it, however it is cut into pieces. It is for one goroutine.
type Scanner struct {
	wanted map[key]struct{} // not found yet
	found  map[key]struct{}
	filter [1 << (filterBits - 6)]uint64 // which first eight bytes may begin a wanted key
	digit  [256]bool
	tail   []byte // up to 31 last bytes of what was written before
}

// New returns a Scanner for the hash parts given, each of 32 nix-base32
// digits. Others can occur in no store path and are left out.
func New(hashParts []string) *Scanner {
	s := &Scanner{wanted: make(map[key]struct{}, len(hashParts)), found: map[key]struct{}{}}
	for c := range s.digit {
		s.digit[c] = nixbase32.IsDigit(byte(c))
	}
	for _, h := range hashParts {
		if len(h) != Len {
			continue
		}
		s.wanted[key([]byte(h))] = struct{}{}
		slot := slotOf([]byte(h))
		s.filter[slot>>6] |= 1 << (slot & 63)
	}
	return s
}

// slotOf spreads the first eight bytes over the filter (Fibonacci hashing).
func slotOf(b []byte) uint64 {
	return binary.LittleEndian.Uint64(b) * 0x9e3779b97f4a7c15 >> (64 - filterBits)
}

// Write looks through p. It never fails and keeps nothing of p.
func (s *Scanner) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.wanted) == 0 {
		return n, nil
	}
	if len(s.tail) > 0 {
		head := p[:min(len(p), Len-1)]
		s.tail = append(s.tail, head...)
		s.scan(s.tail)
	}
	if len(p) >= Len-1 {
		s.scan(p)
		s.tail = append(s.tail[:0], p[len(p)-(Len-1):]...)
		return n, nil
	}
	if len(s.tail) == 0 {
		s.tail = append(s.tail, p...)
	}
	if over := len(s.tail) - (Len - 1); over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
	return n, nil
}

// scan looks at every window of b. good counts the bytes at the beginning of
// the window that are known to be digits.
func (s *Scanner) scan(b []byte) {
	good := 0
	for i := 0; i+Len <= len(b); {
		w := b[i : i+Len : i+Len]
		j := Len - 1
		for j >= good && s.digit[w[j]] {
			j--
		}
		if j >= good {
			i += j + 1
			good = Len - 1 - j
			continue
		}
		s.check(w)
		i++
		good = Len - 1
	}
}

func (s *Scanner) check(w []byte) {
	slot := slotOf(w)
	if s.filter[slot>>6]&(1<<(slot&63)) == 0 {
		return
	}
	k := key(w)
	if _, ok := s.wanted[k]; ok {
		delete(s.wanted, k)
		s.found[k] = struct{}{}
	}
}

// Found says whether hashPart has occurred so far.
func (s *Scanner) Found(hashPart string) bool {
	if len(hashPart) != Len {
		return false
	}
	_, ok := s.found[key([]byte(hashPart))]
	return ok
}
