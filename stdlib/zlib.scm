;;; Commentary:
;;;
;;; The interface of Guile-zlib: ports and bytevectors compressed as zlib, gzip
;;; and raw deflate streams (RFC 1950, 1952, 1951).
;;;
;;; Code:

(define-module (zlib)
  #:use-module (fruix compression)
  #:export (make-zlib-input-port
            make-zlib-output-port
            call-with-zlib-input-port
            call-with-zlib-output-port
            make-gzip-input-port
            make-gzip-output-port
            call-with-gzip-input-port
            call-with-gzip-output-port
            %default-buffer-size
            %default-compression-level
            compress
            uncompress))

(define %default-buffer-size 8192)

;; The one that the format takes for the best trade.
(define %default-compression-level 6)

(define (format-name format)
  "Return the name of FORMAT, a symbol."
  (unless (memq format '(deflate zlib gzip))
    (scm-error 'misc-error "zlib"
               "~S is no format of zlib; these are deflate, zlib and gzip"
               (list format) #f))
  (symbol->string format))

(define* (make-zlib-input-port port #:key (format 'zlib)
                               (buffer-size %default-buffer-size))
  "Return an input port that decompresses PORT, and closes it when closed."
  (decoding-port (format-name format) port))

(define* (make-zlib-output-port port #:key (format 'zlib)
                                (buffer-size %default-buffer-size)
                                (level %default-compression-level))
  "Return an output port that compresses to PORT, and closes it when closed."
  (encoding-port (format-name format) port #:level level))

(define* (call-with-zlib-input-port port proc #:key (format 'zlib)
                                    (buffer-size %default-buffer-size))
  "Call PROC with a port that decompresses PORT; close it in the end."
  (call-with-open (make-zlib-input-port port #:format format) proc))

(define* (call-with-zlib-output-port port proc #:key (format 'zlib)
                                     (buffer-size %default-buffer-size)
                                     (level %default-compression-level))
  "Call PROC with a port that compresses to PORT; close it in the end."
  (call-with-open (make-zlib-output-port port #:format format #:level level)
                  proc))

(define (call-with-open port proc)
  "Call PROC with PORT and close it, however PROC is left."
  (dynamic-wind
    (const #t)
    (lambda () (proc port))
    (lambda () (close-port port))))

(define* (make-gzip-input-port port #:key (buffer-size %default-buffer-size))
  "Return an input port that decompresses the gzip stream on PORT."
  (make-zlib-input-port port #:format 'gzip))

(define* (make-gzip-output-port port #:key (level %default-compression-level)
                                (buffer-size %default-buffer-size))
  "Return an output port that writes a gzip stream to PORT."
  (make-zlib-output-port port #:format 'gzip #:level level))

(define* (call-with-gzip-input-port port proc
                                    #:key (buffer-size %default-buffer-size))
  "Call PROC with a port that decompresses the gzip stream on PORT."
  (call-with-zlib-input-port port proc #:format 'gzip))

(define* (call-with-gzip-output-port port proc
                                     #:key (level %default-compression-level)
                                     (buffer-size %default-buffer-size))
  "Call PROC with a port that writes a gzip stream to PORT."
  (call-with-zlib-output-port port proc #:format 'gzip #:level level))

(define* (compress bv #:key (format 'zlib) (level %default-compression-level))
  "Return the bytevector BV compressed."
  (encode-bytevector (format-name format) bv #:level level))

(define* (uncompress bv #:key (format 'zlib))
  "Return what the bytevector BV holds compressed."
  (decode-bytevector (format-name format) bv))
