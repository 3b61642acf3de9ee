package builder_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"fruix/builder"
)

// TestFailureText tells of each build that failed, and of what that kept from being
// built, however many there are.
func TestFailureText(t *testing.T) {
	f := &builder.Failure{Blocked: map[string]string{}}
	const many = 10_000
	for i := range many {
		drv := fmt.Sprintf("d%d", i)
		f.Failed = append(f.Failed, &builder.BuildError{Drv: drv, Err: errors.New("no")})
		f.Blocked[fmt.Sprintf("u%d", i)] = drv
	}
	for i := range 7 {
		f.Blocked[fmt.Sprintf("x%d", i)] = "d3"
	}
	text := f.Error()
	if n := strings.Count(text, "\n") + 1; n != 2*many {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{"build of d1 failed: no\n", "\nnot built because d1 failed: u1\n", "\nnot built because d3 failed: u3, x0, x1, x2, x3 and 3 more\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}
