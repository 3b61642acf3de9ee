// Package bench holds programs written both in Scheme and in JavaScript, to
// measure the engine against goja, the JavaScript interpreter in Go, within
// one process, and against other Schemes (Peers), each in a process of its own
// that takes the time itself. Each program defines main without arguments; both
// versions use the same algorithm in the idiom of their language.
//
//	go test -bench Programs fruix/interp/bench    one ratio per program
//	go test -run Summary -v fruix/interp/bench    the table against goja
//	go test -bench Mean fruix/interp/bench        the table against all
//
// A ratio is the other's time divided by the engine's, so that 2 means twice as
// fast. candidates_test.go keeps the measurement by which dispatch and value
// representation were chosen.
package bench

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed programs
var programs embed.FS

// Program is one program in both languages.
type Program struct{ Name, Scheme, JavaScript string }

// Programs lists all programs by name.
func Programs() ([]Program, error) {
	files, err := fs.Glob(programs, "programs/*.scm")
	if err != nil {
		return nil, err
	}
	var out []Program
	for _, f := range files {
		scm, err := fs.ReadFile(programs, f)
		if err != nil {
			return nil, err
		}
		js, err := fs.ReadFile(programs, strings.TrimSuffix(f, ".scm")+".js")
		if err != nil {
			return nil, err
		}
		out = append(out, Program{strings.TrimSuffix(path.Base(f), ".scm"), string(scm), string(js)})
	}
	return out, nil
}
