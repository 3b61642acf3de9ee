;;; Commentary:
;;;
;;; The interface of Guile-lzlib: ports compressed in the format of lzip.
;;;
;;; Code:

(define-module (lzlib)
  #:use-module (fruix compression)
  #:export (make-lzip-input-port
            make-lzip-output-port
            make-lzip-input-port/compressed
            call-with-lzip-input-port
            call-with-lzip-output-port
            %default-member-length-limit
            %default-compression-level))

(define %default-member-length-limit (expt 2 51))

;; Levels are taken and make no difference: there is one way to compress.
(define %default-compression-level 6)

(define (make-lzip-input-port port)
  "Return an input port that decompresses PORT, and closes it when closed."
  (decoding-port "lzip" port))

(define* (make-lzip-output-port port #:key (level %default-compression-level))
  "Return an output port that compresses to PORT, and closes it when closed."
  (encoding-port "lzip" port))

(define* (make-lzip-input-port/compressed port
                                          #:key
                                          (level %default-compression-level))
  "Return an input port that gives what PORT gives, compressed."
  (encoding-input-port "lzip" port))

(define (call-with-lzip-input-port port proc)
  "Call PROC with a port that decompresses PORT; close it in the end."
  (call-with-open (make-lzip-input-port port) proc))

(define* (call-with-lzip-output-port port proc
                                     #:key (level %default-compression-level))
  "Call PROC with a port that compresses to PORT; close it in the end."
  (call-with-open (make-lzip-output-port port #:level level) proc))

(define (call-with-open port proc)
  "Call PROC with PORT and close it, however PROC is left."
  (dynamic-wind
    (const #t)
    (lambda () (proc port))
    (lambda () (close-port port))))
