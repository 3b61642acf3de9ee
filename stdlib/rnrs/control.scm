;;; R6RS (rnrs control).

(define-module (rnrs control)
  #:re-export (when unless do case-lambda))
