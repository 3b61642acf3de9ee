;; Escapes through dynamic-wind; JavaScript has try, finally and throw.
(define depth 0)
(define most 0)
(define (guarded thunk)
  (dynamic-wind
    (lambda () (set! depth (+ depth 1)) (if (> depth most) (set! most depth)))
    thunk
    (lambda () (set! depth (- depth 1)))))
(define (descend n stop)
  (if (= n 0)
      (stop 1)
      (guarded (lambda () (+ 1 (descend (- n 1) stop))))))
(define (main)
  (set! most 0)
  (let loop ((i 0) (sum 0))
    (if (= i 300)
        (+ sum most depth)
        (loop (+ i 1)
              (+ sum
                 (call/cc (lambda (k) (descend 10 k)))
                 (descend 10 (lambda (x) x)))))))
