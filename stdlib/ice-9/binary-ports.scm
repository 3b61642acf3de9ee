;;; Binary ports.  Most procedures are native.

(define-module (ice-9 binary-ports)
  #:use-module (ice-9 custom-ports)
  #:export (make-custom-binary-input-port make-custom-binary-output-port
            make-custom-binary-input/output-port)
  #:re-export (eof-object open-bytevector-input-port open-bytevector-output-port
               get-u8 lookahead-u8 get-bytevector-n get-bytevector-n!
               get-bytevector-some get-bytevector-some! get-bytevector-all
               get-string-n! put-u8 put-bytevector unget-bytevector
               call-with-input-bytevector call-with-output-bytevector))

(define (check who position x)
  (unless (procedure? x)
    (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
               (list position x) (list x))))

(define (no-position id)
  (error "custom port does not support this operation on its position" id))

;; A seek out of R6RS's get-position and set-position!.
(define (seeker id get set)
  (and (or get set)
       (lambda (port offset whence)
         (define (go position)
           (unless set (no-position id))
           (set position)
           position)
         (cond ((eqv? whence SEEK_SET) (go offset))
               ((eqv? whence SEEK_CUR)
                (unless get (no-position id))
                (if (zero? offset) (get) (go (+ offset (get)))))
               (else (no-position id))))))

(define (binary id read write get set close)
  (let ((port (make-custom-port
               #:id id
               #:read (and read (lambda (port bytes start count) (read bytes start count)))
               #:write (and write (lambda (port bytes start count) (write bytes start count)))
               #:seek (seeker id get set)
               #:close (and close (lambda (port) (close)))
               #:encoding "ISO-8859-1")))
    (%set-port-binary! port #t)
    port))

(define (make-custom-binary-input-port id read! get-position set-position! close)
  "A binary input port that calls READ! with a bytevector, a start and a count, and
gets the number of bytes; 0 is the end.  GET-POSITION, SET-POSITION! and CLOSE may be
#f."
  (check "make-custom-binary-input-port" 2 read!)
  (binary id read! #f get-position set-position! close))

(define (make-custom-binary-output-port id write! get-position set-position! close)
  "A binary output port that calls WRITE! with a bytevector, a start and a count, and
gets the number of bytes that it took.  The others may be #f."
  (check "make-custom-binary-output-port" 2 write!)
  (binary id #f write! get-position set-position! close))

(define (make-custom-binary-input/output-port id read! write! get-position
                                              set-position! close)
  "A port that is both; see make-custom-binary-input-port."
  (check "make-custom-binary-input/output-port" 2 read!)
  (check "make-custom-binary-input/output-port" 3 write!)
  (binary id read! write! get-position set-position! close))
