;;; R7RS (scheme case-lambda).

(define-module (scheme case-lambda)
  #:re-export (case-lambda))
