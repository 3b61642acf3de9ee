;;; R6RS (rnrs io ports).

(define-module (rnrs io ports)
  #:export (call-with-bytevector-output-port call-with-string-output-port
            open-string-input-port port-eof? standard-input-port
            standard-output-port standard-error-port get-datum put-datum
            open-file-input-port open-file-output-port file-options
            buffer-mode native-transcoder utf-8-codec latin-1-codec
            make-transcoder transcoded-port)
  #:re-export (port? input-port? output-port? binary-port? textual-port?
               eof-object eof-object? call-with-port close-port
               open-bytevector-input-port open-bytevector-output-port
               open-string-output-port flush-output-port
               make-custom-binary-input-port make-custom-binary-output-port
               get-u8 lookahead-u8 get-bytevector-n get-bytevector-n!
               get-bytevector-some get-bytevector-all get-char lookahead-char
               get-string-n get-string-all get-line put-u8 put-bytevector
               put-char put-string current-input-port current-output-port
               current-error-port))

(define (port-eof? port)
  (eof-object? (if (binary-port? port) (lookahead-u8 port) (peek-char port))))
(define* (call-with-bytevector-output-port proc #:optional transcoder)
  (call-with-values open-bytevector-output-port
    (lambda (port get) (proc port) (get))))
(define (call-with-string-output-port proc) (call-with-output-string proc))
(define (open-string-input-port s) (open-input-string s))
(define (standard-input-port) (current-input-port))
(define (standard-output-port) (current-output-port))
(define (standard-error-port) (current-error-port))
(define (get-datum port) (read port))
(define (put-datum port x) (write x port))
(define (open-file-input-port name . rest) (open-binary-input-file name))
(define (open-file-output-port name . rest) (open-binary-output-file name))
(define-syntax file-options (syntax-rules () ((_ option ...) '(option ...))))
(define-syntax buffer-mode (syntax-rules () ((_ mode) 'mode)))
(define (utf-8-codec) "UTF-8")
(define (latin-1-codec) "ISO-8859-1")
(define (native-transcoder) "UTF-8")
(define (make-transcoder codec . rest) codec)
(define (transcoded-port port transcoder)
  (set-port-encoding! port transcoder)
  port)
