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

;; Tables with the user's own hash procedure, a bucket's number from a key and a
;; size, and with an assoc that finds the key in a bucket.

(define (%bucket-name hash-proc key)
  (cond ((eq? hash-proc hashq) 'hashq)
        ((eq? hash-proc hashv) 'hashv)
        ((eq? hash-proc hash) 'hash)
        (else (hash-proc key 1073741824))))

(define (%hashx-cell who assoc-proc table by key)
  (let ((cell (assoc-proc key (%hash-bucket table by key))))
    (if (or (not cell) (pair? cell))
        cell
        (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
                   (list 1 cell) (list cell)))))

(define* (hashx-ref hash-proc assoc-proc table key #:optional (default #f))
  "Return the value of KEY in TABLE, or DEFAULT.  HASH-PROC names the bucket that
ASSOC-PROC looks into."
  (let ((cell (%hashx-cell "hashx-ref" assoc-proc table (%bucket-name hash-proc key) key)))
    (if cell (cdr cell) default)))

(define (hashx-get-handle hash-proc assoc-proc table key)
  "Return the cell of KEY in TABLE, or #f."
  (%hashx-cell "hashx-get-handle" assoc-proc table (%bucket-name hash-proc key) key))

(define (hashx-create-handle! hash-proc assoc-proc table key init)
  "Return the cell of KEY in TABLE, made with the value INIT if there is none."
  (let ((by (%bucket-name hash-proc key)))
    (or (%hashx-cell "hashx-create-handle!" assoc-proc table by key)
        (%hash-bucket-add! table by key init))))

(define (hashx-set! hash-proc assoc-proc table key value)
  "Give KEY the VALUE in TABLE."
  (let* ((by (%bucket-name hash-proc key))
         (cell (%hashx-cell "hashx-set!" assoc-proc table by key)))
    (if cell
        (if (or (weak-value-hash-table? table) (weak-key-hash-table? table) (doubly-weak-hash-table? table))
            (begin (%hash-bucket-remove! table by key (car cell))
                   (%hash-bucket-add! table by key value))
            (set-cdr! cell value))
        (%hash-bucket-add! table by key value))
    value))

(define (hashx-remove! hash-proc assoc-proc table key)
  "Remove KEY from TABLE and return its cell, or #f."
  (let* ((by (%bucket-name hash-proc key))
         (cell (%hashx-cell "hashx-remove!" assoc-proc table by key)))
    (if cell (%hash-bucket-remove! table by key (car cell)))
    cell))
