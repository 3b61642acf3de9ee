;;; Binary ports; the procedures are native.

(define-module (ice-9 binary-ports)
  #:re-export (eof-object open-bytevector-input-port open-bytevector-output-port
               make-custom-binary-input-port make-custom-binary-output-port
               get-u8 lookahead-u8 get-bytevector-n get-bytevector-n!
               get-bytevector-some get-bytevector-all put-u8 put-bytevector
               unget-bytevector))
