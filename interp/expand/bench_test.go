package expand_test

import (
	"fmt"
	"strings"
	"testing"

	"fruix/interp/core"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// packageText makes n package-like definitions of 20 lines each.
func packageText(n int) string {
	var b strings.Builder
	b.WriteString("(define-syntax-rule (package f ...) (make-package (field f) ...))\n" +
		"(define-syntax-rule (field (n v ...)) (cons 'n (list v ...)))\n" +
		"(define-syntax-rule (origin f ...) (make-origin (field f) ...))\n")
	for i := range n {
		fmt.Fprintf(&b, `
(define-public package-%[1]d
  (package
    (name "package-%[1]d")
    (version "1.2.%[1]d")
    (source (origin
              (method url-fetch)
              (uri (string-append "mirror://gnu/package/package-" version ".tar.gz"))
              (sha256 (base32 "0ssi1wpaf7plaswqqjwigppsg5fyh99vdlb9kzl7c9lng89ndq1i"))
              (patches (search-patches "package-fix-%[1]d.patch" "package-build.patch"))))
    (build-system gnu-build-system)
    (arguments
     (list #:configure-flags (let ((out "x")) (list "--disable-static" (string-append "--prefix=" out)))
           #:phases (lambda (phases) (let* ((a (car phases)) (b (cdr phases))) (if (null? b) a (cons a b))))))
    (native-inputs (list pkg-config perl (if (target-hurd?) hurd-headers linux-headers)))
    (inputs (list zlib %[1]d openssl))
    (home-page "https://example.org/package")
    (synopsis "A package")
    (description "This is the description of the package, of some length.")
    (license gpl3+)))
`, i)
	}
	return b.String()
}

// BenchmarkExpand measures expansion without reading, in lines per second.
func BenchmarkExpand(b *testing.B) {
	text := packageText(500)
	lines := strings.Count(text, "\n")
	forms, err := read.All(&source.File{Name: "p.scm", Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		x := newExpander(b)
		for _, f := range forms {
			if err := x.Top(f, func(core.Node) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkNewExpander measures what every start pays.
func BenchmarkNewExpander(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newExpander(b)
	}
}
