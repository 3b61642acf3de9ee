;;; SRFI 88: keyword objects.

(define-module (srfi srfi-88)
  #:export (string->keyword keyword->string)
  #:re-export (keyword?))

(define (string->keyword s) (symbol->keyword (string->symbol s)))
(define (keyword->string k) (symbol->string (keyword->symbol k)))
