;;; Hash tables: procedures that walk a table.
;;;
;;; %hash-table-cells gives a fresh list of the table's (key . value) pairs as
;;; they are stored, so that the table may change during a walk.

(define (hash-fold f init table)
  (let loop ((cells (%hash-table-cells table)) (acc init))
    (if (pair? cells)
        (loop (cdr cells) (f (car (car cells)) (cdr (car cells)) acc))
        acc)))

(define (hash-for-each f table)
  (let loop ((cells (%hash-table-cells table)))
    (if (pair? cells)
        (begin (f (car (car cells)) (cdr (car cells)))
               (loop (cdr cells))))))

(define (hash-for-each-handle f table)
  (let loop ((cells (%hash-table-cells table)))
    (if (pair? cells)
        (begin (f (car cells))
               (loop (cdr cells))))))

(define (hash-map->list f table)
  (let loop ((cells (%hash-table-cells table)))
    (if (pair? cells)
        (let ((x (f (car (car cells)) (cdr (car cells)))))
          (cons x (loop (cdr cells))))
        '())))

(define (hash-count pred table)
  (let loop ((cells (%hash-table-cells table)) (n 0))
    (if (pair? cells)
        (loop (cdr cells)
              (if (pred (car (car cells)) (cdr (car cells))) (+ n 1) n))
        n)))
