;;; SRFI 9: records; define-record-type itself is part of the core.

(define-module (srfi srfi-9)
  #:re-export (define-record-type))
