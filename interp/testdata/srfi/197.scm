;;; SRFI 197: pipelines; Guile has them from 3.0.10 on.
(use-modules (conformance))

(define m (make-fresh-user-module))
(define there?
  (false-if-exception (begin (module-use! m (resolve-interface '(srfi srfi-197))) #t)))

(test #t (boolean? there?))

(define-syntax-rule (test-pipe expected expr)
  (when there? (test expected (eval 'expr m))))
(define-syntax-rule (test-wrong expr)
  (when there? (test-error (eval 'expr m))))

;; chain
(test-pipe '(a b c) (chain "a b c" (string-split _ #\space) (map string->symbol _)))
(test-pipe 7 (chain 7))
(test-pipe -1 (chain (values 1 2) (- _ _)))
(test-pipe '(1 x 2 3) (chain (values 1 2 3) (list _ 'x _ ...)))
(test-pipe '(x) (chain (values 1 2 3) (list 'x)))
(test-pipe '(1 2 3) (chain (list 1 2 3) (apply values _) (list _ ...)))
(test-pipe '(_ 3) (chain 3 <> (list '_ <>)))
(test-pipe '(1 2 3) (chain (values 1 2 3) <> --- (list <> <> ---)))
(test-pipe '(1 2) (let ((seen '()))
                    (chain (set! seen (cons 2 seen)) (begin (set! seen (cons 1 seen))) (list))
                    seen))

;; chain-and
(test-pipe 3 (chain-and '(1 2 3) (memv 3 _) (car _)))
(test-pipe #f (chain-and '(1 2) (memv 3 _) (car _)))
(test-pipe '(4 5) (chain-and 4 <> (list <> 5)))
(test-pipe 'x (chain-and 1 (and 'x)))
(test-wrong (chain-and 1 (list _ _)))

;; chain-when
(test-pipe '(c a) (chain-when '() ((odd? 1) (cons 'a _)) ((odd? 2) (cons 'b _)) (#t (cons 'c _))))
(not-in-guile "3.0.11 wants a guard in each step"
  (test-pipe '(c a) (chain-when '() ((odd? 1) (cons 'a _)) ((cons 'c _)))))
(test-pipe '(1 . 0) (chain-when 0 <> (#t (cons 1 <>))))

;; chain-lambda
(test-pipe '(3 4) (map (chain-lambda (+ _ 1) (* _ 1)) '(2 3)))
(test-pipe '(10 1 2 3) ((chain-lambda (list 10 _ _ ...)) 1 2 3))
(test-pipe '(1 2) ((chain-lambda <> (list <> 2)) 1))
(test-wrong ((chain-lambda (list _)) 1 2))

;; nest
(test-pipe '(1 2 (3 (4))) (nest (cons 1 _) (cons 2 _) (list _) (cons 3 _) (list _) (list 4)))
(test-pipe 3 (nest (let ((x 1)) _) (+ x _) 2))
(test-pipe '(0 1 2 3) (nest (quote _) (0 1 _ 3) 2))
(test-pipe 5 (nest 5))
(test-pipe '(1 (2 3)) (nest <> (list 1 <>) (list 2 <>) 3))
(test-pipe '((3 2) 1) (nest-reverse 3 (list _ 2) (list _ 1)))
(test-pipe '((3 2) 1) (nest-reverse 3 <> (list <> 2) (list <> 1)))
(test-wrong (nest (list 1) 2))
