(define (count cr ci)
  (let loop ((zr cr) (zi ci) (c 0))
    (if (= c 64)
        c
        (let ((r2 (* zr zr)) (i2 (* zi zi)))
          (if (> (+ r2 i2) 16.0)
              c
              (loop (+ (- r2 i2) cr) (+ (* 2.0 zr zi) ci) (+ c 1)))))))
(define (main)
  (let yloop ((y 0) (sum 0))
    (if (= y 60)
        sum
        (yloop (+ y 1)
               (let xloop ((x 0) (sum sum))
                 (if (= x 60)
                     sum
                     (xloop (+ x 1)
                            (+ sum (count (+ -1.5 (* 0.033 x)) (+ -1.0 (* 0.033 y)))))))))))
