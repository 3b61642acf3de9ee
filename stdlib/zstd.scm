;;; Commentary:
;;;
;;; The interface of Guile-zstd: ports compressed in the format of Zstandard
;;; (RFC 8878).
;;;
;;; Code:

(define-module (zstd)
  #:use-module (fruix compression)
  #:export (make-zstd-input-port
            make-zstd-output-port
            call-with-zstd-input-port
            call-with-zstd-output-port))

(define* (make-zstd-input-port port #:key (close? #t))
  "Return an input port that decompresses PORT; closing it closes PORT if
CLOSE? is true."
  (decoding-port "zstd" port #:close? close?))

(define* (make-zstd-output-port port #:key (level 3) (close? #t))
  "Return an output port that compresses to PORT at LEVEL; closing it closes
PORT if CLOSE? is true."
  (encoding-port "zstd" port #:level level #:close? close?))

(define* (call-with-zstd-input-port port proc)
  "Call PROC with a port that decompresses PORT; close it in the end."
  (call-with-open (make-zstd-input-port port) proc))

(define* (call-with-zstd-output-port port proc #:key (level 3))
  "Call PROC with a port that compresses to PORT; close it in the end."
  (call-with-open (make-zstd-output-port port #:level level) proc))

(define (call-with-open port proc)
  "Call PROC with PORT and close it, however PROC is left."
  (dynamic-wind
    (const #t)
    (lambda () (proc port))
    (lambda () (close-port port))))
