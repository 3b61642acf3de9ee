package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A collection is a tree of modules of packages like those that people write:
// about as many packages, and forms of the same kinds, on as many lines. Its
// packages refer to packages of modules before them.
type collection struct {
	dir   string
	main  string // a file that loads all
	lines int
}

const (
	packagesPerModule = 26
	modulesUsed       = 8
)

// makeCollection writes modules below dir until they have the given number of
// lines.
func makeCollection(tb testing.TB, dir string, lines int) collection {
	tb.Helper()
	c := collection{dir: dir, main: filepath.Join(dir, "main.scm")}
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	var all strings.Builder
	all.WriteString("(define-module (main)")
	for m := 0; c.lines < lines; m++ {
		text := collectionModule(m)
		c.lines += strings.Count(text, "\n")
		write(filepath.Join(dir, "bench", "packages", fmt.Sprintf("group-%d.scm", m)), text)
		fmt.Fprintf(&all, "\n  #:use-module (bench packages group-%d)", m)
	}
	all.WriteString(")\n")
	write(c.main, all.String())
	return c
}

// collectionModule is the text of module number m.
func collectionModule(m int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `;;; Packages of group %[1]d.

(define-module (bench packages group-%[1]d)
  #:use-module ((guix licenses) #:prefix license:)
  #:use-module (guix packages)
  #:use-module (guix download)
  #:use-module (guix gexp)
  #:use-module (guix utils)
  #:use-module (guix build-system copy)
  #:use-module (srfi srfi-1)
  #:use-module (ice-9 match)`, m)
	for u := max(0, m-modulesUsed); u < m; u++ {
		fmt.Fprintf(&b, "\n  #:use-module (bench packages group-%d)", u)
	}
	b.WriteString(")\n")
	for p := range packagesPerModule {
		n := m*packagesPerModule + p
		before := func(k int) string { return fmt.Sprintf("pkg-%d", max(0, n-k)) }
		if n == 0 {
			before = func(int) string { return `"nothing"` }
		}
		fmt.Fprintf(&b, collectionShapes[n%len(collectionShapes)], n, before(1+n%7), before(9+n%11), before(25+n%60))
	}
	return b.String()
}

// collectionShapes are definitions of package %[1]d with the inputs %[2]s to
// %[4]s.
var collectionShapes = [...]string{`
(define-public pkg-%[1]d
  (package
    (name "pkg-%[1]d")
    (version "1.%[1]d.2")
    (source (origin
              (method url-fetch)
              (uri (string-append "mirror://gnu/pkg/pkg-%[1]d-"
                                  version ".tar.xz"))
              (sha256
               (base32
                "1indapql5fjz0bysyc88cmc54y8phqrbi7c76p71fgjp45jcyzp8"))))
    (build-system copy-build-system)
    (arguments
     '(#:install-plan '(("data" "share/pkg-%[1]d"))))
    (inputs (list %[2]s %[3]s))
    (synopsis "Convert text strings to printed bars in various standards")
    (description "Package %[1]d is a tool to produce printed bars from text
strings.  It supports a variety of encoding standards and sizing measurements.
Bars can be output in PostScript or Encapsulated PostScript formats.")
    (license license:gpl3+)
    (home-page "https://www.example.org/software/pkg-%[1]d/")))
`, `
(define-public pkg-%[1]d
  ;; Use the main branch, since it includes changes of the build system that
  ;; are not released yet.
  (let ((revision "0")
        (commit "00783db7aa3bcf8620a301854ac71c0ceaaca0c1"))
    (package
      (name "pkg-%[1]d")
      (version (string-append "2.%[1]d-" revision "." (string-take commit 7)))
      (source (origin
                (method url-fetch)
                (uri (string-append "https://example.org/" name "/archive/"
                                    commit ".tar.gz"))
                (file-name (string-append name "-" version ".tar.gz"))
                (sha256
                 (base32
                  "1yl2cpaqiv1g4nq9v0xfj1vd5faz55k4541vz6hsffvcxgn9nmc5"))))
      (build-system copy-build-system)
      (arguments
       (list
        #:install-plan
        #~'(("bin" "bin") ("lib" "lib/pkg-%[1]d"))
        #:phases
        #~(modify-phases %%standard-phases
            (add-after 'unpack 'fix-paths
              (lambda* (#:key inputs outputs #:allow-other-keys)
                (let ((out (assoc-ref outputs "out")))
                  (substitute* "src/config.sh"
                    (("/usr/bin/env")
                     (string-append #$(this-package-input "coreutils")
                                    "/bin/env"))
                    (("@prefix@") out)))))
            (add-before 'install 'patch-tests
              (lambda _
                (substitute* (find-files "tests" "\\.sh$")
                  (("/bin/sh") (which "sh")))))
            (delete 'check))))
      (native-inputs (list %[2]s))
      (inputs (list %[3]s
                    %[4]s))
      (home-page "https://example.org/pkg-%[1]d")
      (synopsis "Library of number %[1]d")
      (description
       "This library reads and writes files of many formats, and is used by
other programs of this collection.  It has few dependencies.")
      (license (list license:lgpl2.1+ license:expat)))))
`, `
(define-public pkg-%[1]d
  (package
    (name "pkg-%[1]d")
    (version "0.%[1]d")
    (source
     (origin
       (method url-fetch)
       (uri (list (string-append "https://example.org/releases/pkg-"
                                 (version-major+minor version) "/" version
                                 ".tar.bz2")
                  (string-append "mirror://sourceforge/pkg/" version
                                 ".tar.bz2")))
       (sha256
        (base32
         "08v9d8jn26bva2a8x4hghq3mgl8zcid393iqkidwyhc05xrxjmg4"))
       (modules '((guix build utils)))
       (snippet
        '(begin
           ;; Remove what is bundled.
           (delete-file-recursively "third_party")
           (for-each delete-file (find-files "." "\\.o$"))
           #t))))
    (build-system copy-build-system)
    (arguments
     ` + "`" + `(#:install-plan '(("out" "share"))
       #:phases
       (modify-phases %%standard-phases
         (replace 'check
           (lambda* (#:key tests? #:allow-other-keys)
             (when tests?
               (with-directory-excursion "tests"
                 (invoke "./test_basic.sh" ,(package-name this-package))))
             #t))
         (add-after 'install 'link
           (lambda* (#:key outputs #:allow-other-keys)
             (let* ((out (assoc-ref outputs "out"))
                    (bin (string-append out "/bin")))
               (mkdir-p bin)
               (symlink "../share/run" (string-append bin "/run-%[1]d"))))))))
    (native-inputs
     ` + "`" + `(("first" ,%[2]s)
       ("second" ,%[3]s)))
    (propagated-inputs (list %[4]s))
    (home-page "https://example.org/pkg-%[1]d")
    (synopsis "Program that does one thing")
    (description "pkg-%[1]d does one thing and does it well.  It can be used
from scripts, and has an interface for people, too.")
    (license license:bsd-3)))
`, `
(define-public pkg-%[1]d
  (package
    (inherit %[2]s)
    (name "pkg-%[1]d")
    (version "3.%[1]d")
    (source (origin
              (inherit (package-source %[2]s))
              (uri (string-append "https://example.org/pkg-%[1]d-" version
                                  ".tar.gz"))
              (sha256
               (base32
                "1gjj9c7h634rrmmgzbc7cxjqsxdq0paj6113k02ncjm1s9abk7ik"))))
    (arguments
     (substitute-keyword-arguments (package-arguments %[2]s)
       ((#:install-plan plan)
        #~(cons '("doc" "share/doc") #$plan))
       ((#:tests? _ #f) #f)))
    (inputs (modify-inputs (package-inputs %[2]s)
              (delete "nothing")
              (append %[3]s)))
    (synopsis "Variant of another package")))
`}

// BenchmarkLoad measures how long 100,000 lines of packages take to load on one
// processor: from source, and from the cache that a run before left behind. The
// time is that of the whole command.
func BenchmarkLoad(b *testing.B) {
	fruix, lack := program()
	if lack != "" {
		b.Skip(lack)
	}
	c := makeCollection(b, b.TempDir(), 100_000)
	env := []string{"FRUIX_ROOT=" + b.TempDir(), "GOMAXPROCS=1"}
	args := []string{"repl", "-L", c.dir, c.main}
	cache := "FRUIX_CACHE=" + b.TempDir()
	var source, cached spent
	for b.Loop() {
		source = quickest(b, 3, append(env, "FRUIX_CACHE="), fruix, args...)
		quickest(b, 1, append(env, cache), fruix, args...)
		cached = quickest(b, 10, append(env, cache), fruix, args...)
	}
	scale := 100_000 / float64(c.lines)
	b.ReportMetric(source.wall.Seconds()*scale, "source-s")
	b.ReportMetric(cached.wall.Seconds()*scale, "cached-s")
	b.ReportMetric(cached.cpu.Seconds()*scale, "cached-cpu-s")
}
