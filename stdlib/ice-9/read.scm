;;; Guile's (ice-9 read): the reader, which is native.

(define-module (ice-9 read)
  #:re-export (read read-syntax))
