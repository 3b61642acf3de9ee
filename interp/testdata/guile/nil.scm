;;; Guile's #nil (manual, "Nil"): false and an empty list, and neither #f nor ().
(use-modules (conformance) (srfi srfi-1) (ice-9 match))

(define (written x) (call-with-output-string (lambda (port) (write x port))))

(test '(#t #t #t) (list (null? #nil) (not #nil) (boolean? #nil)))
(test '(#f #f #f #f) (list (eq? #nil '()) (eq? #nil #f) (equal? #nil '()) (equal? #nil #f)))
(test '(#f #f) (list (eqv? '() #nil) (equal? (list 1) (cons 1 #nil))))
(test 'other (case #nil ((#f) 'false) ((()) 'null) (else 'other)))
(test 'no (if #nil 'yes 'no))
(test #t (let ((x (list #nil))) (and (eq? (car x) #nil) (null? (car x)))))

;; Procedures that know (eq? x '()) from (null? x) when they are compiled.
(define (kinds x) (list (null? x) (eq? x '()) (eq? '() x) (if (null? x) 'null 'more) (if (eq? x '()) 'same 'other) (not x)))
(test '(#t #f #f null other #t) (kinds #nil))
(test '(#t #t #t null same #f) (kinds '()))
(test '(#f #f #f more other #t) (kinds #f))
(test '(#f #f #f more other #f) (kinds 3))

;; It ends a list.
(define l (cons* 1 2 3 #nil))
(test '(#t 3 3 3) (list (list? l) (length l) (length+ l) (list-ref l 2)))
(test '("(1 2 3)" "#nil" "(a (b) . c)" "(#nil)") (map written (list l #nil '(a (b . #nil) . c) (cons #nil #nil))))
(test '(3 2 1) (reverse l))
(test '(2 3 4) (map 1+ l))
(test '(1 2 3 4) (append l '(4)))
(test '(1 2 3) (append '() l '()))
(test #nil (cdr (last-pair l)))
(test #(1 2 3) (list->vector l))
(test '(#f #f #f) (list (memv 4 l) (assv 4 (cons '(1 . 2) #nil)) (member "x" l)))
(test 6 (apply + l))
(test '(1 3) (filter odd? l))
(test 6 (fold + 0 l))
(test #nil (sort #nil <))
(test '(1 2 3) (sort (cons* 3 1 2 #nil) <))
(test (cons* 1 2 3 4 #nil) (merge (cons* 1 3 #nil) (cons* 2 4 #nil) <))
(test #t (sorted? l <))
(test-error (list-ref l 3))
(test '(end 1) (list (match (cdr (cons 1 #nil)) (() 'end)) (match (cons 1 #nil) ((x) x))))

;; In programs it is a constant, and ends their lists.
(define-syntax first (syntax-rules () ((_ x . more) x) ))
(test '(#t 1) (list (eq? #nil (first #nil)) (first 1 . #nil)))
(test 3 (eval '(let ((x 1) . #nil) (+ x 2 . #nil)) (current-module)))
