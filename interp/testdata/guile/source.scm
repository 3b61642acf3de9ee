;;; Source properties (Guile manual, "Source Properties").

(use-modules (conformance) (srfi srfi-1))

(define (place x)
  (list (source-property x 'filename) (source-property x 'line) (source-property x 'column)))
(define (read-named s)
  (call-with-input-string s
    (lambda (port)
      (set-port-filename! port "a.scm")
      (read port))))
(define (place-of s) (place (read-named s)))
(define (all-places l) (map place l))

;;; What read returns has a place.
(test '("a.scm" 0 0) (place-of "(a b)"))
(test '("a.scm" 2 3) (place-of "\n ; comment\n   (a . b)"))
(test '("a.scm" 0 2) (place-of "  'a"))
(test '("a.scm" 0 1) (place-of " \"text\""))
(test '("a.scm" 0 1) (place-of " \"λ\""))
(test '("a.scm" 0 1) (place-of " \"\""))
(test '("a.scm" 1 0) (place-of "\n#(1 2)"))
(test '("a.scm" 0 0) (place-of "#vu8(1 2)"))
(test '("a.scm" 0 1) (place-of " #*101"))
(test '("a.scm" 0 0) (place-of "#f64(1.5)"))
(test '("a.scm" 0 0) (place-of "#2((1 2) (3 4))"))
(test '("a.scm" 0 1) (place-of " 1/2"))
(test '("a.scm" 0 1) (place-of " 1+2i"))
(test '("a.scm" 0 1) (place-of " 123456789012345678901234567890"))
(test '("a.scm" 0 4) (place-of "#;a [a b]"))
(test '("a.scm" 3 0) (place-of "#| a\n\n|#\n(a)"))
(test '(("a.scm" 0 1) ("a.scm" 0 5) ("a.scm" 0 9) ("a.scm" 1 0))
      (all-places (read-named "((a) \"b\" 'c\n(d (e)))")))
(test '("a.scm" 0 6) (place (cadr (cadr (read-named "(a (b (c)))")))))
(test '() (source-properties (cdr (read-named "(a b)"))))

;;; Symbols and what else has no identity have none.
(test '(() () () () () ())
      (map (lambda (s) (source-properties (read-named s))) '("a" "1" "#t" "#\\a" "#:a" "()")))
(test '(#f 0 1) (place (call-with-input-string " (a)" read)))
(test '(filename line column) (map car (source-properties (read-named "(a)"))))

;;; A program may switch that off, and set properties of its own.
(test '() (dynamic-wind (lambda () (read-disable 'positions))
                        (lambda () (source-properties (read-named "(a)")))
                        (lambda () (read-enable 'positions))))
(define data (read-named "((a) b)"))
(test '("a.scm" 0 0) (place data))
(test "b.scm" (begin (set-source-property! data 'filename "b.scm") (source-property data 'filename)))
(test 0 (source-property data 'line))
(test '() (begin (set-source-properties! data '()) (source-properties data)))
(test '("a.scm" 0 1) (place (car data)))
(test '("a.scm" 0 0) (place (cons-source (read-named "(a)") 1 2)))
(test '() (source-properties (copy-tree (read-named "(a)"))))
(test '() (source-properties (list 1)))

;;; There are many of them.
(define many
  (read-named (call-with-output-string
               (lambda (port)
                 (display "(" port)
                 (do ((i 0 (+ i 1))) ((= i 3000))
                   (format port "\n(a~a #(~a) \"~a\" ~a/7)" i i i (+ 8 (* 7 i))))
                 (display ")" port)))))
(gc)
(test #t (every (lambda (x i)
                  (and (equal? (place x) (list "a.scm" i 0))
                       (every (lambda (part) (eqv? (source-property part 'line) i)) (cdr x))))
                many (iota (length many) 1)))

;;; Places go from data to syntax and back.
(define (syntax-named s)
  (call-with-input-string s
    (lambda (port)
      (set-port-filename! port "a.scm")
      (read-syntax port))))
(test '("a.scm" 0 1) (place (syntax->datum (syntax-named " (a (b))"))))
(test '("a.scm" 0 4) (place (cadr (syntax->datum (syntax-named " (a (b))")))))
(test '((filename . "a.scm") (line . 0) (column . 1))
      (syntax-source (datum->syntax #f (read-named " (a)"))))

;;; Errors of what is evaluated say where it was read.
(test '((filename . "a.scm") (line . 1) (column . 2))
      (catch 'syntax-error
        (lambda () (eval (read-named "\n  (let x)") (current-module)))
        (lambda (key who message where . rest) where)))
(test '((filename . "a.scm") (line . 0) (column . 3))
      (eval (read-named "(m (current-source-location))")
            (let ((m (make-fresh-user-module)))
              (eval '(define-syntax-rule (m x) x) m)
              m)))
