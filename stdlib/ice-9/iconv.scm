;;; Encoding and decoding text.

(define-module (ice-9 iconv)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 textual-ports)
  #:export (string->bytevector bytevector->string call-with-encoded-output-string))

(define* (call-with-encoded-output-string encoding proc #:optional (strategy 'error))
  (call-with-values open-bytevector-output-port
    (lambda (port get)
      (set-port-encoding! port encoding)
      (set-port-conversion-strategy! port strategy)
      (proc port)
      (get))))

(define* (string->bytevector s encoding #:optional (strategy 'error))
  (call-with-encoded-output-string encoding (lambda (port) (put-string port s)) strategy))

(define* (bytevector->string b encoding #:optional (strategy 'error))
  (let ((port (open-bytevector-input-port b)))
    (set-port-encoding! port encoding)
    (set-port-conversion-strategy! port strategy)
    (get-string-all port)))
