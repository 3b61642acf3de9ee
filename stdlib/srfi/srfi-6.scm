;;; SRFI 6: basic string ports.

(define-module (srfi srfi-6)
  #:re-export (open-input-string open-output-string get-output-string))
