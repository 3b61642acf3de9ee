(define (fact n) (let loop ((i n) (p 1)) (if (= i 0) p (loop (- i 1) (* p i)))))
(define (main) (remainder (fact 400) 1000003))
