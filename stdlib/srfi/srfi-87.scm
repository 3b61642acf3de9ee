;;; SRFI 87: => in case, which the core has.

(define-module (srfi srfi-87)
  #:re-export (case))
