;;; R6RS (rnrs exceptions).

(define-module (rnrs exceptions)
  #:replace (raise)
  #:re-export (guard with-exception-handler raise-continuable))

(define (raise x) (raise-exception x))
