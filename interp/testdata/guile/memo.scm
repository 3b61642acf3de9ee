;;; Guile's (ice-9 hcons) and (ice-9 poe): pairs and results that are kept.
(use-modules (conformance) (ice-9 hcons) (ice-9 poe))

(define x (list 'x))
(test '(#t #f #t)
  (let* ((table (make-hash-table 7)) (kons (lambda (a d) (hashq-cons table a d))) (first (kons 1 x)))
    (list (eq? first (kons 1 x)) (eq? first (kons 1 (list 'x))) (equal? first '(1 x)))))
(not-in-guile "its hashq-conser makes a weak table, which hashx-create-handle! refuses"
  (test #t (let ((kons (hashq-conser 31))) (eq? (kons 1 x) (kons 1 x)))))
(test '(v #f)
  (let ((table (make-hash-table 7)))
    (hashq-cons-set! table (cons 'a x) 'v)
    (list (hashq-cons-ref table (cons 'a x)) (hashq-cons-ref table (cons x 'a)))))
(define (counting wrap)
  (let* ((calls 0) (f (wrap (lambda args (set! calls (+ calls 1)) (length args)))))
    (let* ((results (list (f) (f) (f x) (f x 1) (f x) (f 1 x))))
      (list results calls))))
(test '((0 0 1 2 1 2) 4) (counting pure-funcq))
(test '((0 0 1 2 1 2) 4) (counting (lambda (f) (perfect-funcq 31 f))))
