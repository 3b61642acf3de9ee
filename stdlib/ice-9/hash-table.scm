;;; Making hash tables of association lists.

(define-module (ice-9 hash-table)
  #:export (alist->hash-table alist->hashq-table alist->hashv-table
            alist->hashx-table))

(define (%fill set!)
  (lambda (alist)
    (let ((table (make-hash-table)))
      ;; As with assoc, the first of several entries counts.
      (for-each (lambda (entry) (set! table (car entry) (cdr entry)))
                (reverse alist))
      table)))

(define alist->hash-table (%fill hash-set!))
(define alist->hashq-table (%fill hashq-set!))
(define alist->hashv-table (%fill hashv-set!))

(define (alist->hashx-table hash assoc alist)
  ((%fill (lambda (table key value) (hashx-set! hash assoc table key value))) alist))
