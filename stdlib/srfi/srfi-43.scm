;;; SRFI 43: vectors.

(define-module (srfi srfi-43)
  #:export (vector-unfold vector-unfold-right vector-reverse-copy
            vector-concatenate vector-empty? vector= vector-fold
            vector-fold-right vector-map! vector-count vector-index
            vector-index-right vector-skip vector-skip-right
            vector-binary-search vector-any vector-every vector-swap!
            vector-reverse! vector-reverse-copy! reverse-vector->list
            reverse-list->vector)
  #:use-module ((guile) #:select ((list->vector . core:list->vector)))
  #:re-export (make-vector vector vector? vector-ref vector-set! vector-length
               vector-append vector-copy! vector-fill! vector->list)
  #:replace (vector-map vector-for-each vector-copy list->vector))

;; The elements START to END of a list.
(define (%sublist who l start end)
  (unless (and (exact-integer? start) (<= 0 start end))
    (scm-error 'out-of-range who "Range ~S to ~S is out of bounds" (list start end)
               (list start end)))
  (list-head (list-tail l start) (- end start)))

(define* (list->vector l #:optional (start 0) (end (length l)))
  "Return the vector of the elements START to END of L."
  (core:list->vector (%sublist "list->vector" l start end)))

(define* (reverse-list->vector l #:optional (start 0) (end (length l)))
  "As list->vector, in reverse order."
  (core:list->vector (reverse (%sublist "reverse-list->vector" l start end))))

(define* (vector-copy v #:optional (start 0) (end (vector-length v)) (fill *unspecified*))
  "Return the vector of the elements START to END of V, FILL standing for those
behind its end."
  (let ((n (vector-length v)))
    (unless (and (exact-integer? start) (exact-integer? end) (<= 0 start end) (<= start n))
      (scm-error 'out-of-range "vector-copy" "Range ~S to ~S is out of bounds"
                 (list start end) (list start end)))
    (let ((out (make-vector (- end start) fill)))
      (vector-copy! out 0 v start (min end n))
      out)))

(define (vector-unfold f n . seeds)
  "Return the vector of N elements that F, of an index and SEEDS, gives with the
next seeds."
  (let ((v (make-vector n)))
    (let loop ((i 0) (seeds seeds))
      (if (= i n)
          v
          (call-with-values (lambda () (apply f i seeds))
            (lambda (x . seeds)
              (vector-set! v i x)
              (loop (+ i 1) seeds)))))))

(define (vector-unfold-right f n . seeds)
  "As vector-unfold, from the last element."
  (let ((v (make-vector n)))
    (let loop ((i (- n 1)) (seeds seeds))
      (if (< i 0)
          v
          (call-with-values (lambda () (apply f i seeds))
            (lambda (x . seeds)
              (vector-set! v i x)
              (loop (- i 1) seeds)))))))

(define* (vector-reverse-copy v #:optional (start 0) (end (vector-length v)))
  "Return the vector of the elements START to END of V in reverse order."
  (list->vector (reverse (vector->list v start end))))

(define (vector-concatenate vs)
  "Return the elements of all vectors in the list VS in one."
  (apply vector-append vs))
(define (vector-empty? v)
  "Tell whether V has no elements."
  (zero? (vector-length v)))

(define (%shortest v rest)
  (apply min (vector-length v) (map vector-length rest)))
(define (%refs vs i) (map (lambda (v) (vector-ref v i)) vs))

(define (vector= same? . vs)
  "Tell whether the vectors have the same elements, as SAME? compares them."
  (define (equal-two? a b)
    (and (= (vector-length a) (vector-length b))
         (let loop ((i 0))
           (or (= i (vector-length a))
               (and (same? (vector-ref a i) (vector-ref b i)) (loop (+ i 1)))))))
  (or (null? vs)
      (let loop ((a (car vs)) (rest (cdr vs)))
        (or (null? rest)
            (and (equal-two? a (car rest)) (loop (car rest) (cdr rest)))))))

(define (vector-fold f acc v . rest)
  "Return the last value of F, called with an index, its value so far, ACC first,
and the elements there."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0) (acc acc))
      (if (= i n) acc (loop (+ i 1) (apply f i acc (%refs vs i)))))))

(define (vector-fold-right f acc v . rest)
  "As vector-fold, from the end of the shortest vector."
  (let ((vs (cons v rest)))
    (let loop ((i (- (%shortest v rest) 1)) (acc acc))
      (if (< i 0) acc (loop (- i 1) (apply f i acc (%refs vs i)))))))

(define (vector-map f v . rest)
  "Return the vector of what F gives for each index and the elements there."
  (let* ((n (%shortest v rest)) (vs (cons v rest)) (out (make-vector n)))
    (let loop ((i 0))
      (if (= i n)
          out
          (begin (vector-set! out i (apply f i (%refs vs i))) (loop (+ i 1)))))))

(define (vector-map! f v . rest)
  "As vector-map, into V."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0))
      (when (< i n)
        (vector-set! v i (apply f i (%refs vs i)))
        (loop (+ i 1))))))

(define (vector-for-each f v . rest)
  "Call F with each index and the elements there."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0))
      (when (< i n)
        (apply f i (%refs vs i))
        (loop (+ i 1))))))

(define (vector-count pred v . rest)
  "Return how often PRED is true for an index and the elements there."
  (apply vector-fold (lambda (i n . xs) (if (apply pred i xs) (+ n 1) n)) 0 v rest))

(define (vector-index pred v . rest)
  "Return the first index for whose elements PRED is true, or #f."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0))
      (and (< i n) (if (apply pred (%refs vs i)) i (loop (+ i 1)))))))

(define (vector-index-right pred v . rest)
  "Return the last index for whose elements PRED is true, or #f."
  (let ((vs (cons v rest)))
    (let loop ((i (- (%shortest v rest) 1)))
      (and (>= i 0) (if (apply pred (%refs vs i)) i (loop (- i 1)))))))

(define (vector-skip pred v . rest)
  "Return the first index for whose elements PRED is false, or #f."
  (apply vector-index (lambda xs (not (apply pred xs))) v rest))
(define (vector-skip-right pred v . rest)
  "Return the last index for whose elements PRED is false, or #f."
  (apply vector-index-right (lambda xs (not (apply pred xs))) v rest))

(define* (vector-binary-search v x compare #:optional (start 0) (end (vector-length v)))
  "Return the index of an element of V, from START to END, that COMPARE, a procedure
of the element and X, gives 0 for; V is sorted by COMPARE."
  (unless (<= 0 start end (vector-length v))
    (scm-error 'out-of-range "vector-binary-search" "Range ~S to ~S is out of bounds"
               (list start end) (list start end)))
  (let loop ((lo start) (hi end))
    (and (< lo hi)
         (let* ((mid (quotient (+ lo hi) 2)) (c (compare (vector-ref v mid) x)))
           (cond ((zero? c) mid)
                 ((positive? c) (loop lo mid))
                 (else (loop (+ mid 1) hi)))))))

(define (vector-any pred v . rest)
  "Return the first true value of PRED for the elements of the vectors, or #f."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0))
      (and (< i n) (or (apply pred (%refs vs i)) (loop (+ i 1)))))))

(define (vector-every pred v . rest)
  "Return the last value of PRED if all are true, else #f."
  (let ((n (%shortest v rest)) (vs (cons v rest)))
    (let loop ((i 0) (last #t))
      (if (= i n)
          last
          (let ((x (apply pred (%refs vs i)))) (and x (loop (+ i 1) x)))))))

(define (vector-swap! v i j)
  "Exchange the elements I and J of V."
  (let ((x (vector-ref v i)))
    (vector-set! v i (vector-ref v j))
    (vector-set! v j x)))

(define* (vector-reverse! v #:optional (start 0) (end (vector-length v)))
  "Reverse the elements START to END of V."
  (unless (<= 0 start end (vector-length v))
    (scm-error 'out-of-range "vector-reverse!" "Range ~S to ~S is out of bounds"
               (list start end) (list start end)))
  (let loop ((i start) (j (- end 1)))
    (when (< i j)
      (vector-swap! v i j)
      (loop (+ i 1) (- j 1)))))

(define* (vector-reverse-copy! to at from #:optional (start 0) (end (vector-length from)))
  "Copy the elements START to END of FROM in reverse order to place AT of TO."
  (vector-copy! to at (vector-reverse-copy from start end)))

(define* (reverse-vector->list v #:optional (start 0) (end (vector-length v)))
  "Return the list of the elements START to END of V in reverse order."
  (reverse (vector->list v start end)))

