;;; Vectors and arrays: procedures that call procedures.

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

(define (%array-index-walk dims f)
  ;; Call f with each valid list of indices, the last index fastest.
  (let loop ((dims dims) (index '()))
    (if (null? dims)
        (f (reverse index))
        (let ((lo (if (pair? (car dims)) (car (car dims)) 0))
              (hi (if (pair? (car dims)) (cadr (car dims)) (- (car dims) 1))))
          (let next ((i lo))
            (if (<= i hi)
                (begin (loop (cdr dims) (cons i index))
                       (next (+ i 1)))))))))

(define (array-for-each f a . rest)
  (%array-index-walk (array-dimensions a)
                     (lambda (index)
                       (apply f (apply array-ref a index)
                              (map (lambda (b) (apply array-ref b index)) rest)))))

(define (array-map! dst f . srcs)
  (%array-index-walk (array-dimensions dst)
                     (lambda (index)
                       (apply array-set! dst
                              (apply f (map (lambda (b) (apply array-ref b index)) srcs))
                              index))))

(define (array-map-in-order! dst f . srcs)
  (apply array-map! dst f srcs))

(define (array-index-map! a f)
  (%array-index-walk (array-dimensions a)
                     (lambda (index)
                       (apply array-set! a (apply f index) index))))
