;;; Block input and output on strings, byte by byte.

(define-module (ice-9 rw)
  #:use-module (rnrs bytevectors)
  #:export (read-string!/partial write-string/partial))

(define (port-of object open)
  (if (integer? object) (open object) object))

(define* (read-string!/partial string #:optional (port/fdes (current-input-port))
                               (start 0) (end (string-length string)))
  "Read what is there, at least one byte, into STRING from START to END, as characters
of those codes.  The number of them, or #f at the end of the input."
  (let* ((bytes (make-bytevector (- end start)))
         (n (if (= start end)
                0
                (get-bytevector-some! (port-of port/fdes fdes->inport) bytes 0 (- end start)))))
    (if (eof-object? n)
        #f
        (do ((i 0 (+ i 1)))
            ((= i n) n)
          (string-set! string (+ start i) (integer->char (bytevector-u8-ref bytes i)))))))

(define* (write-string/partial string #:optional (port/fdes (current-output-port))
                               (start 0) (end (string-length string)))
  "Write STRING from START to END; the number of characters written."
  (let ((port (port-of port/fdes fdes->outport)))
    (put-string port string start (- end start))
    (force-output port)
    (- end start)))
