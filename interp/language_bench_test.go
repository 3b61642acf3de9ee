package interp_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"fruix/interp"
)

// BenchmarkEvalDefinitions measures the way from text to values for a file of
// package-like definitions whose forms are macros, in lines per second.
func BenchmarkEvalDefinitions(b *testing.B) {
	var text strings.Builder
	text.WriteString("(define-syntax-rule (package (field value ...) ...) (list (cons 'field (list value ...)) ...))\n")
	for i := range 500 {
		fmt.Fprintf(&text, `(define package-%[1]d
  (package
    (name "package-%[1]d")
    (version "1.%[1]d")
    (source (string-append "mirror://gnu/package/package-" "1.%[1]d" ".tar.gz"))
    (arguments
     (list #:configure-flags (let ((out "x")) (list "--disable-static" (string-append "--prefix=" out)))
           #:phases (lambda (phases) (let* ((a (car phases)) (b (cdr phases))) (if (null? b) a (cons a b))))))
    (inputs 'zlib 'perl %[1]d)
    (home-page "https://example.org/package")
    (synopsis "A package")
    (description "This is the description of the package, of some length.")
    (license 'gpl3+)))
`, i)
	}
	lines := strings.Count(text.String(), "\n")
	for b.Loop() {
		e, err := interp.New(interp.Options{Stdlib: os.DirFS("../stdlib")})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Eval(context.Background(), text.String(), "packages.scm"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
