;;; R6RS (rnrs exceptions).

(define-module (rnrs exceptions)
  #:re-export (guard => else)
  #:export (raise-continuable)
  #:replace (raise with-exception-handler))

(define (raise object)
  "Raise OBJECT; a handler that returns is a violation."
  (raise-exception object))

(define (raise-continuable object)
  "Raise OBJECT; what its handler returns is the value."
  (raise-exception object #:continuable? #t))

(define (with-exception-handler handler thunk)
  "Call THUNK with HANDLER as the handler of what is raised."
  ((@ (guile) with-exception-handler) handler thunk))
