package store

import (
	"bytes"
	"strings"

	"fruix/store/nixbase32"
	"fruix/store/path"
)

// findPaths calls found with the base name of every path of the store that
// text holds, by its logical or its physical name.
func findPaths(text []byte, storeDir string, found func(base string)) {
	prefix := []byte(storeDir + "/")
	for {
		i := bytes.Index(text, prefix)
		if i < 0 {
			return
		}
		text = text[i+len(prefix):]
		n := 0
		for n < len(text) && n <= path.HashLen+path.MaxNameLen && nameByte(text[n]) {
			n++
		}
		if base := string(text[:n]); n > path.HashLen && nixbase32Digits(base[:path.HashLen]) {
			if _, err := path.ParseBase(base); err == nil {
				found(base)
			}
		}
	}
}

// nameByte says whether c can be part of an object's name.
func nameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("+-._?=", c) >= 0
}

func nixbase32Digits(s string) bool {
	return strings.Trim(s, nixbase32.Alphabet) == ""
}
