;;; SRFI 34: exception handling for programs.

(define-module (srfi srfi-34)
  #:re-export (with-exception-handler guard)
  #:replace (raise))

(define (raise object) (raise-exception object))
