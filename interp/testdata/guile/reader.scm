;;; What the reader reads (manual, "Scheme Read", SRFI 105).

(use-modules (conformance))

(define (from s) (call-with-input-string s read))
(define (all s)
  (call-with-input-string s
    (lambda (port)
      (let loop ((x (read port)) (out '()))
        (if (eof-object? x) (reverse out) (loop (read port) (cons x out)))))))
(define (with-options options thunk)
  (let ((saved (read-options)))
    (dynamic-wind (lambda () (read-options options)) thunk (lambda () (read-options saved)))))

;;; Literals.
(test '(#t #f #t #f #nil #\a #\space #\x #\A) (all "#t #f #true #FALSE #nil #\\a #\\space #\\x #\\x41"))
(test (list (integer->char 33) #\esc #\nul) (all "#\\41 #\\escape #\\x0"))
(test '("a\nb" "AB" "λ" "ab" "A1") (all "\"a\\nb\" \"\\x41\\x42\" \"\\u03bb\" \"a\\\nb\" \"\\x411\""))
(test '(#:key a) (all "#:key a"))
(test (list (string->symbol "a b") (string->symbol "}")) (all "#{a b}# #{}}#"))
(test '(#vu8(1 2) #u8(3) #f64(1.5) #*101) (all "#vu8(1 2) #u8(3) #f64(1.5) #*101"))
(test #t (array-equal? (from "#2((1 2) (3 4))") (list->array 2 '((1 2) (3 4)))))
(test '((1 2)) (array-dimensions (from "#1@1(a b)")))
(test '(0 2) (array-dimensions (from "#2:0:2()")))
(not-in-guile "its reader knows no labels"
 (test #t (let ((x (from "#0=(a . #0#)"))) (eq? x (cdr x)))))
(test '((syntax a) (quasisyntax b) (unsyntax c) (unsyntax-splicing d)) (all "#'a #`b #,c #,@d"))
(test '(quote (quasiquote (unquote (unquote-splicing a)))) (from "'`,,@a"))

;;; Comments and directives.
(test '(1 3 5) (all "1 #;2 3 #| 4 #| nested |# |# 5 ; 6"))
(test '(a b) (all "#!comment over\n lines!# a #;(x y)b"))
(test '(abc Abc) (all "#!fold-case ABC #!no-fold-case Abc"))

;;; Options.
(test 'guile (with-options '(case-insensitive) (lambda () (from "GuiLe"))))
(test '(#:a b) (with-options '(keywords prefix) (lambda () (all ":a b"))))
(test '(#:a b) (with-options '(keywords postfix) (lambda () (all "a: b"))))
(test "A" (with-options '(r6rs-hex-escapes) (lambda () (from "\"\\x0041;\""))))
(test "foo bar" (with-options '(hungry-eol-escapes) (lambda () (from "\"foo \\\n    bar\""))))

;;; Curly infix.
(test '((+ a b) (+ a b c) ($nfx$ a + b - c) () x (f) (- x))
      (all "#!curly-infix {a + b} {a + b + c} {a + b - c} {} {x} {f{}} {- x}"))
(test '((* n (f (- n 1))) ($bracket-apply$ v i) ((a x) y))
      (all "#!curly-infix {n * f{n - 1}} {v[i]} {a(x)(y)}"))
(test '(f (x)) (all "#!curly-infix f(x)"))

;;; Extensions.
(test '(seen 5) (begin (read-hash-extend #\& (lambda (char port) (list 'seen (read port))))
                       (from "#& 5")))
(test #t (procedure? (read-hash-procedure #\&)))
(test #f (begin (read-hash-extend #\& #f) (read-hash-procedure #\&)))

;;; Faults.
(define (complaint s)
  (catch 'read-error
    (lambda () (from s) #f)
    (lambda (key who message . rest) message)))
(define (complains? words s)
  (let ((message (complaint s))) (and message (string-contains message words) #t)))
(test-error (from "(a"))
(test-error (from ")"))
(test-error (from "(a . b c)"))
(test 'b (from "(. b)"))
(not-in-guile "takes the dot after a comment as it takes one at the start"
  (test-error (from "(#;a . b)"))
  (test-error (from "(#;x #;y . z)")))
(test '(a . b) (from "(#;x a #;y . #;z b #;c)"))
(test-error (from "\"abc"))
(test-error (from "#<foo>"))
(test-error (from "#1=#1#"))
(test #t (complains? "unknown character name" "#\\nonesuch"))
(test #t (complains? "invalid character in escape sequence" "\"\\q\""))
(test #t (complains? "Unknown # object" "#<"))

;; The extensions are a fluid: those of a binding end with it.
(test '((this not) #f)
  (let ((inside (with-fluids ((%read-hash-procedures (fluid-ref %read-hash-procedures)))
                  (read-hash-extend #\^ (lambda (char port) 'not))
                  (from "(this #^)"))))
    (list inside (read-hash-procedure #\^))))
