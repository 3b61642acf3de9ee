package codec

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"hash/crc32"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// hashes are the hash functions, by libgcrypt's names for them.
var hashes = map[string]func() hash.Hash{
	"md5":        md5.New,
	"sha1":       sha1.New,
	"sha224":     sha256.New224,
	"sha256":     sha256.New,
	"sha384":     sha512.New384,
	"sha512":     sha512.New,
	"sha512-224": sha512.New512_224,
	"sha512-256": sha512.New512_256,
	"sha3-224":   func() hash.Hash { return sha3.New224() },
	"sha3-256":   func() hash.Hash { return sha3.New256() },
	"sha3-384":   func() hash.Hash { return sha3.New384() },
	"sha3-512":   func() hash.Hash { return sha3.New512() },
	"crc32":      func() hash.Hash { return crc32.NewIEEE() },

	"crc24-rfc2440": func() hash.Hash { c := crc24(crc24Start); return &c },
}

// crc24 is the checksum of OpenPGP's armour (RFC 4880, section 6.1).
type crc24 uint32

const (
	crc24Start      = 0xb704ce
	crc24Polynomial = 0x1864cfb
)

// Write adds bytes; it never fails.
func (c *crc24) Write(p []byte) (int, error) {
	sum := uint32(*c)
	for _, b := range p {
		sum ^= uint32(b) << 16
		for range 8 {
			if sum <<= 1; sum&0x1000000 != 0 {
				sum ^= crc24Polynomial
			}
		}
	}
	*c = crc24(sum & 0xffffff)
	return len(p), nil
}

// Sum appends the checksum, the most significant byte first.
func (c *crc24) Sum(b []byte) []byte { return append(b, byte(*c>>16), byte(*c>>8), byte(*c)) }

// Reset begins anew.
func (c *crc24) Reset() { *c = crc24Start }

// Size is the length of the checksum.
func (c *crc24) Size() int { return 3 }

// BlockSize is 1: bytes are taken one by one.
func (c *crc24) BlockSize() int { return 1 }

// hashType is the type name of opaque values that hold a hash.Hash.
const hashType = "hash"

func hashNatives() []*datum.Primitive {
	return []*datum.Primitive{
		// (%hash-size name) is the length of a digest in bytes, #f when there is
		// no function of that name.
		arg.F1("%hash-size", func(_ datum.Caller, name datum.Value) (datum.Value, error) {
			s, err := arg.Text("%hash-size", 1, name)
			if err != nil {
				return datum.Unset, err
			}
			if f := hashes[s]; f != nil {
				return datum.Fix(int64(f().Size())), nil
			}
			return datum.False, nil
		}),
		// (%hash-start name) begins to hash.
		arg.F1("%hash-start", func(_ datum.Caller, name datum.Value) (datum.Value, error) {
			f, err := function("%hash-start", name)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewOpaque(hashType, f()), nil
		}),
		// (%hash-add! hash bv start count) hashes further bytes.
		arg.FN("%hash-add!", 4, 4, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			h, err := hashOf("%hash-add!", a[0])
			if err != nil {
				return datum.Unset, err
			}
			b, err := slice("%hash-add!", 2, a[1], a[2], a[3])
			if err != nil {
				return datum.Unset, err
			}
			_, err = h.Write(b)
			return datum.Unspecified, err
		}),
		// (%hash-digest hash) is the digest of the bytes so far.
		arg.F1("%hash-digest", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			h, err := hashOf("%hash-digest", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewBytevector(h.Sum(nil)), nil
		}),
		// (%hmac name key bv) is the code of RFC 2104.
		arg.F3("%hmac", func(_ datum.Caller, name, key, bv datum.Value) (datum.Value, error) {
			f, err := function("%hmac", name)
			if err != nil {
				return datum.Unset, err
			}
			k, err := arg.Bytes("%hmac", 2, key)
			if err != nil {
				return datum.Unset, err
			}
			b, err := arg.Bytes("%hmac", 3, bv)
			if err != nil {
				return datum.Unset, err
			}
			h := hmac.New(f, k.B)
			h.Write(b.B)
			return datum.NewBytevector(h.Sum(nil)), nil
		}),
	}
}

func function(who string, name datum.Value) (func() hash.Hash, error) {
	s, err := arg.Text(who, 1, name)
	if err != nil {
		return nil, err
	}
	if f := hashes[s]; f != nil {
		return f, nil
	}
	return nil, datum.Misc(who, "unknown hash function: ~A", name)
}

func hashOf(who string, v datum.Value) (hash.Hash, error) {
	if v.Is(datum.KOpaque) {
		if h, ok := v.Opaque().Go.(hash.Hash); ok {
			return h, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, hashType)
}
