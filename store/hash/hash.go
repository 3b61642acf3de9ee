// Package hash names the hash functions of the store and reads and prints
// their values in the notations that Nix and Guix use: base 16, nix-base32,
// base 64, "algo:value" and SRI ("sha256-…", W3C Subresource Integrity).
package hash

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	gohash "hash"
	"strings"

	"fruix/store/nixbase32"
)

// Algo is a hash function. The zero value is none.
type Algo uint8

// The functions that a store object or a fixed output may be named by. MD5 and
// SHA-1 are there for old origins only.
const (
	SHA256 Algo = iota + 1
	SHA512
	SHA1
	MD5
)

// algos is the one table of what there is to know of each function.
var algos = [...]struct {
	name string
	size int
	make func() gohash.Hash
}{
	SHA256: {"sha256", sha256.Size, sha256.New},
	SHA512: {"sha512", sha512.Size, sha512.New},
	SHA1:   {"sha1", sha1.Size, sha1.New},
	MD5:    {"md5", md5.Size, md5.New},
}

// Valid says whether a is one of the known functions.
func (a Algo) Valid() bool { return a > 0 && int(a) < len(algos) }

// String returns the lower-case name, such as "sha256".
func (a Algo) String() string {
	if !a.Valid() {
		return fmt.Sprintf("hash.Algo(%d)", uint8(a))
	}
	return algos[a].name
}

// Size returns the length of a value in bytes, 0 for an unknown function.
func (a Algo) Size() int {
	if !a.Valid() {
		return 0
	}
	return algos[a].size
}

// New returns a fresh state of the function. It panics when a is not [Algo.Valid].
func (a Algo) New() gohash.Hash { return algos[a].make() }

// ParseAlgo returns the function called name.
func ParseAlgo(name string) (Algo, error) {
	for i, a := range algos {
		if a.make != nil && a.name == name {
			return Algo(i), nil
		}
	}
	return 0, fmt.Errorf("unknown hash algorithm %q (known: sha256, sha512, sha1, md5)", name)
}

// Digest is a value together with the function that gave it.
type Digest struct {
	Algo Algo
	Sum  []byte // Algo.Size() bytes
}

// Sum returns the digest of b.
func Sum(a Algo, b []byte) Digest {
	h := a.New()
	h.Write(b)
	return Digest{a, h.Sum(nil)}
}

// Hex returns the value in lower-case base 16, without the name of the function.
func (d Digest) Hex() string { return hex.EncodeToString(d.Sum) }

// Base32 returns the value in nix-base32, without the name of the function.
func (d Digest) Base32() string { return nixbase32.EncodeToString(d.Sum) }

// Base64 returns the value in padded base 64, without the name of the function.
func (d Digest) Base64() string { return base64.StdEncoding.EncodeToString(d.Sum) }

// SRI returns "algo-base64".
func (d Digest) SRI() string { return d.Algo.String() + "-" + d.Base64() }

// String returns "algo:nix-base32", as Nix writes hashes in its database output.
func (d Digest) String() string { return d.Algo.String() + ":" + d.Base32() }

// Equal says whether d and e are the same value of the same function.
func (d Digest) Equal(e Digest) bool { return d.Algo == e.Algo && bytes.Equal(d.Sum, e.Sum) }

// Parse reads "algo:value" or "algo-base64". When s carries no name, the
// function is def; when def is 0, that is an error. A name that differs from
// def is an error too. The value may be in base 16, nix-base32 or base 64,
// told apart by its length.
func Parse(s string, def Algo) (Digest, error) {
	algo, value, sri := def, s, false
	if at := strings.IndexAny(s, ":-"); at >= 0 {
		a, err := ParseAlgo(s[:at])
		if err != nil {
			return Digest{}, fmt.Errorf("hash %q: %w", s, err)
		}
		if def != 0 && a != def {
			return Digest{}, fmt.Errorf("hash %q is a %s hash, but %s is asked for", s, a, def)
		}
		algo, value, sri = a, s[at+1:], s[at] == '-'
	}
	if !algo.Valid() {
		return Digest{}, fmt.Errorf("hash %q does not say which algorithm it is of", s)
	}
	sum, err := decode(value, algo.Size(), sri)
	if err != nil {
		return Digest{}, fmt.Errorf("hash %q: %w", s, err)
	}
	return Digest{algo, sum}, nil
}

// decode reads value as size bytes; the length says in which notation.
func decode(value string, size int, sri bool) ([]byte, error) {
	n16, n32, n64 := hex.EncodedLen(size), nixbase32.EncodedLen(size), base64.StdEncoding.EncodedLen(size)
	switch {
	case len(value) == n64:
		sum, err := base64.StdEncoding.Strict().DecodeString(value)
		if err == nil && len(sum) != size {
			err = fmt.Errorf("the base 64 stands for %d bytes; the value has %d", len(sum), size)
		}
		return sum, err
	case sri:
		return nil, fmt.Errorf("an SRI value of this algorithm has %d characters, not %d", n64, len(value))
	case len(value) == n16:
		return hex.DecodeString(value)
	case len(value) == n32:
		return nixbase32.DecodeString(value)
	}
	return nil, fmt.Errorf("%d characters; the value has %d in base 16, %d in nix-base32 or %d in base 64", len(value), n16, n32, n64)
}

// Compress folds sum to size bytes: byte i is xored into place i modulo size.
// Store paths hold SHA-256 values compressed to 20 bytes (160 bits).
func Compress(sum []byte, size int) []byte {
	out := make([]byte, size)
	for i, b := range sum {
		out[i%size] ^= b
	}
	return out
}
