;;; Guile's (ice-9 arrays): copies of arrays.

(define-module (ice-9 arrays)
  #:export (array-copy))

(define (array-copy a)
  "Make an array with the type, bounds and elements of A that shares nothing."
  (let ((copy (apply make-typed-array (array-type a) *unspecified* (array-shape a))))
    (array-copy! a copy)
    copy))
