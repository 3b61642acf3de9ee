;;; Guile 3's exception objects; they are part of the core.

(define-module (ice-9 exceptions)
  #:re-export (&exception make-exception exception? exception-kind
               exception-args make-exception-type &error make-error error?
               &message make-exception-with-message exception-with-message?
               exception-message &irritants make-exception-with-irritants
               exception-with-irritants? exception-irritants &origin
               make-exception-with-origin exception-with-origin?
               exception-origin &warning make-warning warning?
               &programming-error make-programming-error programming-error?
               raise-exception raise-continuable with-exception-handler guard
               exception-type? exception-accessor exception-predicate
               simple-exceptions &assertion-failure make-assertion-failure
               assertion-failure? &non-continuable &lexical &syntax
               &undefined-variable &external-error make-external-error
               external-error? &quit-exception))
