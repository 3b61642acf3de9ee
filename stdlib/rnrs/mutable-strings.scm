;;; R6RS (rnrs mutable-strings).

(define-module (rnrs mutable-strings)
  #:re-export (string-set! string-fill!))
