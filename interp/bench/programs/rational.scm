;; Sums of fractions; JavaScript computes with pairs of integers.
(define (harmonic n)
  (let loop ((k 1) (sum 0))
    (if (> k n) sum (loop (+ k 1) (+ sum (/ 1 k))))))
(define (main)
  (let loop ((i 0) (digits 0))
    (if (= i 20)
        digits
        (loop (+ i 1) (+ digits (string-length (number->string (numerator (harmonic 60)))))))))
