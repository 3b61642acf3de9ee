;;; R6RS (rnrs conditions): the exception objects of the core.

(define-module (rnrs conditions)
  #:use-module (ice-9 exceptions)
  #:export (&condition condition condition? simple-conditions
            condition-predicate condition-accessor make-message-condition
            message-condition? condition-message make-irritants-condition
            irritants-condition? condition-irritants make-who-condition
            who-condition? condition-who &serious serious-condition?
            &violation violation? &assertion assertion-violation?)
  #:re-export (&message &irritants &error error? make-error &warning
               warning? make-warning))

(define &condition &exception)
(define (condition . parts) (apply make-exception parts))
(define condition? exception?)
(define simple-conditions simple-exceptions)
(define condition-predicate exception-predicate)
(define condition-accessor exception-accessor)
(define make-message-condition make-exception-with-message)
(define message-condition? exception-with-message?)
(define condition-message exception-message)
(define make-irritants-condition make-exception-with-irritants)
(define irritants-condition? exception-with-irritants?)
(define condition-irritants exception-irritants)
(define make-who-condition make-exception-with-origin)
(define who-condition? exception-with-origin?)
(define condition-who exception-origin)
(define &serious &error)
(define serious-condition? error?)
(define &violation &programming-error)
(define violation? programming-error?)
(define &assertion &assertion-failure)
(define assertion-violation? assertion-failure?)
