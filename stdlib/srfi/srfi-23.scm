;;; SRFI 23: error.

(define-module (srfi srfi-23)
  #:re-export (error))
