;;; R7RS 4.1 and 4.2: primitive and derived expression types.
(use-modules (conformance) (scheme base) (scheme case-lambda) (scheme lazy))

;; 4.1.1 and 4.1.2
(define x 28)
(test 28 x)
(test 'a (quote a))
(test '#(a b c) (quote #(a b c)))
(test '(+ 1 2) (quote (+ 1 2)))
(test '(quote a) ''a)
(test "abc" '"abc")
(test 145932 '145932)
(test #\a '#\a)
(test #t '#t)
(test '#u8(64 65) #u8(64 65))

;; 4.1.3
(test 7 (+ 3 4))
(test 12 ((if #f + *) 3 4))

;; 4.1.4
(test #t (procedure? (lambda (x) (+ x x))))
(test 8 ((lambda (x) (+ x x)) 4))
(define reverse-subtract (lambda (x y) (- y x)))
(test 3 (reverse-subtract 7 10))
(define add4 (let ((x 4)) (lambda (y) (+ x y))))
(test 10 (add4 6))
(test '(3 4 5 6) ((lambda x x) 3 4 5 6))
(test '(5 6) ((lambda (x y . z) z) 3 4 5 6))

;; 4.1.5
(test 'yes (if (> 3 2) 'yes 'no))
(test 'no (if (> 2 3) 'yes 'no))
(test 1 (if (> 3 2) (- 3 2) (+ 3 2)))

;; 4.1.6
(test 5 (let ((x 2)) (set! x 4) (+ x 1)))

;; 4.2.1
(test 'greater (cond ((> 3 2) 'greater) ((< 3 2) 'less)))
(test 'equal (cond ((> 3 3) 'greater) ((< 3 3) 'less) (else 'equal)))
(test 2 (cond ((assv 'b '((a 1) (b 2))) => cadr) (else #f)))
(test 6 (cond (#f 1) (6)))
(test 'composite (case (* 2 3) ((2 3 5 7) 'prime) ((1 4 6 8 9) 'composite)))
(test 'c (case (car '(c d)) ((a e i o u) 'vowel) ((w y) 'semivowel) (else => (lambda (x) x))))
(test '(vowel a) (case 'a ((a e i o u) => (lambda (x) (list 'vowel x))) (else 'none)))
(test #t (and (= 2 2) (> 2 1)))
(test #f (and (= 2 2) (< 2 1)))
(test '(f g) (and 1 2 'c '(f g)))
(test #t (and))
(test #t (or (= 2 2) (> 2 1)))
(test '(b c) (or (memq 'b '(a b c)) (/ 3 0)))
(test #f (or #f #f #f))
(test #f (or))
(test 'done (when #t 1 'done))
(test 'done (unless #f 1 'done))
(test 'full (cond-expand (full-unicode 'full) (else 'none)))
(test 'library (cond-expand ((library (scheme base)) 'library) (else 'none)))
(test 'right (cond-expand ((and r7rs (not no-such-feature)) 'right) (else 'wrong)))
(test 'right (cond-expand ((or no-such-feature ratios) 'right) (else 'wrong)))

;; 4.2.2
(test 6 (let ((x 2) (y 3)) (* x y)))
(test 35 (let ((x 2) (y 3)) (let ((x 7) (z (+ x y))) (* z x))))
(test 70 (let ((x 2) (y 3)) (let* ((x 7) (z (+ x y))) (* z x))))
(test 3 (let* ((x 1) (x (+ x 2))) x))
(test #t (letrec ((even? (lambda (n) (if (zero? n) #t (odd? (- n 1)))))
                  (odd? (lambda (n) (if (zero? n) #f (even? (- n 1))))))
           (even? 88)))
(test 5 (letrec* ((p (lambda (x) (+ 1 (q (- x 1)))))
                  (q (lambda (y) (if (zero? y) 0 (+ 1 (p (- y 1))))))
                  (x (p 5))
                  (y x))
          y))
(test 35 (let-values (((root rem) (exact-integer-sqrt 32))) (* root rem)))
(test '(x y x y) (let ((a 'a) (b 'b) (x 'x) (y 'y))
                   (let*-values (((a b) (values x y)) ((x y) (values a b)))
                     (list a b x y))))
(test '(x y a b) (let ((a 'a) (b 'b) (x 'x) (y 'y))
                   (let-values (((a b) (values x y)) ((x y) (values a b)))
                     (list a b x y))))
(test '(1 (2 3)) (let-values (((a . rest) (values 1 2 3))) (list a rest)))
(test '(1 2) (let-values ((all (values 1 2))) all))

;; 4.2.3
(test 6 (let ((x 0)) (and (= x 0) (begin (set! x 5) (+ x 1)))))

;; 4.2.4
(test '#(0 1 2 3 4) (do ((vec (make-vector 5)) (i 0 (+ i 1)))
                        ((= i 5) vec)
                      (vector-set! vec i i)))
(test 25 (let ((x '(1 3 5 7 9)))
           (do ((x x (cdr x)) (sum 0 (+ sum (car x)))) ((null? x) sum))))
(test '((6 1 3) (-5 -2))
      (let loop ((numbers '(3 -2 1 6 -5)) (nonneg '()) (neg '()))
        (cond ((null? numbers) (list nonneg neg))
              ((>= (car numbers) 0)
               (loop (cdr numbers) (cons (car numbers) nonneg) neg))
              (else (loop (cdr numbers) nonneg (cons (car numbers) neg))))))

;; 4.2.5
(test 3 (force (delay (+ 1 2))))
(test '(3 3) (let ((p (delay (+ 1 2)))) (list (force p) (force p))))
(define integers
  (letrec ((next (lambda (n) (delay (cons n (next (+ n 1)))))))
    (next 0)))
(define (head stream) (car (force stream)))
(define (tail stream) (cdr (force stream)))
(test 2 (head (tail (tail integers))))
(define (stream-filter p? s)
  (delay-force
   (if (null? (force s))
       (delay '())
       (let ((h (car (force s))) (t (cdr (force s))))
         (if (p? h)
             (delay (cons h (stream-filter p? t)))
             (stream-filter p? t))))))
(test 5 (head (tail (tail (stream-filter odd? integers)))))
(define count 0)
(define p (delay (begin (set! count (+ count 1)) (if (> count limit) count (force p)))))
(define limit 5)
(test 6 (force p))
(test 6 (begin (set! limit 10) (force p)))
(test 7 (force (make-promise 7)))
(test #t (promise? (make-promise 7)))
(not-in-guile "wraps promises again"
  (test #t (let ((p (make-promise 8))) (eq? p (make-promise p)))))
;; delay-force iterates in bounded space.
(define (loop n) (if (= n 0) (delay 'done) (delay-force (loop (- n 1)))))
(test 'done (force (loop 10000)))

;; 4.2.6
(define radix
  (make-parameter 10 (lambda (x)
                       (if (and (exact-integer? x) (<= 2 x 16)) x (error "invalid radix")))))
(define (f n) (number->string n (radix)))
(test "12" (f 12))
(test "1100" (parameterize ((radix 2)) (f 12)))
(test "12" (f 12))
(test-error (parameterize ((radix 0)) (f 12)))
(test '(1 2 1) (let ((p (make-parameter 1)))
                 (let* ((a (p)) (b (parameterize ((p 2)) (p)))) (list a b (p)))))

;; 4.2.8
(test '(list 3 4) `(list ,(+ 1 2) 4))
(test '(list a (quote a)) (let ((name 'a)) `(list ,name ',name)))
(test '(a 3 4 5 6 b) `(a ,(+ 1 2) ,@(map abs '(4 -5 6)) b))
(test '((foo 7) . cons) `((foo ,(- 10 3)) ,@(cdr '(c)) . ,(car '(cons))))
(test '#(10 5 2 4 3 8) `#(10 5 ,(- 6 4) ,@(map (lambda (x) (- x 2)) '(6 5)) 8))
(test '((foo (unquote (+ 1 2)))) `((foo (unquote '(unquote (+ 1 2))))))
(test '(a `(b ,(c ,(+ 1 2)))) `(a `(b ,(c ,',(+ 1 2)))))
(test '(a `(b ,(foo 4 d) e) f)
      (list 'a '`(b ,(foo 4 d) e) 'f))
(test '(1 `(2 ,(3 4))) `(1 `(2 ,(3 ,(+ 1 3)))))
(test '(1 . 2) `(1 . ,(+ 1 1)))

;; 4.2.9
(define range
  (case-lambda
    ((e) (range 0 e))
    ((b e) (do ((r '() (cons e r)) (e (- e 1) (- e 1))) ((< e b) r)))))
(test '(0 1 2) (range 3))
(test '(3 4) (range 3 5))
(test '(rest 1 2 3) ((case-lambda ((a) 'one) ((a b) 'two) (all (cons 'rest all))) 1 2 3))
