;;; Ports: procedures that call procedures with ports.

(define (call-with-port port proc)
  (call-with-values (lambda () (proc port))
    (lambda results
      (close-port port)
      (apply values results))))

(define* (call-with-input-file file proc #:rest options)
  (call-with-port (apply open-input-file file options) proc))

(define* (call-with-output-file file proc #:rest options)
  (call-with-port (apply open-output-file file options) proc))

(define (call-with-output-string proc)
  (let ((port (open-output-string)))
    (proc port)
    (let ((text (get-output-string port)))
      (close-port port)
      text)))

(define (call-with-input-string text proc)
  (proc (open-input-string text)))

(define (with-output-to-port port thunk)
  (with-fluid* (parameter-fluid current-output-port) port thunk))

(define (with-input-from-port port thunk)
  (with-fluid* (parameter-fluid current-input-port) port thunk))

(define (with-error-to-port port thunk)
  (with-fluid* (parameter-fluid current-error-port) port thunk))

(define (with-output-to-string thunk)
  (call-with-output-string
   (lambda (port) (with-output-to-port port thunk))))

(define (with-error-to-string thunk)
  (call-with-output-string
   (lambda (port) (with-error-to-port port thunk))))

(define (with-input-from-string text thunk)
  (with-input-from-port (open-input-string text) thunk))

(define* (with-output-to-file file thunk #:rest options)
  (apply call-with-output-file file
         (lambda (port) (with-output-to-port port thunk))
         options))

(define* (with-input-from-file file thunk #:rest options)
  (apply call-with-input-file file
         (lambda (port) (with-input-from-port port thunk))
         options))

(define* (with-error-to-file file thunk #:rest options)
  (apply call-with-output-file file
         (lambda (port) (with-error-to-port port thunk))
         options))
