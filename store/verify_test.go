package store

import (
	"errors"
	"testing"
)

// TestParseProblem reads what is told of problems.
func TestParseProblem(t *testing.T) {
	const object = "/frx/store/00000000000000000000000000000000-x"
	for k := Disappeared; k <= Irregular; k++ {
		p := Problem{Path: object, Kind: k}
		switch k {
		case Unreadable:
			p.Err = errors.New("no such device")
		case Irregular:
			p.What = "everybody may write it"
		}
		got, ok := ParseProblem(DefaultStoreDir, p.String())
		if !ok || got.Kind != k || got.String() != p.String() {
			t.Errorf("%v: %v %v", p, got, ok)
		}
	}
	for _, line := range []string{"", "building x", object, object + " is well", "/elsewhere/00000000000000000000000000000000-x has disappeared"} {
		if p, ok := ParseProblem(DefaultStoreDir, line); ok {
			t.Errorf("%q: %v", line, p)
		}
	}
}
