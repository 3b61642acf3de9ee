;;; SRFI 11: let-values; the forms are part of the core.

(define-module (srfi srfi-11)
  #:re-export (let-values let*-values))
