;;; receive: binding multiple values; the form itself is part of the core.

(define-module (ice-9 receive)
  #:re-export (receive))

(cond-expand-provide (current-module) '(srfi-8))
