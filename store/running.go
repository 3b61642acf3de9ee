package store

import (
	"bytes"
	"strings"

	"fruix/store/nixbase32"
	"fruix/store/path"
)

// findPaths calls found with the base name of every object that a path in text leads
// into. Of the path only the last part counts: the kernel tells where things lie by
// names of its own, and 160 bits of a hash are no chance.
func findPaths(text []byte, found func(base string)) {
	const before = 1 + path.HashLen // of the dash: a slash and the hash
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], '-')
		if i < 0 {
			return
		}
		i += from
		from = i + 1
		if i < before || text[i-before] != '/' || !nixbase32Digits(text[i-path.HashLen:i]) {
			continue
		}
		end := from
		for end < len(text) && end-from <= path.MaxNameLen && nameByte(text[end]) {
			end++
		}
		base := string(text[i-path.HashLen : end])
		if _, err := path.ParseBase(base); err == nil {
			found(base)
			from = end
		}
	}
}

// nameByte says whether c can be part of an object's name.
func nameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("+-._?=", c) >= 0
}

func nixbase32Digits(b []byte) bool {
	for _, c := range b {
		if strings.IndexByte(nixbase32.Alphabet, c) < 0 {
			return false
		}
	}
	return true
}
