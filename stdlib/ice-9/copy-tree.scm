;;; Copies of trees of pairs and vectors.

(define-module (ice-9 copy-tree)
  #:replace (copy-tree))

(define (copy-tree object)
  "Return a copy of OBJECT with all its pairs and vectors new, whatever they
hold.  Raise an error if OBJECT contains itself."
  (let ((under (make-hash-table)))
    (define (inside x copy)
      (when (hashq-ref under x)
        (scm-error 'wrong-type-arg "copy-tree"
                   "Wrong type argument: expecting a tree, ~S contains itself"
                   (list object) (list object)))
      (hashq-set! under x #t)
      (let ((result (copy)))
        (hashq-remove! under x)
        result))
    (define (pairs x)
      ;; A loop along the cdrs, so that long lists do not need a deep stack.
      (let loop ((x x) (seen '()) (out '()))
        (cond ((and (pair? x) (not (hashq-ref under x)))
               (hashq-set! under x #t)
               (loop (cdr x) (cons x seen) (cons (copy (car x)) out)))
              (else
               (let ((tail (copy x)))
                 (for-each (lambda (p) (hashq-remove! under p)) seen)
                 (append-reverse out tail))))))
    (define (copy x)
      (cond ((pair? x)
             (if (hashq-ref under x) (inside x (lambda () x)) (pairs x)))
            ((vector? x)
             (inside x (lambda ()
                         (list->vector (map copy (vector->list x))))))
            (else x)))
    (copy object)))
