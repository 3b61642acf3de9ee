;;; Procedures to call when descriptors are closed.

(define-module (ice-9 fdes-finalizers)
  #:export (add-fdes-finalizer! remove-fdes-finalizer!))

(define (add-fdes-finalizer! fdes finalizer)
  "Call FINALIZER with the number FDES when a port over that descriptor is closed."
  (for-each (lambda (port)
              (%set-port-property! port 'fdes-finalizers
                                   (cons finalizer
                                         (or (%port-property port 'fdes-finalizers) '()))))
            (fdes->ports fdes)))

(define (remove-fdes-finalizer! fdes finalizer)
  "Undo one call of add-fdes-finalizer!."
  (for-each (lambda (port)
              (let loop ((rest (or (%port-property port 'fdes-finalizers) '())) (seen '()))
                (cond ((null? rest) (if #f #f))
                      ((eq? finalizer (car rest))
                       (%set-port-property! port 'fdes-finalizers
                                            (append (reverse seen) (cdr rest))))
                      (else (loop (cdr rest) (cons (car rest) seen))))))
            (fdes->ports fdes)))
