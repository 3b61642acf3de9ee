;;; SRFI 39: parameter objects.

(define-module (srfi srfi-39)
  #:re-export (make-parameter parameterize current-input-port current-output-port
               current-error-port))
