package num

import (
	"encoding/binary"
	"hash/fnv"
	"math/big"
	"math/rand/v2"

	"fruix/interp/datum"
)

// RandomState is the state of a random generator (PCG). It is not safe for
// concurrent use.
type RandomState struct {
	src *rand.PCG
	rnd *rand.Rand
}

// NewRandomState makes a generator from a seed text; the same seed gives the
// same numbers.
func NewRandomState(seed string) *RandomState {
	h := fnv.New128a()
	h.Write([]byte(seed))
	sum := h.Sum(nil)
	src := rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:]))
	return &RandomState{src, rand.New(src)}
}

// Copy returns a generator that goes on with the same numbers.
func (s *RandomState) Copy() *RandomState {
	src := *s.src
	return &RandomState{&src, rand.New(&src)}
}

// Uniform returns a float in [0, 1).
func (s *RandomState) Uniform() float64 { return s.rnd.Float64() }

// Normal returns a float of the standard normal distribution.
func (s *RandomState) Normal() float64 { return s.rnd.NormFloat64() }

// Exp returns a float of the exponential distribution of mean one.
func (s *RandomState) Exp() float64 { return s.rnd.ExpFloat64() }

// Random is random: an integer in [0, n) for an exact n, a float in [0, n)
// for an inexact one.
func (s *RandomState) Random(n datum.Value) (datum.Value, error) {
	if n.IsFlo() {
		if !(n.Flo() > 0) {
			return datum.Unset, datum.OutOfRange("random", 1, n)
		}
		return datum.Flo(s.rnd.Float64() * n.Flo()), nil
	}
	if !IsExactInteger(n) {
		return datum.Unset, datum.WrongType("random", 1, n)
	}
	if Sign(n) <= 0 {
		return datum.Unset, datum.OutOfRange("random", 1, n)
	}
	if n.IsFix() {
		return datum.Fix(s.rnd.Int64N(n.Fix())), nil
	}
	// Rejection sampling over the bits of n keeps the distribution uniform.
	m := n.Bignum().Int
	words := (m.BitLen() + 63) / 64
	buf := make([]byte, words*8)
	mask := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(m.BitLen())), big.NewInt(1))
	for {
		for i := 0; i < words; i++ {
			binary.BigEndian.PutUint64(buf[i*8:], s.rnd.Uint64())
		}
		x := new(big.Int).SetBytes(buf)
		if x.And(x, mask).Cmp(m) < 0 {
			return datum.Big(x), nil
		}
	}
}
