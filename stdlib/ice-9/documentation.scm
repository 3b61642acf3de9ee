;;; Documentation of objects.

(define-module (ice-9 documentation)
  #:export (object-documentation))

(define (object-documentation object)
  (cond ((procedure? object) (procedure-documentation object))
        (else (object-property object 'documentation))))
