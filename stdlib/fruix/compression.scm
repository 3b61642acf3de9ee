;;; Ports over compressed streams.
;;;
;;; Commentary:
;;;
;;; A decoding port reads compressed data from another port, an encoding port
;;; writes it to one.  The formats are those of (fruix native codec): "gzip",
;;; "zlib", "deflate", "zstd" and "lzip".
;;;
;;; Code:

(define-module (fruix compression)
  #:use-module (ice-9 binary-ports)
  #:use-module (rnrs bytevectors)
  #:use-module (fruix native codec)
  #:export (decoding-port
            encoding-port
            encoding-input-port
            decode-bytevector
            encode-bytevector))

(define %chunk 65536)

(define* (decoding-port format port #:key (close? #t))
  "Return a binary input port that gives what is compressed in FORMAT on PORT.
Closing it closes PORT if CLOSE? is true."
  (define decoder (%decoder format))
  (define (feed!)
    (let ((chunk (get-bytevector-some port)))
      (if (eof-object? chunk)
          (%decoder-feed! decoder #vu8() 0 0)
          (%decoder-feed! decoder chunk 0 (bytevector-length chunk)))))
  (make-custom-binary-input-port
   format
   (lambda (bv start count)
     (let loop ()
       (let ((n (%decoder-read! decoder bv start count)))
         (if (negative? n)
             (begin (feed!) (loop))
             n))))
   #f #f
   (lambda ()
     (%decoder-rest decoder)
     (when close? (close-port port)))))

(define* (encoding-port format port #:key (level 0) (close? #t))
  "Return a binary output port that compresses in FORMAT at LEVEL what is
written to it and writes that to PORT.  The stream ends when the port is
closed; then PORT is closed if CLOSE? is true."
  (define encoder (%encoder format level))
  (make-custom-binary-output-port
   format
   (lambda (bv start count)
     (put-bytevector port (%encode! encoder bv start count))
     count)
   #f #f
   (lambda ()
     (put-bytevector port (%encode-end! encoder))
     (if close? (close-port port) (force-output port)))))

(define* (encoding-input-port format port #:key (level 0) (close? #t))
  "Return a binary input port that gives what can be read from PORT, compressed
in FORMAT at LEVEL."
  (define encoder (%encoder format level))
  (define ready #vu8())
  (define offset 0)
  (define ended? #f)
  (define (refill!)
    (let ((chunk (get-bytevector-n port %chunk)))
      (set! offset 0)
      (if (eof-object? chunk)
          (begin
            (set! ended? #t)
            (set! ready (%encode-end! encoder)))
          (set! ready (%encode! encoder chunk 0 (bytevector-length chunk))))))
  (make-custom-binary-input-port
   format
   (lambda (bv start count)
     (let loop ()
       (let ((n (min count (- (bytevector-length ready) offset))))
         (cond ((positive? n)
                (bytevector-copy! ready offset bv start n)
                (set! offset (+ offset n))
                n)
               (ended? 0)
               (else (refill!) (loop))))))
   #f #f
   (lambda ()
     (when close? (close-port port)))))

(define (decode-bytevector format bv)
  "Return what is compressed in FORMAT in BV."
  (let ((bytes (get-bytevector-all
                (decoding-port format (open-bytevector-input-port bv)))))
    (if (eof-object? bytes) #vu8() bytes)))

(define* (encode-bytevector format bv #:key (level 0))
  "Return BV compressed in FORMAT."
  (let* ((encoder (%encoder format level))
         (head    (%encode! encoder bv 0 (bytevector-length bv)))
         (tail    (%encode-end! encoder))
         (all     (make-bytevector (+ (bytevector-length head)
                                      (bytevector-length tail)))))
    (bytevector-copy! head 0 all 0 (bytevector-length head))
    (bytevector-copy! tail 0 all (bytevector-length head)
                      (bytevector-length tail))
    all))
