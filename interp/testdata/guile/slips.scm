;;; Slips that are said at once, and what is easily forgotten.
(use-modules (conformance) (ice-9 and-let-star))

(define (evaluated form) (eval form (current-module)))
;; A variable of a body that is read before its definition.
(test-error (evaluated '(let () (define a b) (define b 1) a)))
(test-error (evaluated '(letrec* ((x y) (y 1)) x)))
(test '(1 2) (let () (define (f) b) (define a 1) (define b 2) (list a (f))))
;; Malformed uses.
(not-in-guile "before 3.0.11 it takes any expression"
  (test 'syntax-error (catch #t (lambda () (evaluated '(and-let* (#f (x 1))))) (lambda (key . rest) key))))
(test-error (char-set-ref (char-set #\a) 1000))
(not-in-guile "3.0.8 drops the list of what is wrong"
  (test '("Keyword argument has no value" #:encoding)
    (catch 'keyword-argument-error
      (lambda () (open-file "/dev/null" "r" #:encoding))
      (lambda (key who message args data) (cons message data)))))
;; Objects that are equal? hash alike.
(define (again) (evaluated '#'(a b)))
(test '(#t #t #t)
  (let ((table (make-hash-table)) (x (again)) (y (again)))
    (hash-set! table x 'found)
    (list (equal? x y) (= (hash x 1000) (hash y 1000)) (eq? 'found (hash-ref table y)))))
(test #t (self-evaluating? #vu8(1)))
;; Libraries pass on what they are about.
(test #t (let ((names (module-map (lambda (name variable) name) (resolve-interface '(srfi srfi-1)))))
           (and (memq 'caddr names) (memq 'cdddar names) #t)))
(test #t (and (module-variable (resolve-interface (quote (srfi srfi-39))) (quote current-output-port)) #t))
