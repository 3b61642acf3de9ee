;;; (zlib), (lzlib) and (zstd): streams come back as they were.

(use-modules (conformance) (zlib) (lzlib) (zstd) (rnrs bytevectors) (ice-9 binary-ports))

(define data
  (let ((bv (make-bytevector 300000)))
    (let loop ((i 0))
      (when (< i 300000)
        (bytevector-u8-set! bv i (modulo (quotient (* i i) 7) 251))
        (loop (+ i 1))))
    bv))

(define (compressed make-output)
  (call-with-values open-bytevector-output-port
    (lambda (port get)
      (let ((out (make-output port)))
        (put-bytevector out data 0 1000)
        (put-bytevector out data 1000)
        (close-port out)
        (get)))))

(define (keep-open make port)
  ;; The ports of zlib and lzlib close PORT; its bytes are wanted then.
  (make (make-custom-binary-output-port
         "keep" (lambda (bv start count) (put-bytevector port bv start count) count) #f #f #f)))

(define-syntax-rule (test-format make-output make-input)
  (let ((bytes (compressed make-output)))
    (test #t (< 0 (bytevector-length bytes)))
    (test #t (equal? data (get-bytevector-all (make-input (open-bytevector-input-port bytes)))))
    ;; What is cut off is an error, not less data.
    (test-error (get-bytevector-all
                 (make-input (open-bytevector-input-port
                              (u8-list->bytevector
                               (list-head (bytevector->u8-list bytes)
                                          (quotient (bytevector-length bytes) 2)))))))))

(test-format (lambda (port) (make-zstd-output-port port #:close? #f)) make-zstd-input-port)
(test-format (lambda (port) (keep-open make-zlib-output-port port)) make-zlib-input-port)
(test-format (lambda (port) (keep-open make-gzip-output-port port)) make-gzip-input-port)
(test-format (lambda (port) (keep-open make-lzip-output-port port)) make-lzip-input-port)

(for-each (lambda (format)
            (test #t (equal? data (uncompress (compress data #:format format) #:format format))))
          '(zlib gzip deflate))
(test-error (uncompress #vu8(1 2 3)))
(test-error (compress data #:format 'arj))
(test #t (equal? data
                 (get-bytevector-all
                  (make-lzip-input-port
                   (make-lzip-input-port/compressed (open-bytevector-input-port data))))))
