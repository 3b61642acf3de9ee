;;; SRFI 16: case-lambda.

(define-module (srfi srfi-16)
  #:re-export (case-lambda))
