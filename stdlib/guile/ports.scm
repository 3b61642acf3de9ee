;;; Ports: procedures that call procedures with ports, and what the natives
;;; leave to be done for ports that are made of procedures.

(define (call-with-port port proc)
  (call-with-values (lambda () (proc port))
    (lambda results
      (close-port port)
      (apply values results))))

(define* (call-with-input-file file proc #:rest options)
  (call-with-port (apply open-input-file file options) proc))

(define* (call-with-output-file file proc #:rest options)
  (call-with-port (apply open-output-file file options) proc))

(define (call-with-output-string proc)
  (let ((port (open-output-string)))
    (proc port)
    (let ((text (get-output-string port)))
      (close-port port)
      text)))

(define (call-with-input-string text proc)
  (proc (open-input-string text)))

(define (with-output-to-port port thunk)
  (with-fluid* (parameter-fluid current-output-port) port thunk))

(define (with-input-from-port port thunk)
  (with-fluid* (parameter-fluid current-input-port) port thunk))

(define (with-error-to-port port thunk)
  (with-fluid* (parameter-fluid current-error-port) port thunk))

(define (with-output-to-string thunk)
  (call-with-output-string
   (lambda (port) (with-output-to-port port thunk))))

(define (with-error-to-string thunk)
  (call-with-output-string
   (lambda (port) (with-error-to-port port thunk))))

(define (with-input-from-string text thunk)
  (with-input-from-port (open-input-string text) thunk))

(define* (with-output-to-file file thunk #:rest options)
  (apply call-with-output-file file
         (lambda (port) (with-output-to-port port thunk))
         options))

(define* (with-input-from-file file thunk #:rest options)
  (apply call-with-input-file file
         (lambda (port) (with-input-from-port port thunk))
         options))

(define* (with-error-to-file file thunk #:rest options)
  (apply call-with-output-file file
         (lambda (port) (with-error-to-port port thunk))
         options))

(define (call-with-input-bytevector bytes proc)
  (proc (open-bytevector-input-port bytes)))

(define (call-with-output-bytevector proc)
  (call-with-values open-bytevector-output-port
    (lambda (port get)
      (proc port)
      (get))))

;; The boundary between what was read ahead and what the port's own procedure
;; sees is kept here.
(define (seek object offset whence)
  (if (%custom-port? object)
      (let ((move (%custom-port-seek object)))
        (unless move
          (scm-error 'misc-error "seek" "port is not seekable" (list object) #f))
        (when (%port-pending? object) (force-output object))
        (let ((ahead (%port-ahead object)))
          (if (and (eqv? whence SEEK_CUR) (eqv? offset 0))
              (- (move object 0 SEEK_CUR) ahead)
              (let ((position (move object
                                    (if (eqv? whence SEEK_CUR) (- offset ahead) offset)
                                    whence)))
                (%port-restart object position)
                position))))
      (begin
        (when (and (port? object) (not (port-closed? object)) (%port-pending? object))
          (force-output object))
        (%seek object offset whence))))

(define (ftell object) (seek object 0 SEEK_CUR))

(define* (truncate-file object #:optional length)
  (cond ((%custom-port? object)
         (let ((truncate (%custom-port-truncate object)))
           (unless truncate
             (scm-error 'misc-error "truncate-file" "port is not truncatable" (list object) #f))
           (when (%port-pending? object) (force-output object))
           (truncate object (or length (ftell object)))))
        ((port? object)
         (%truncate-port object (or length (ftell object))))
        (length (%truncate-file object length))
        ((integer? object) (%truncate-file object (seek object 0 SEEK_CUR)))
        (else
         (scm-error 'misc-error "truncate-file" "must supply length if OBJECT is a filename" '() #f))))

(define (file-position object) (ftell object))

(define* (file-set-position object offset #:optional (whence SEEK_SET))
  (seek object offset whence))

(define (port-for-each proc) (for-each proc (%all-ports)))

(define (flush-all-ports)
  (for-each (lambda (port)
              (when (and (output-port? port) (not (port-closed? port)))
                (force-output port)))
            (%all-ports)))

(define (close object)
  (if (port? object)
      (close-port object)
      (close-fdes object)))

(define (open-io-file file . options) (apply open-file file "r+" options))

(define (make-soft-port . args)
  (apply (@ (ice-9 soft-ports) deprecated-make-soft-port) args))

(define *null-device* "/dev/null")
(define the-eof-object (eof-object))
(define (inherit-print-state old new) new)

;;; Descriptors

(define (dup->port object mode . maybe-fdes)
  (let ((port (fdopen (apply dup->fdes object maybe-fdes) mode)))
    (when (pair? maybe-fdes) (set-port-revealed! port 1))
    port))
(define (dup->inport object . maybe-fdes) (apply dup->port object "r" maybe-fdes))
(define (dup->outport object . maybe-fdes) (apply dup->port object "w" maybe-fdes))
(define (dup object . maybe-fdes)
  (if (integer? object)
      (apply dup->fdes object maybe-fdes)
      (apply dup->port object (port-mode object) maybe-fdes)))
(define (duplicate-port port modes) (dup->port port modes))

(define (%fdes->port fdes fit? mode)
  (let loop ((ports (fdes->ports fdes)))
    (cond ((null? ports)
           (let ((port (fdopen fdes mode)))
             (set-port-revealed! port 1)
             port))
          ((fit? (car ports))
           (set-port-revealed! (car ports) (+ 1 (port-revealed (car ports))))
           (car ports))
          (else (loop (cdr ports))))))
(define (fdes->inport fdes) (%fdes->port fdes input-port? "r"))
(define (fdes->outport fdes) (%fdes->port fdes output-port? "w"))

(define (port->fdes port)
  (adjust-port-revealed! port 1)
  (fileno port))

(define (release-port-handle port)
  (let ((revealed (port-revealed port)))
    (when (> revealed 0) (set-port-revealed! port (- revealed 1)))))

(define (move->fdes object fdes)
  (cond ((integer? object)
         (unless (= object fdes)
           (dup->fdes object fdes)
           (close-fdes object))
         fdes)
        (else
         (primitive-move->fdes object fdes)
         (set-port-revealed! object 1)
         object)))

;; The waits of select are cut into slices, so that threads and asyncs run.
(define (%poll-until fds events end)
  (let loop ()
    (let* ((left (if end (max 0 (- end (%current-nanoseconds))) -1))
           (found (%poll fds events (if end (quotient (+ left 999999) 1000000) -1))))
      (if (or (not (and-map zero? found)) (and end (zero? left)))
          found
          (loop)))))

(define* (select reads writes excepts #:optional secs (usecs 0))
  (define (->list set) (if (vector? set) (vector->list set) set))
  (define (->set like l) (if (vector? like) (list->vector l) l))
  (define ready-now
    (filter (lambda (x) (and (port? x) (not (zero? (%port-ahead x))))) (->list reads)))
  (define end
    (cond ((pair? ready-now) (%current-nanoseconds))
          (secs (+ (%current-nanoseconds)
                   (inexact->exact (round (* secs 1000000000)))
                   (* (or usecs 0) 1000)))
          (else #f)))
  (let* ((rs (->list reads)) (ws (->list writes)) (es (->list excepts))
         (found (%poll-until (append rs ws es)
                             (append (map (const 1) rs) (map (const 4) ws) (map (const 2) es))
                             end)))
    (when (or-map (lambda (f) (logtest f 32)) found)
      (scm-error 'system-error "select" "~A" (list (strerror EBADF)) (list EBADF)))
    (let loop ((l (append rs ws es)) (found found) (i 0) (r '()) (w '()) (e '()))
      (cond ((null? l)
             (list (->set reads (reverse r)) (->set writes (reverse w)) (->set excepts (reverse e))))
            ((< i (length rs))
             (loop (cdr l) (cdr found) (+ i 1)
                   (if (or (logtest (car found) 25) (memq (car l) ready-now)) (cons (car l) r) r) w e))
            ((< i (+ (length rs) (length ws)))
             (loop (cdr l) (cdr found) (+ i 1) r
                   (if (logtest (car found) 28) (cons (car l) w) w) e))
            (else
             (loop (cdr l) (cdr found) (+ i 1) r w
                   (if (logtest (car found) 2) (cons (car l) e) e)))))))
