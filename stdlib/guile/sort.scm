;;; Sorting: a stable merge sort.

;; Sort the first n elements of l; return the sorted list.
(define (%merge-sort l n less?)
  (define (step n)
    (cond ((> n 2)
           (let* ((half (quotient n 2))
                  (a (step half))
                  (b (step (- n half))))
             (%merge-lists a b less?)))
          ((= n 2)
           (let ((x (car l)) (y (cadr l)))
             (set! l (cddr l))
             (if (less? y x) (list y x) (list x y))))
          ((= n 1)
           (let ((x (car l)))
             (set! l (cdr l))
             (list x)))
          (else '())))
  (step n))

;; Merge two fresh lists, reusing their pairs.
(define (%merge-lists a b less?)
  (let ((head (cons #f '())))
    (let loop ((last head) (a a) (b b))
      (cond ((null? a) (set-cdr! last b))
            ((null? b) (set-cdr! last a))
            ((less? (car b) (car a))
             (set-cdr! last b)
             (loop b a (cdr b)))
            (else
             (set-cdr! last a)
             (loop a (cdr a) b))))
    (cdr head)))

(define (sort items less?)
  (cond ((null? items) items)
        ((pair? items) (%merge-sort items (length items) less?))
        ((vector? items)
         (list->vector (%merge-sort (vector->list items) (vector-length items) less?)))
        ((and (array? items) (= 1 (array-rank items)))
         (let ((copy (apply make-typed-array (array-type items) *unspecified*
                            (array-shape items))))
           (array-copy! items copy)
           (sort! copy less?)))
        (else (%wrong-type "sort" 1 items))))

(define (stable-sort items less?) (sort items less?))

(define (sort! items less?)
  (if (vector? items)
      (let loop ((l (%merge-sort (vector->list items) (vector-length items) less?)) (i 0))
        (if (pair? l)
            (begin (vector-set! items i (car l)) (loop (cdr l) (+ i 1)))
            items))
      (if (and (not (list? items)) (array? items) (= 1 (array-rank items)))
          (let ((l (array->list items)))
            (let loop ((l (%merge-sort l (length l) less?)) (i 0))
              (if (pair? l)
                  (begin (%array-row-set! items i (car l)) (loop (cdr l) (+ i 1)))
                  items)))
          (sort items less?))))

(define (stable-sort! items less?) (sort! items less?))

(define (sort-list items less?) (sort items less?))

(define (sort-list! items less?) (sort items less?))

(define (merge a b less?)
  (%merge-lists (list-copy a) (list-copy b) less?))

(define (merge! a b less?) (%merge-lists a b less?))

(define (sorted? items less?)
  (let loop ((l (if (list? items) items (array->list items))))
    (or (null? l) (null? (cdr l))
        (and (not (less? (cadr l) (car l)))
             (loop (cdr l))))))

(define (restricted-vector-sort! v less? start end)
  (let loop ((l (%merge-sort (vector->list v start end) (- end start) less?)) (i start))
    (if (pair? l)
        (begin (vector-set! v i (car l)) (loop (cdr l) (+ i 1))))))
