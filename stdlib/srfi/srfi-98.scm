;;; SRFI 98: environment variables.

(define-module (srfi srfi-98)
  #:export (get-environment-variable get-environment-variables))

(define (get-environment-variable name) (getenv name))

(define (get-environment-variables)
  (map (lambda (entry)
         (let ((i (string-index entry #\=)))
           (cons (substring entry 0 i) (substring entry (+ i 1)))))
       (environ)))
