;;; SRFI 119: wisp.
(use-modules (conformance) (ice-9 regex))

;; Braces are SRFI 105's.
(test '(+ 1 (* 2 3)) (call-with-input-string "#!curly-infix {1 + {2 * 3}}" read))

(not-in-guile "3.0.10 is the first that has it"
 (use-modules (language wisp) (system base compile))
 (define (wisp . lines) (wisp-scheme-read-string (string-join lines "\n")))

 ;; Lines are lists, and those indented more are elements.
 (test '((a b) (c (d) (e f (g)) h)) (wisp "a b" "c" "  d" "  e f" "    g" "  . h"))
 (test '((a (b (c)) (d))) (wisp "a" "  b" "     c" " d"))
 (test '((a) (b)) (wisp "  a" "b"))
 (test '(5 "x" sym) (wisp ". 5" ". \"x\" sym"))
 (test '((define (f x) (g x (h)))) (wisp "define : f x" "_ g x" "___ h"))
 (test '((a (b))) (wisp "a" "" "   ; nothing" "  b" "   "))
 (test '() (wisp "" "  " "; x" ""))
 (test '((if a b c)) (wisp "if a" "   . b c"))

 ;; Colons.
 (test '((f (g 1) )) (wisp "f : g 1"))
 (test '((f (g (h 1 (i))))) (wisp "f : g : h 1 : i"))
 (test '((let ((a 1) (b 2)) a)) (wisp "let" "  : a 1" "    b 2" "  . a"))
 (test '((let ((a 1)) a)) (wisp "let" "  :" "    a 1" "  . a"))
 (test '((f ()) ((g)) ((()))) (wisp "f :" ": g" ": :"))
 (test '((define (:) :a b:)) (wisp "define : \\:" "  . :a b:"))
 (test '((_ _x)) (wisp "\\_ _x"))

 ;; Quotes and dots.
 (test '('(a b) `(c ,d) `(e (f ,@(g)))) (wisp "' a b" "` c ,d" "` e" "  f ,@ : g"))
 (test '((a '() '(1 2))) (wisp "a ' : " "  ' 1 2") )
 (test '(#'(a #`(b #,(c)))) (wisp "#' a" "  #` b" "     #, c"))
 (test '((1 . 2) (3 4 (5 . 6)) (f (a . b))) (wisp "1 . 2" "3 4" "   5 . 6" "f : a . b"))
 (test '((define (f a . b) b)) (wisp "define" "  f a" "    . . b" "  . b"))
 (test '((a .5 ... -)) (wisp "a .5 ... -"))

 ;; Inside of brackets and strings lines do not count.
 (test '((a (b c) "x\ny" d) (e)) (wisp "a (b" "c) \"x" "y\" d" "e"))
 (test '((display (* (+ 1 2) 3))) (wisp "display {{1 + 2} * 3}"))
 (test 'infix-is-off-again (if (memq 'curly-infix (read-options)) 'left-on 'infix-is-off-again))

 ;; Comments.
 (test '((a b c) (d)) (wisp "#!/bin/wisp" "!#" "a #| x" "y #| z |# |# b #;(q r) c ; end" "#;d" "d"))
 (test '((a) (b)) (wisp "#!curly-infix" "a #!r6rs" "b"))

 ;; Chunks of a port.
 (test '(((a (b))) ((c)) () ())
       (call-with-input-string "a\n  b\nc\n"
         (lambda (port)
           (let* ((one (wisp-scheme-read-chunk port)) (two (wisp-scheme-read-chunk port))
                  (three (wisp-scheme-read-chunk port)))
             (list one two three (wisp-scheme-read-chunk port))))))

 ;; Lists know their places.
 (test '((0 . 0) (1 . 2) (2 . 4))
       (let ((x (car (wisp "a" "  b" "    c"))))
         (map (lambda (l)
                (let ((p (source-properties l))) (cons (assq-ref p 'line) (assq-ref p 'column))))
              (list x (cadr x) (cadr (cadr x))))))

 ;; It is a language for compile.
 (test '((a (b))) ((@ (srfi srfi-119) wisp-scheme-read-string) "a : b"))
 (test 120 (call-with-input-string "define : fac n\n  if : zero? n\n    . 1\n    * n : fac {n - 1}\nfac 5\n"
             (lambda (port) (read-and-compile port #:from 'wisp #:to 'value #:env (current-module)))))

 ;; Faults say where.
 (define (message text)
   (catch 'read-error
     (lambda () (wisp text))
     (lambda (key who message arguments rest) (apply simple-format #f message arguments))))
 (test #t (regexp-match?
           (string-match "^#<unknown port>:2:[0-9]+: a tab in the indentation$" (message "a\n\tb"))))
 (test "#<unknown port>:3:1: a dot must stand before the last element" (message "a\nb . c d\nc"))
 (test "#<unknown port>:1:6: a dot outside of a list" (message ". . a"))
 (test #t (string-suffix? "unterminated comment" (message "a #| b"))))
