(define (compose f g) (lambda (x) (f (g x))))
(define (adder n) (lambda (x) (+ x n)))
(define (map1 f l) (if (null? l) '() (cons (f (car l)) (map1 f (cdr l)))))
(define (fold f acc l) (if (null? l) acc (fold f (f (car l) acc) (cdr l))))
(define (numbers n) (let loop ((i n) (l '())) (if (= i 0) l (loop (- i 1) (cons i l)))))
(define (main)
  (let ((l (numbers 500)))
    (let loop ((i 0) (sum 0))
      (if (= i 40)
          sum
          (loop (+ i 1)
                (fold (lambda (x acc) (+ x acc)) sum
                      (map1 (compose (adder i) (adder 1)) l)))))))
