;;; The store of this evaluation, as a build daemon.
;;;
;;; Commentary:
;;;
;;; Guix's (guix store) speaks to a daemon through a port, and looks for a module
;;; of this name when the daemon's address is "fruix://".  The port that it gets
;;; leads back into the process: what the client wrote is answered, when it
;;; reads, from the store of the running evaluation.  (guix config) makes this
;;; the address that is used unless GUIX_DAEMON_SOCKET names another.
;;;
;;; Code:

(define-module (guix store fruix)
  #:use-module (ice-9 binary-ports)
  #:use-module (rnrs bytevectors)
  #:use-module (fruix native store)
  #:export (connect-to-daemon))

(define (connect-to-daemon uri)
  "Return an input/output port to a daemon that serves the store of this
evaluation.  URI is not looked at."
  (define worker (%open-worker))
  (define requests '())                 ;bytevectors, last first
  (define answer #vu8())
  (define offset 0)

  (define (write! bv start count)
    (let ((copy (make-bytevector count)))
      (bytevector-copy! bv start copy 0 count)
      (set! requests (cons copy requests))
      count))

  (define (answer!)
    ;; Answer what was written since the last time.
    (let ((all (bytevector-concatenate (reverse requests))))
      (set! requests '())
      (set! answer (%worker-answer worker all))
      (set! offset 0)))

  (define (read! bv start count)
    (when (and (= offset (bytevector-length answer)) (pair? requests))
      (answer!))
    (let ((n (min count (- (bytevector-length answer) offset))))
      (bytevector-copy! answer offset bv start n)
      (set! offset (+ offset n))
      n))

  (let ((port (make-custom-binary-input/output-port "fruix" read! write!
                                                    #f #f #f)))
    (setvbuf port 'none)
    port))

(define (bytevector-concatenate parts)
  "Return the bytevectors PARTS as one."
  (let* ((size   (apply + (map bytevector-length parts)))
         (result (make-bytevector size)))
    (let loop ((parts parts) (at 0))
      (if (null? parts)
          result
          (let ((n (bytevector-length (car parts))))
            (bytevector-copy! (car parts) 0 result at n)
            (loop (cdr parts) (+ at n)))))))
