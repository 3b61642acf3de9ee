package git

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"a/**", "a/b", true}, {"a/**", "a/b/c", true}, {"a/**", "a", false}, {"a/**/**", "a/b", true},
		{"**/a", "a", true}, {"**/a", "x/y/a", true}, {"**/a", "a/x", false},
		{"a/**/b", "a/b", true}, {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/x/b/y", false},
		{"a/**/b/*/c", "a/b/b/x/c", true}, {"a/**/b/*/c", "a/b/x/b/c", false}, {"a/**/b/**/c", "a/b/x/b/y/c", true},
		{"**/b/**", "b", false}, {"**/b/**", "x/b/y", true}, {"/a", "a", true}, {"/a", "x/a", false},
		{"[!a]/b", "c/b", true}, {"[!a]/b", "a/b", false}, {"a/", "a", false},
	} {
		if got := matches(tt.pattern, "", tt.name); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.name, got)
		}
	}
}

// TestHostileAttributes: a repository cannot make anybody compare patterns without end.
func TestHostileAttributes(t *testing.T) {
	pattern, name := strings.Repeat("**/a/", 30)+"b", strings.Repeat("a/", 100)+"a"
	if matches(pattern, "", name) {
		t.Error("it matches")
	}
	long := strings.Repeat("x", maxAttributeLine-len(" ident")) + " ident\n"
	if f := parseAttributes("", []byte(long+long[1:])); len(f.rules) != 1 {
		t.Errorf("%d lines are taken", len(f.rules))
	}
}

// TestUnwanted: what a server has sent is not made sense of once nobody wants it.
func TestUnwanted(t *testing.T) {
	gone := errors.New("nobody wants it")
	for wanted := range 3 {
		over := func() error {
			if wanted--; wanted < 0 {
				return gone
			}
			return nil
		}
		b := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x02\x30x\x9c\x03\x00\x00\x00\x00\x01" + "\x60\x0e" + "x\x9c\x03\x00\x00\x00\x00\x01")
		if _, err := indexPack(bytes.NewReader(b), int64(len(b)), 20, 1<<20, over); !errors.Is(err, gone) {
			t.Errorf("after %d of it: %v", wanted, err)
		}
	}
}
