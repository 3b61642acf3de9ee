;;; R6RS (rnrs mutable-pairs).

(define-module (rnrs mutable-pairs)
  #:re-export (
   set-car! set-cdr!))
