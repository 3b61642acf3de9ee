;;; Arrays: procedures that call procedures (Guile manual, "Arrays as arrays of
;;; arrays", "Shared Arrays", "Array Mapping").  Arrays are visited in row-major
;;; order; %array-row-ref and %array-row-set! take an element by its number.

(define (make-shared-array old map-indices . bounds)
  "Make an array of the dimensions BOUNDS that shares elements of the array OLD:
MAP-INDICES turns the indices of the new array into a list of indices of OLD,
and must be affine."
  (define (low b) (if (pair? b) (car b) 0))
  (define (size b) (if (pair? b) (+ 1 (- (cadr b) (car b))) b))
  (let ((lows (map low bounds)))
    (define (place indices)
      (%array-offset 'make-shared-array old (apply map-indices indices)))
    (if (or-map (lambda (b) (<= (size b) 0)) bounds)
        (%make-shared-array old bounds 0 (map (const #f) bounds))
        (let ((base (place lows)))
          (let loop ((bs bounds) (before '()) (after lows) (increments '()))
            (if (null? bs)
                (%make-shared-array old bounds base (reverse increments))
                (loop (cdr bs)
                      (cons (car after) before)
                      (cdr after)
                      (cons (and (> (size (car bs)) 1)
                                 (- (place (append-reverse
                                            before (cons (+ 1 (car after)) (cdr after))))
                                    base))
                            increments))))))))

(define (array-for-each f a . rest)
  "Call F with each element of the array A and the elements of REST that have
the same indices."
  (let ((rest (map (lambda (b) (%array-match 'array-for-each a b)) rest))
        (n (%array-count 'array-for-each a)))
    (if (null? rest)
        (let loop ((i 0))
          (when (< i n)
            (f (%array-row-ref a i))
            (loop (+ i 1))))
        (let loop ((i 0))
          (when (< i n)
            (apply f (%array-row-ref a i)
                   (map (lambda (b) (%array-row-ref b i)) rest))
            (loop (+ i 1)))))))

(define (%array-map! who dst f srcs)
  (unless (procedure? f)
    (scm-error 'wrong-type-arg (symbol->string who)
               "Wrong type argument in position ~A: ~S" (list 2 f) (list f)))
  (let ((srcs (map (lambda (b) (%array-match who dst b)) srcs))
        (n (%array-count who dst)))
    (cond ((null? srcs)
           (let loop ((i 0))
             (when (< i n)
               (%array-row-set! dst i (f))
               (loop (+ i 1)))))
          ((null? (cdr srcs))
           (let ((src (car srcs)))
             (let loop ((i 0))
               (when (< i n)
                 (%array-row-set! dst i (f (%array-row-ref src i)))
                 (loop (+ i 1))))))
          (else
           (let loop ((i 0))
             (when (< i n)
               (%array-row-set! dst i (apply f (map (lambda (b) (%array-row-ref b i)) srcs)))
               (loop (+ i 1))))))))

(define (array-map! dst f . srcs)
  "Set each element of the array DST to what F gives for the elements of SRCS
that have the same indices."
  (%array-map! 'array-map! dst f srcs))

(define (array-map-in-order! dst f . srcs)
  "The same as array-map!, in row-major order."
  (%array-map! 'array-map-in-order! dst f srcs))

(define (%array-index-walk shape f)
  ;; Call F with the number of each element and the list of its indices.
  (let ((n 0))
    (let loop ((shape shape) (index '()))
      (if (null? shape)
          (begin (f n (reverse index))
                 (set! n (+ n 1)))
          (let ((high (cadar shape)))
            (let next ((i (caar shape)))
              (when (<= i high)
                (loop (cdr shape) (cons i index))
                (next (+ i 1)))))))))

(define (array-index-map! a f)
  "Set each element of the array A to what F gives for its indices."
  (unless (procedure? f)
    (scm-error 'wrong-type-arg "array-index-map!"
               "Wrong type argument in position ~A: ~S" (list 2 f) (list f)))
  (%array-index-walk (array-shape a)
                     (lambda (n index) (%array-row-set! a n (apply f index)))))

(define (array-slice-for-each rank f . arrays)
  "Call F with the cells of ARRAYS at each combination of their first RANK
indices, which must have the same bounds.  The cells share the elements."
  (if (null? arrays)
      (scm-error 'wrong-number-of-args "array-slice-for-each"
                 "Wrong number of arguments to ~A" (list 'array-slice-for-each) #f)
      (let* ((frames (map (lambda (a) (%array-frame a rank)) arrays))
             (shape (array-shape (car frames))))
        (for-each (lambda (frame)
                    (unless (equal? (array-shape frame) shape)
                      (scm-error 'misc-error "array-slice-for-each"
                                 "mismatched frames" (list frame) #f)))
                  (cdr frames))
        (%array-index-walk shape
                           (lambda (n index)
                             (apply f (map (lambda (a) (apply array-slice a index))
                                           arrays)))))))

(define (array-slice-for-each-in-order rank f . arrays)
  "The same as array-slice-for-each, in row-major order."
  (apply array-slice-for-each rank f arrays))
