;; Digits of pi from a stream of continued fractions in big integers.
(define (digits n)
  (let loop ((q 1) (r 0) (t 1) (k 1) (m 3) (x 3) (left n) (sum 0))
    (cond ((= left 0) sum)
          ((< (+ (* 4 q) (- r t)) (* m t))
           (loop (* 10 q) (* 10 (- r (* m t))) t k
                 (- (quotient (* 10 (+ (* 3 q) r)) t) (* 10 m)) x
                 (- left 1) (+ (* 3 (remainder sum 1000003)) m)))
          (else
           (loop (* q k) (* (+ (* 2 q) r) x) (* t x) (+ k 1)
                 (quotient (+ (* q (+ (* 7 k) 2)) (* r x)) (* t x))
                 (+ x 2) left sum)))))
(define (main) (digits 200))
