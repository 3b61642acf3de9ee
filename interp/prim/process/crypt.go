package process

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// crypting is (crypt password salt), for the methods of SHA-256 and SHA-512,
// $5$ and $6$.
func crypting() *datum.Primitive {
	return arg.F2("crypt", func(_ datum.Caller, p, s datum.Value) (datum.Value, error) {
		password, err := arg.Text("crypt", 1, p)
		if err != nil {
			return datum.Unset, err
		}
		salt, err := arg.Text("crypt", 2, s)
		if err != nil {
			return datum.Unset, err
		}
		text, ok := shaCrypt(password, salt)
		if !ok {
			return datum.Unset, &datum.Error{Key: "system-error", Who: "crypt", Message: "~A: ~S",
				Irritants: []datum.Value{datum.NewString("only the methods $5$ (SHA-256) and $6$ (SHA-512) are known; the salt is"), s},
				Rest:      datum.List(datum.Fix(int64(unix.EINVAL))), Payload: datum.Unset}
		}
		return datum.NewString(text), nil
	})
}

// shaCrypt hashes a password (U. Drepper, "Unix crypt using SHA-256 and
// SHA-512", version 0.6).
func shaCrypt(password, salt string) (string, bool) {
	method := ""
	make := sha256.New
	switch {
	case strings.HasPrefix(salt, "$5$"):
		method = "$5$"
	case strings.HasPrefix(salt, "$6$"):
		method, make = "$6$", sha512.New
	default:
		return "", false
	}
	salt = salt[len(method):]
	rounds, custom := 5000, false
	if rest, ok := strings.CutPrefix(salt, "rounds="); ok {
		n, after, found := strings.Cut(rest, "$")
		r, err := strconv.Atoi(n)
		if !found || err != nil {
			return "", false
		}
		rounds, salt, custom = min(max(r, 1000), 999_999_999), after, true
	}
	salt, _, _ = strings.Cut(salt, "$")
	salt = salt[:min(len(salt), 16)]
	sum := digest(make, []byte(password), []byte(salt), rounds)
	out := method
	if custom {
		out += fmt.Sprintf("rounds=%d$", rounds)
	}
	return out + salt + "$" + encodeSum(sum), true
}

func digest(make func() hash.Hash, key, salt []byte, rounds int) []byte {
	hashed := func(parts ...[]byte) []byte {
		h := make()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	b := hashed(key, salt, key)
	h := make()
	h.Write(key)
	h.Write(salt)
	h.Write(stretch(b, len(key)))
	for n := len(key); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write(b)
		} else {
			h.Write(key)
		}
	}
	a := h.Sum(nil)
	h.Reset()
	for range key {
		h.Write(key)
	}
	p := stretch(h.Sum(nil), len(key))
	h.Reset()
	for range 16 + int(a[0]) {
		h.Write(salt)
	}
	s := stretch(h.Sum(nil), len(salt))
	for i := range rounds {
		h.Reset()
		if i%2 != 0 {
			h.Write(p)
		} else {
			h.Write(a)
		}
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		if i%2 != 0 {
			h.Write(a)
		} else {
			h.Write(p)
		}
		a = h.Sum(a[:0])
	}
	return a
}

// stretch repeats b up to n bytes.
func stretch(b []byte, n int) []byte {
	var out []byte
	for len(out) < n {
		out = append(out, b[:min(len(b), n-len(out))]...)
	}
	return out
}

// encodeSum writes a sum in crypt's base 64, in the order of bytes that the
// methods have.
func encodeSum(sum []byte) string {
	const letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b strings.Builder
	put := func(x uint, n int) {
		for range n {
			b.WriteByte(letters[x&63])
			x >>= 6
		}
	}
	third := len(sum) / 3
	i, j, k := 0, third, 2*third
	for range third {
		put(uint(sum[i])<<16|uint(sum[j])<<8|uint(sum[k]), 4)
		if len(sum) == 64 {
			i, j, k = j+1, k+1, i+1
		} else {
			i, j, k = k+1, i+1, j+1
		}
	}
	if len(sum) == 64 {
		put(uint(sum[63]), 2)
	} else {
		put(uint(sum[31])<<8|uint(sum[30]), 3)
	}
	return b.String()
}
