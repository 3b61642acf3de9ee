package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dslPrelude is what the expressions of TestDSL can use.
const dslPrelude = `
(use-modules (guix gexp) (guix utils) (guix records) (guix monads) (guix store)
             (guix packages) (guix modules) (guix derivations) (guix build utils)
             (guix build-system trivial) (srfi srfi-1) (ice-9 match))
(define count 0)
(define-record-type* <thing> thing make-thing thing? this-thing
  (name    thing-name)
  (size    thing-size (default 1) (sanitize (lambda (n) (* 2 n))))
  (later   thing-later (default (begin (set! count (+ count 1)) count)) (delayed))
  (label   thing-label (default (string-append (thing-name this-thing) "!")) (thunked))
  (own     thing-own (default #f) (innate)))
(define one (thing (name "one") (size 5) (own 'mine)))
(define two (thing (inherit one) (name "two")))
(define text (plain-file "text" "hello"))
`

// TestDSL evaluates expressions of the declaration language. What they yield is
// what Guix's manual says; but a pre-release comes before its release.
func TestDSL(t *testing.T) {
	cases := []struct{ expression, want string }{
		// Records.
		{`(thing-size one)`, "10"},
		{`(thing-size two)`, "10"},
		{`(thing-size (thing (name "x")))`, "2"},
		{`(thing-label two)`, `"two!"`},
		{`(thing-label (thing (inherit one) (label "fixed")))`, `"fixed"`},
		{`(thing-own two)`, "#f"},
		{`(thing-own one)`, "mine"},
		{`(let ((x (thing (name "x")))) (= (thing-later x) (thing-later x)))`, "#t"},
		{`(thing-size (thing (size 3) (name (number->string size))))`, "6"},
		{`(thing-name (thing (size 3) (name (number->string size))))`, `"6"`},
		// The declared bootloader is what the firmware starts.
		{`(begin (use-modules (gnu system) (gnu bootloader)) (let* ((own (bootloader (name 'own) (package text) (efi-program "/own.efi"))) (os (operating-system (host-name "x") (file-systems '()) (bootloader (bootloader-configuration (bootloader own)))))) (gexp->approximate-sexp ((@@ (fruix system image) operating-system-efi-program) os))))`, `(string-append (*approximate*) "/own.efi")`},
		// Versions and names.
		{`(map version-compare '("1.10" "1.0" "1" "2.0-rc1") '("1.9" "1.0" "1.0" "2.0"))`, "(> = < <)"},
		{`(version-major+minor "3.2.1")`, `"3.2"`},
		{`(version-prefix "3.2.1" 2)`, `"3.2"`},
		{`(map (lambda (v) (version-prefix? v "4.12.1")) '("4" "4.1" "4.12"))`, "(#t #f #t)"},
		{`(call-with-values (lambda () ((@ (guix utils) package-name->name+version) "foo-bar@1.2")) list)`, `("foo-bar" "1.2")`},
		{`(substitute-keyword-arguments '(#:a 1 #:b 2) ((#:a x) (+ x 10)))`, "(#:a 11 #:b 2)"},
		{`(file-extension "a.tar.gz")`, `"gz"`},
		// Monads.
		{`(run-with-store 'store (mlet* %store-monad ((a (return 1)) (b -> 2)) (return (+ a b))))`, "3"},
		{`(run-with-store 'store (mapm %store-monad (lambda (x) (with-monad %store-monad (return (* x x)))) '(1 2 3)))`, "(1 4 9)"},
		// Phases and other helpers of builders.
		{`(map car (modify-phases '((a . 1) (b . 2) (c . 3)) (delete 'b) (add-after 'a 'x 4) (add-before 'a 'y 5)))`, "(y a x c)"},
		{`(modify-phases '((a . 1) (b . 2)) (replace 'b 7))`, "((a . 1) (b . 7))"},
		// Gexps.
		{`(gexp? #~(list 1 #$text))`, "#t"},
		{`(string-suffix? "-text" (lower-item text))`, "#t"},
		{`(string=? (lower-item text) (lower-item (plain-file "text" "hello")))`, "#t"},
		{`(lowered-gexp-sexp (lower-gexp #~(list 1 '(a "b") #\c #t #:k #(1 2))))`, `(list 1 (quote (a "b")) #\c #t #:k #(1 2))`},
		{`(lowered-gexp-sexp (lower-gexp #~(+ #$(+ 1 2) #$@(list 4 5))))`, "(+ 3 4 5)"},
		{`(lowered-gexp-sexp (lower-gexp #~(x #$output #$output:lib)))`, `(x ((@ (guile) getenv) "out") ((@ (guile) getenv) "lib"))`},
		{`(equal? (list (lower-item text)) (cdr (lowered-gexp-sexp (lower-gexp #~(x #$text)))))`, "#t"},
		{`(equal? (list (lower-item text)) (lowered-gexp-sources (lower-gexp #~(x #$text #$text))))`, "#t"},
		{`(length (lowered-gexp-inputs (lower-gexp #~(x #$(computed-file "c" #~(mkdir #$output))))))`, "1"},
		{`(string-suffix? "-text/bin/x" (second (lowered-gexp-sexp (lower-gexp #~(x #$(file-append text "/bin" "/x"))))))`, "#t"},
		{`(length (lowered-gexp-load-path (lower-gexp (with-imported-modules '((guix build utils)) #~(x)))))`, "1"},
		{`(and (member '(guix build utils) (source-module-closure '((guix build union)))) #t)`, "#t"},
		{`(source-module-closure '((guix build utils)))`, "((guix build utils))"},
		{`(derivation? (lower-item (file-union "u" (list (list "a/b" text)))))`, "#t"},
		{`(derivation? (lower-item (mixed-text-file "m" "x " text)))`, "#t"},
		{`(derivation? (lower-item (program-file "p" #~(display 1))))`, "#t"},
		// Packages.
		{`(define p (package (name "p") (version "1") (source #f) (build-system trivial-build-system)
		    (inputs (list (package (name "q") (version "2") (source #f) (build-system trivial-build-system))))))
		  (map first (package-inputs p))`, `("q")`},
		{`(modify-inputs (package-inputs p) (delete "q"))`, "()"},
		{`(package-full-name (package (inherit p) (version "3")))`, `"p@3"`},
		{`(location-line (package-location p))`, "@any"},
	}
	dir := freebsdDir(t)
	var b strings.Builder
	b.WriteString(dslPrelude)
	n := 0
	for _, c := range cases {
		if c.want == "" {
			continue
		}
		n++
		forms := c.expression
		if i := strings.LastIndex(forms, "\n"); strings.HasPrefix(forms, "(define ") && i > 0 {
			b.WriteString(forms[:i] + "\n")
			forms = forms[i:]
		}
		b.WriteString("(write (catch #t (lambda () " + forms + ") (lambda e (cons 'failed e))))\n(newline)\n")
	}
	file := filepath.Join(dir, "dsl.scm")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := badRun(t, dir, dir, "fruix repl "+file)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != n {
		t.Fatalf("%d results for %d expressions:\n%s%s", len(lines), n, stdout, stderr)
	}
	i := 0
	for _, c := range cases {
		if c.want == "" {
			continue
		}
		if lines[i] != c.want && c.want != "@any" {
			t.Errorf("%s\nyields %s\nwant   %s", c.expression, lines[i], c.want)
		}
		i++
	}
}
