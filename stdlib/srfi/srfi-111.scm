;;; SRFI 111: boxes.

(define-module (srfi srfi-111)
  #:re-export (box box? unbox set-box!))
