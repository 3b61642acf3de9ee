;;; R7RS (scheme process-context).

(define-module (scheme process-context)
  #:use-module (srfi srfi-98)
  #:export (emergency-exit)
  #:re-export (command-line exit get-environment-variable
               get-environment-variables))

(define* (emergency-exit #:optional (status #t))
  (primitive-_exit status))
