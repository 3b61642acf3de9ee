;;; R7RS 4.3: macros.
(use-modules (conformance) (scheme base))

;; 4.3.1
(test 'now (let-syntax ((given-that
                         (syntax-rules ()
                           ((_ test stmt1 stmt2 ...)
                            (if test (begin stmt1 stmt2 ...))))))
             (let ((if #t))
               (given-that if (set! if 'now))
               if)))
(test 'outer (let ((x 'outer))
               (let-syntax ((m (syntax-rules () ((m) x))))
                 (let ((x 'inner)) (m)))))
(test 7 (letrec-syntax
            ((my-or (syntax-rules ()
                      ((my-or) #f)
                      ((my-or e) e)
                      ((my-or e1 e2 ...)
                       (let ((temp e1)) (if temp temp (my-or e2 ...)))))))
          (let ((x #f) (y 7) (temp 8) (let odd?) (if even?))
            (my-or x (let temp) (if y) y))))
(test 1 (let ((x 1)) (let-syntax () (define x 2) #f) x))

;; 4.3.2
(define-syntax be-like-begin
  (syntax-rules ()
    ((be-like-begin name)
     (define-syntax name
       (syntax-rules () ((name expr (... ...)) (begin expr (... ...))))))))
(be-like-begin sequence)
(test 4 (sequence 1 2 3 4))
(test 'ok (let ((=> #f)) (cond (#t => 'ok))))
(define-syntax my-if
  (syntax-rules ()
    ((_ c t e) (cond (c t) (else e)))))
(test 'no (let ((else #f)) (my-if #f 'yes 'no)))

;; Patterns: tails after an ellipsis, improper lists, vectors, nesting.
(define-syntax tails
  (syntax-rules ()
    ((_ (a ... y z)) '(a ... / y z))
    ((_ (a ... y . z)) '(dotted a ... / y z))))
(test '(1 2 / 3 4) (tails (1 2 3 4)))
(test '(dotted / 1 2) (tails (1 . 2)))
(test '(dotted 1 2 / 3 4) (tails (1 2 3 . 4)))
(define-syntax vectors
  (syntax-rules () ((_ #(a b ...) ...) '((a ...) (b ... ...)))))
(test '((1 4) (2 3 5)) (vectors #(1 2 3) #(4 5)))
(define-syntax my-let*
  (syntax-rules ()
    ((_ () body ...) (let () body ...))
    ((_ ((x v) rest ...) body ...) (let ((x v)) (my-let* (rest ...) body ...)))))
(test 3 (my-let* ((x 1) (y (+ x 1))) (+ x y)))
(define-syntax literals
  (syntax-rules (to)
    ((_ a to b) (list a b))
    ((_ a b c) 'no-literal)))
(test '(1 2) (literals 1 to 2))
(test 'no-literal (let ((to 0)) (literals 1 to 2)))
(define-syntax strings
  (syntax-rules () ((_ "add" a b) (+ a b)) ((_ #\s a b) (- a b)) ((_ 0 a b) (* a b))))
(test '(7 -1 12) (list (strings "add" 3 4) (strings #\s 3 4) (strings 0 3 4)))

;; Underscores match and bind nothing.
(define-syntax second-of (syntax-rules () ((_ _ b _) 'b)))
(test 'y (second-of x y z))
(define-syntax under (syntax-rules (_) ((m _) 'literal) ((m x) 'other)))
(test '(literal other) (list (under _) (under 5)))

;; Another ellipsis; escaped ellipses.
(define-syntax three-dots
  (syntax-rules ::: () ((_ (a b :::) :::) '((b ::: a) ::: ...))))
(test '((2 3 1) (5 4) ...) (three-dots (1 2 3) (4 5)))
(define-syntax escaped (syntax-rules () ((_ a ...) '(a ... (... ...)))))
(test '(1 2 ...) (escaped 1 2))

;; Hygiene: what a macro brings in is its own.
(define-syntax swap!
  (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
(test '(2 1) (let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other)))
(define-syntax define-getter
  (syntax-rules () ((_ name) (begin (define hidden 42) (define (name) hidden)))))
(define-getter get-one)
(define hidden 1)
(test '(42 1) (list (get-one) hidden))
(define-syntax jabberwocky
  (syntax-rules ()
    ((_ hatter)
     (begin
       (define march-hare 42)
       (define-syntax hatter (syntax-rules () ((_) march-hare)))))))
(jabberwocky mad-hatter)
(test 42 (mad-hatter))
(test '(1 2) (let ()
               (define-syntax define-two
                 (syntax-rules () ((_ a b) (begin (define a 1) (define b (+ a 1))))))
               (define-two p q)
               (list p q)))
;; A helper that is defined after its use.
(define-syntax define-pair-of
  (syntax-rules ()
    ((_ f) (begin (define (f x) (helper x)) (define (helper x) (list x x))))))
(define-pair-of twice)
(test '(3 3) (twice 3))

;; 4.3.3
(define-syntax simple-let
  (syntax-rules ()
    ((_ (head ... ((x . y) val) . tail) body1 body2 ...)
     (syntax-error "expected an identifier but got" (x . y)))
    ((_ ((name val) ...) body1 body2 ...)
     ((lambda (name ...) body1 body2 ...) val ...))))
(test 3 (simple-let ((a 1) (b 2)) (+ a b)))
(test-error (eval '(simple-let (((a) 1)) a) (current-module)))
