;;; SRFI 61: cond with a guard before =>, which the core has.

(define-module (srfi srfi-61)
  #:re-export (cond))
