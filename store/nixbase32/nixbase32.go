// Package nixbase32 encodes bytes in the base-32 notation of Nix and Guix
// store paths, and in the RFC 4648 notation that Guix's (guix base32) offers
// next to it.
//
// The Nix notation reads the bytes as one little-endian number and writes its
// base-32 digits with the most significant first, in an alphabet without the
// letters e, o, u and t. It is described in Nix's manual ("Store path
// specification", "base-32 representation").
package nixbase32

import (
	"encoding/base32"
	"errors"
	"fmt"
)

// Alphabet holds the 32 digits of the Nix notation in order of their value.
const Alphabet = "0123456789abcdfghijklmnpqrsvwxyz"

// invalid marks a byte that is no digit in the table that [reverse] returns.
const invalid = 0xff

// values maps a byte to its digit value, or invalid.
var values = reverse(Alphabet)

func reverse(alphabet string) (t [256]byte) {
	for i := range t {
		t[i] = invalid
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = byte(i)
	}
	return t
}

// IsDigit says whether c is one of the 32 digits of the Nix notation.
func IsDigit(c byte) bool { return values[c] != invalid }

// EncodedLen returns how many digits n bytes take.
func EncodedLen(n int) int { return (n*8 + 4) / 5 }

// DecodedLen returns how many bytes n digits hold.
func DecodedLen(n int) int { return n * 5 / 8 }

// EncodeToString returns b in the Nix notation.
func EncodeToString(b []byte) string {
	n := EncodedLen(len(b))
	out := make([]byte, n)
	for i := range n {
		bit := (n - 1 - i) * 5
		at, shift := bit/8, bit%8
		digit := b[at] >> shift
		if at+1 < len(b) {
			digit |= b[at+1] << (8 - shift)
		}
		out[i] = Alphabet[digit&31]
	}
	return string(out)
}

// DecodeString returns the bytes that s stands for. It reports a character
// that is no digit, a length that no encoding has, and digits whose surplus
// bits are not zero, so that every byte string has exactly one notation.
func DecodeString(s string) ([]byte, error) {
	n := DecodedLen(len(s))
	if EncodedLen(n) != len(s) {
		return nil, fmt.Errorf("nix-base32: %d digits are not the length of any encoded value", len(s))
	}
	out := make([]byte, n)
	for i := range len(s) {
		c := s[len(s)-1-i]
		digit := values[c]
		if digit == invalid {
			return nil, fmt.Errorf("nix-base32: %q at position %d is not a digit (e, o, t, u and capitals are not used)", c, len(s)-1-i)
		}
		at, shift := i*5/8, i*5%8
		out[at] |= digit << shift
		if carry := digit >> (8 - shift); at+1 < n {
			out[at+1] |= carry
		} else if carry != 0 {
			return nil, errors.New("nix-base32: the first digit is too large for the length of the value")
		}
	}
	return out, nil
}

// rfc is the notation of RFC 4648 section 6 in lower case without padding, as
// Guix's bytevector->base32-string writes it.
func rfc() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// EncodeRFC4648 returns b in lower-case RFC 4648 base 32 without padding: what
// Guix's bytevector->base32-string gives.
func EncodeRFC4648(b []byte) string { return rfc().EncodeToString(b) }

// DecodeRFC4648 is the inverse of [EncodeRFC4648].
func DecodeRFC4648(s string) ([]byte, error) {
	b, err := rfc().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("base32: %q is not lower-case RFC 4648 base 32: %w", s, err)
	}
	if EncodeRFC4648(b) != s {
		return nil, fmt.Errorf("base32: %q has surplus bits or characters", s)
	}
	return b, nil
}
