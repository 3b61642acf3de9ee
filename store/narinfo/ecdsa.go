package narinfo

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"slices"

	"filippo.io/edwards25519"
)

// Guix signs with ECDSA on the group of Ed25519 (Libgcrypt's curve "Ed25519" with the
// flag rfc6979), not with EdDSA; a point is written as Ed25519 writes public keys, and
// the coordinate that a signature is about is x of the twisted Edwards curve.

// ecdsaSignature is the pair of numbers, big-endian, 32 bytes each.
type ecdsaSignature struct{ r, s []byte }

// orderBits is how many bits the order of the group has: as many bits of a hash, from
// the left, are signed (FIPS 186-4, 6.4).
const orderBits = 253

// scalarOf reads a number, big-endian, that is less than the order.
func scalarOf(b []byte) (*edwards25519.Scalar, error) {
	b = slices.Clone(b)
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > 32 {
		return nil, errors.New("too large a number")
	}
	little := make([]byte, 32)
	for i, c := range b {
		little[len(b)-1-i] = c
	}
	return edwards25519.NewScalar().SetCanonicalBytes(little)
}

// bigEndian writes a number.
func bigEndian(s *edwards25519.Scalar) []byte {
	b := s.Bytes()
	slices.Reverse(b)
	return b
}

// reduce is a number of 32 bytes, little-endian, modulo the order.
func reduce(little []byte) *edwards25519.Scalar {
	wide := make([]byte, 64)
	copy(wide, little)
	s, err := edwards25519.NewScalar().SetUniformBytes(wide)
	if err != nil {
		panic(err) // it has 64 bytes
	}
	return s
}

// leftBits are the leftmost bits of 32 bytes, as many as the order has, little-endian.
func leftBits(b []byte) []byte {
	const drop = 256 - orderBits
	out := make([]byte, 32)
	for i := range out {
		out[31-i] = b[i] >> drop
		if i > 0 {
			out[31-i] |= b[i-1] << (8 - drop)
		}
	}
	return out
}

// coordinate is x of a point, modulo the order.
func coordinate(p *edwards25519.Point) *edwards25519.Scalar {
	x, _, z, _ := p.ExtendedCoordinates()
	return reduce(x.Multiply(x, z.Invert(z)).Bytes())
}

func isZero(s *edwards25519.Scalar) bool { return s.Equal(edwards25519.NewScalar()) == 1 }

// ecdsaVerify says whether sig is a signature of a SHA-256 with the public key q.
func ecdsaVerify(q, sum []byte, sig ecdsaSignature) bool {
	point, err := new(edwards25519.Point).SetBytes(q)
	if err != nil || len(sum) != sha256.Size {
		return false
	}
	r, rerr := scalarOf(sig.r)
	s, serr := scalarOf(sig.s)
	if rerr != nil || serr != nil || isZero(r) || isZero(s) {
		return false
	}
	w := edwards25519.NewScalar().Invert(s)
	u1 := edwards25519.NewScalar().Multiply(reduce(leftBits(sum)), w)
	u2 := edwards25519.NewScalar().Multiply(r, w)
	return coordinate(new(edwards25519.Point).VarTimeDoubleScalarBaseMult(u2, point, u1)).Equal(r) == 1
}

// ecdsaSign signs a SHA-256 with the secret number of an Ed25519 key, of which seed is
// the seed (RFC 8032, 5.1.5): the public key is that key's. The number that must not
// come twice follows from key and hash (RFC 6979, 3.2).
func ecdsaSign(seed, sum []byte) ecdsaSignature {
	expanded := sha512.Sum512(seed)
	d, err := edwards25519.NewScalar().SetBytesWithClamping(expanded[:32])
	if err != nil {
		panic(err) // it has 32 bytes
	}
	z := reduce(leftBits(sum))
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	v, k := make([]byte, 32), make([]byte, 32)
	for i := range v {
		v[i] = 1
	}
	for _, b := range []byte{0, 1} {
		k = mac(k, v, []byte{b}, bigEndian(d), bigEndian(z))
		v = mac(k, v)
	}
	for {
		v = mac(k, v)
		n, err := edwards25519.NewScalar().SetCanonicalBytes(leftBits(v))
		if err == nil && !isZero(n) {
			r := coordinate(new(edwards25519.Point).ScalarBaseMult(n))
			s := edwards25519.NewScalar().MultiplyAdd(r, d, z)
			s.Multiply(s, edwards25519.NewScalar().Invert(n))
			if !isZero(r) && !isZero(s) {
				return ecdsaSignature{bigEndian(r), bigEndian(s)}
			}
		}
		k = mac(k, v, []byte{0})
		v = mac(k, v)
	}
}
