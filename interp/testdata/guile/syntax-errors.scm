;;; What programs get of syntax errors: Guile's words, the form and where it
;;; was read (Guile manual, "Syntax Transformer Helpers", syntax-violation).

(use-modules (conformance) (ice-9 exceptions))

(define (caught form)
  (catch 'syntax-error
    (lambda () (eval form (current-module)) 'no-error)
    (lambda (key who message where form . rest) (list who message))))
(define-syntax-rule (test-words words form ...)
  (begin (test words (caught 'form)) ...))

(define no-pattern '(#f "source expression failed to match any pattern"))

;;; Calls and sequences.
(test-words no-pattern (list . 1) (list 1 . 2))
(test-words '(#f "unexpected syntax") () (list ()))
(test-words '(#f "sequence of zero expressions") (if #t (begin)))

;;; Procedures.
(test-words '(lambda "bad lambda")
  (lambda) (lambda . "foo") (lambda "foo") (lambda ()) (lambda (x)))
(test-words '(lambda "invalid argument list")
  (lambda "foo" #f) (lambda (x 1) 2) (lambda (1 x) 2) (lambda (x #:key) 2))
(test-words '(lambda "duplicate identifier in argument list")
  (lambda (x x) 1) (lambda (x y . x) 1))
(test-words '(lambda "bad lambda*") (lambda*))
(test-words '(lambda* "invalid optional argument list") (lambda* (#:optional 1) 2))
(test-words '(lambda* "invalid keyword argument list") (lambda* (#:key (1 2)) 2))
(test-words '(lambda* "duplicate identifier in argument list") (lambda* (x #:optional x) 2))

;;; Bindings.
(test-words '(let "bad let")
  (let) (let 1) (let (x)) (let ((x))) (let (x) 1) (let ((x)) 3) (let ((x 1) y) x) (let ((1 2)) 3)
  (let ()) (let ((x 1))) (let x (y)) (let x ()) (let x ((y 1))))
(test-words '(let "duplicate bound variable") (let ((x 1) (x 2)) x))
(test-words '(letrec "bad letrec") (letrec) (letrec 1) (letrec ((x)) 3) (letrec x ()) (letrec ()))
(test-words '(letrec "duplicate bound variable") (letrec ((x 1) (x 2)) x))
(test-words '(letrec* "bad letrec*") (letrec*) (letrec* ((x 1) y) x) (letrec* ()))
(test-words no-pattern
  (let*) (let* 1) (let* (x)) (let* ((x)) 3) (let* x ()) (let* ()) (do) (do 1) (do ((x)) (#t))
  (parameterize ((x)) 1) (with-fluids (x) 1))
(test-words '(case-lambda "bad case-lambda") (case-lambda (x)))
(test-words '(#f "body should end with an expression") (let () (define x 1)))

;;; Choices.
(test-words no-pattern (if) (if 1 2 3 4) (cond) (case) (case 1) (case . "foo") (when) (unless) (while))
(test-words '(cond "invalid clause") (cond #t) (cond 1 2) (cond ()) (cond (1) 1))
(test-words '(cond "wrong number of receiver expressions")
  (cond (#t =>)) (cond (#t => 1 2)) (cond (#t list =>)) (cond (#t list => list list)))
(test-words '(case "invalid clause")
  (case 1 "foo") (case 1 ()) (case 1 ("foo")) (case 1 ("foo" "bar")) (case 1 ((2) "bar") (else))
  (let ((else #f)) (case 1 (else #f))))
(test-words '(case "wrong number of receiver expressions") (case 1 ((1) =>)) (case 1 ((1) => list list)))

;;; Definitions, assignments, quotations.
(test-words no-pattern (define) (let () (define) 1) (define-values) (define-syntax) (define-syntax-rule))
(test-words '(set! "bad set!") (set!) (set! 1) (set! 1 2 3) (set! "" #t) (set! #\a #f))
(test-words '(quote "bad syntax") (quote) (quote a b) (set! 'x 1))
(test-words '(#f "definition in expression context, where definitions are not allowed,") (list (define x 1)))

;;; Macros.
(test-words '(syntax-case "misplaced ellipsis")
  (lambda (e) (syntax-case e () (... #f))) (lambda (e) (syntax-case e () ((x ... y ...) #f))))
(test-words '(syntax-case "duplicate pattern variable")
  (lambda (e) (syntax-case e () ((a b a) #f))))
(test-words '(syntax "extra ellipsis") (lambda (e) (syntax-case e () ((a b) #'(a ...)))))
(test-words '(syntax "missing ellipsis") (lambda (e) (syntax-case e () ((a ...) #'a))))
(test-words '(#f "reference to pattern variable outside syntax form")
  (lambda (e) (syntax-case e () (a a))))
(define-syntax-rule (pair-of a b) (cons a b))
(define-syntax swap (lambda (s) (syntax-case s () ((_ a b) #'(b a)))))
(test-words no-pattern (pair-of 1) pair-of (swap 1))
(test-words '(cond-expand "unfulfilled cond-expand") (cond-expand (no-such-feature 1)))
(test-words '(simple "no good: 1") (let () (define-syntax-rule (simple x) (syntax-error "no good:" x)) (simple 1)))

;;; The form is the whole one.
(define (caught-form form)
  (catch 'syntax-error
    (lambda () (eval form (current-module)) 'no-error)
    (lambda (key who message where form . rest) form)))
(define-syntax-rule (test-form form ...)
  (begin (test 'form (caught-form 'form)) ...))
(test-form (let ((x 1) y) x) (let* ((x 1) y) x) (set! 1 2) (if) (cond (1) 2) (letrec ((x)) x) (list . 1) (pair-of 1)
           (case 1 2) (quote) (lambda) (lambda (x)) (define))

;;; They are conditions, too.
(test '("bad let" (let ((x)) x) let)
      (with-exception-handler
          (lambda (e) (list (exception-message e) (syntax-error-form e) (exception-origin e)))
        (lambda () (eval '(let ((x)) x) (current-module)))
        #:unwind? #t))
