;;; Vectors: procedures that call procedures.

(define vector-map
  (case-lambda
    ((f v)
     (let* ((n (vector-length v)))
       (let loop ((i (- n 1)) (out '()))
         (if (< i 0)
             (list->vector (map f out))
             (loop (- i 1) (cons (vector-ref v i) out))))))
    ((f v . rest)
     (list->vector (apply map f (vector->list v) (map vector->list rest))))))

(define vector-for-each
  (case-lambda
    ((f v)
     (let ((n (vector-length v)))
       (let loop ((i 0))
         (if (< i n)
             (begin (f (vector-ref v i)) (loop (+ i 1)))))))
    ((f v . rest)
     (apply for-each f (vector->list v) (map vector->list rest)))))

(define (vector-map! f v)
  (let ((n (vector-length v)))
    (let loop ((i 0))
      (if (< i n)
          (begin (vector-set! v i (f (vector-ref v i))) (loop (+ i 1)))))))
