;;; SRFI 28: basic format strings.

(define-module (srfi srfi-28)
  #:replace (format))

(define (format message . args)
  (apply simple-format #f message args))
