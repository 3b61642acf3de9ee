;;; SRFI 0: cond-expand, which is part of the language here.

(define-module (srfi srfi-0)
  #:re-export (cond-expand))
