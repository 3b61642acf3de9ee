;;; Ports made of procedures.
;;;
;;; Commentary:
;;; A custom port asks procedures of the program for bytes and hands bytes to
;;; them.  They are called with no native procedure around them, so that they may
;;; suspend, read and write other ports, and escape.
;;; Code:

(define-module (ice-9 custom-ports)
  #:use-module (rnrs bytevectors)
  #:export (make-custom-port))

(define (await fd write?)
  (if (and fd (integer? fd))
      (if write? (select '() (list fd) '()) (select (list fd) '() '()))
      (usleep 10000)))

(define* (make-custom-port #:key read write
                           (read-wait-fd (const #f)) (write-wait-fd (const #f))
                           (input-waiting? #f) seek (random-access? #f) close
                           (get-natural-buffer-sizes #f) (id "custom-port")
                           (print #f) (truncate #f)
                           (encoding (fluid-ref %default-port-encoding))
                           (conversion-strategy
                            (fluid-ref %default-port-conversion-strategy))
                           (close-on-gc? #f))
  "A port that is read with the procedure READ and written with WRITE, both of the
port, a bytevector, a start and a count; their values are numbers of bytes, 0 from
READ for the end, #f when the descriptor that READ-WAIT-FD or WRITE-WAIT-FD gives is
to be waited for.  SEEK takes the port, an offset and a direction and gives the new
position; TRUNCATE takes the port and a length, CLOSE and INPUT-WAITING? the port."
  (define (fill port)
    (let* ((size (%port-read-size port))
           (bytes (make-bytevector size)))
      (let loop ()
        (let ((count (read port bytes 0 size)))
          (cond (count (%port-supply port bytes 0 count))
                (else (await (read-wait-fd port) #f) (loop)))))))
  (define (drain port)
    (let* ((bytes (%port-take port))
           (end (bytevector-length bytes)))
      (let loop ((start 0))
        (when (< start end)
          (let ((count (write port bytes start (- end start))))
            (cond ((not count) (await (write-wait-fd port) #t) (loop start))
                  ((and (exact-integer? count) (<= 0 count (- end start)))
                   (when (zero? count)
                     (error "a custom port's procedure writes nothing" port))
                   (loop (+ start count)))
                  (else
                   (scm-error 'out-of-range "write" "Value out of range: ~S"
                              (list count) (list count)))))))))
  (let ((port (%make-custom-port id (->bool read) (->bool write) fill drain seek
                                 (or close #f) truncate input-waiting?
                                 (or random-access? (->bool seek)))))
    (set-port-encoding! port (if (symbol? encoding) (symbol->string encoding) encoding))
    (set-port-conversion-strategy! port conversion-strategy)
    (when get-natural-buffer-sizes
      (call-with-values (lambda () (get-natural-buffer-sizes port 4096 4096))
        (lambda (read-size write-size)
          (if (and (<= read-size 1) (<= write-size 1))
              (setvbuf port 'none)
              (setvbuf port 'block (max read-size write-size))))))
    port))
