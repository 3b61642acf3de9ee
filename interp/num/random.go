package num

import (
	"math"
	"math/big"
	"math/bits"

	"fruix/interp/datum"
)

// RandomState is the state of a random generator: Marsaglia's multiply with
// carry, with the multiplier and the rules for seeds that Guile has, so that a
// seed gives the numbers it gives there. It is not safe for concurrent use.
type RandomState struct {
	W, C uint32
	// spare is a normal number that was computed and not used yet.
	spare    float64
	hasSpare bool
}

// multiplier is that of the generator, and DefaultSeed the seed of a Guile
// that was just started.
const (
	multiplier  = 2131995753
	DefaultSeed = "URL:http://stat.fsu.edu/~geo/diehard.html"
)

// NewRandomState makes a generator from a seed text; the same seed gives the
// same numbers.
func NewRandomState(seed string) *RandomState {
	s := &RandomState{}
	for i := 0; i < len(seed); i++ {
		if k := i % 8; k < 4 {
			s.W += uint32(seed[i]) << (8 * k)
		} else {
			s.C += uint32(seed[i]) << (8 * (k - 4))
		}
	}
	// The two states from which the generator never moves.
	if s.W == 0 && s.C == 0 || s.W == math.MaxUint32 && s.C == multiplier-1 {
		s.C++
	}
	return s
}

// Copy returns a generator that goes on with the same numbers.
func (s *RandomState) Copy() *RandomState {
	t := *s
	return &t
}

func (s *RandomState) bits() uint32 {
	x := uint64(multiplier)*uint64(s.W) + uint64(s.C)
	s.W, s.C = uint32(x), uint32(x>>32)
	return s.W
}

// Uniform returns a float in [0, 1).
func (s *RandomState) Uniform() float64 {
	const top = math.MaxUint32
	x := float64(s.bits()) / top
	return (x + float64(s.bits())) / top
}

// Normal returns a float of the standard normal distribution, by the method
// of Box and Muller.
func (s *RandomState) Normal() float64 {
	if s.hasSpare {
		s.hasSpare = false
		return s.spare
	}
	r := math.Sqrt(-2 * math.Log(s.Uniform()))
	a := 2 * math.Pi * s.Uniform()
	s.spare, s.hasSpare = r*math.Cos(a), true
	return r * math.Sin(a)
}

// Exp returns a float of the exponential distribution of mean one.
func (s *RandomState) Exp() float64 { return -math.Log(s.Uniform()) }

// below returns an integer in [0, n) by rejection, n > 0.
func (s *RandomState) below(n uint64) uint64 {
	if n <= math.MaxUint32 {
		mask := uint64(1)<<bits.Len64(n) - 1
		for {
			if r := uint64(s.bits()) & mask; r < n {
				return r
			}
		}
	}
	mask := uint64(1)<<bits.Len64(n>>32) - 1
	for {
		high := uint64(s.bits()) & mask
		if r := high<<32 | uint64(s.bits()); r < n {
			return r
		}
	}
}

// Random is random: an integer in [0, n) for an exact n, a float in [0, n)
// for an inexact one.
func (s *RandomState) Random(n datum.Value) (datum.Value, error) {
	if n.IsFlo() {
		return datum.Flo(s.Uniform() * n.Flo()), nil
	}
	if !IsExactInteger(n) {
		return datum.Unset, datum.WrongType("random", 1, n)
	}
	if Sign(n) <= 0 {
		return datum.Unset, datum.OutOfRange("random", 1, n)
	}
	if n.IsFix() {
		return datum.Fix(int64(s.below(uint64(n.Fix())))), nil
	}
	m := n.Bignum().Int
	buf := make([]byte, (m.BitLen()+31)/32*4)
	for {
		for i := 0; i < len(buf); i += 4 {
			w := s.bits()
			if part := m.BitLen() % 32; i == 0 && part != 0 {
				w &= 1<<part - 1
			}
			buf[i], buf[i+1], buf[i+2], buf[i+3] = byte(w>>24), byte(w>>16), byte(w>>8), byte(w)
		}
		if x := new(big.Int).SetBytes(buf); x.Cmp(m) < 0 {
			return datum.Big(x), nil
		}
	}
}
