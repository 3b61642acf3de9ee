package scheme

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"script":                   "&{script [] []}",
		"-L a -L b script x -L":    "&{script [a b] [x -L]}",
		"-C c --no-auto-compile s": "&{s [] []}",
		"-L a -- -odd-name y":      "&{-odd-name [a] [y]}",
		"":                         "builtin:scheme: no program is given",
		"--":                       "builtin:scheme: no program is given",
		"-L":                       "builtin:scheme: -L needs a folder",
		"-e expr":                  `builtin:scheme: unknown option "-e" (known: -L DIRECTORY)`,
	} {
		p, err := Parse(strings.Fields(in))
		got := fmt.Sprint(p)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
