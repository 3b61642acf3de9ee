package prim_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/interp"
	"fruix/stdlib"
)

// driver evaluates each expression of a file and writes its value, or the
// key of its exception, on a line; it runs in Guile and in the engine alike.
const driver = `
(use-modules (srfi srfi-1) (srfi srfi-11) (srfi srfi-13) (srfi srfi-14)
             (srfi srfi-26) (srfi srfi-43) (ice-9 regex) (ice-9 rdelim)
             (ice-9 vlist) (rnrs bytevectors) ((ice-9 format) #:prefix f:))
(define %out (current-output-port))
(define (%show thunk)
  (catch #t
    (lambda () (call-with-values thunk (lambda vs (for-each (lambda (v) (write v %out) (display " " %out)) vs))))
    (lambda (key . args) (display "! " %out) (display key %out)))
  (newline %out))
`

// TestAgainstGuile compares the values of the expressions in
// testdata/expressions.scm, one a line, with those that Guile gives.
func TestAgainstGuile(t *testing.T) {
	guile, err := exec.LookPath("guile")
	if err != nil {
		t.Skip("guile is not installed")
	}
	text, err := os.ReadFile("testdata/expressions.scm")
	if err != nil {
		t.Fatal(err)
	}
	var exprs []string
	var prog strings.Builder
	prog.WriteString(driver)
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == ';' {
			continue
		}
		exprs = append(exprs, line)
		prog.WriteString("(%show (lambda () " + line + "))\n")
	}
	file := filepath.Join(t.TempDir(), "driver.scm")
	if err := os.WriteFile(file, []byte(prog.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(guile, "--no-auto-compile", file)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	want, err := cmd.Output()
	if err != nil {
		t.Fatalf("guile: %v", err)
	}
	var got bytes.Buffer
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS, Stdout: &got})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(context.Background(), prog.String(), "driver.scm"); err != nil {
		t.Fatal(err)
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	for i, x := range exprs {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Errorf("%s\n   guile: %s\n   got:   %s", x, at(w, i), at(g, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
