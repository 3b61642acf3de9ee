;;; Waiting for several ports at once.

(define-module (ice-9 poll)
  #:use-module (srfi srfi-9)
  #:export (make-empty-poll-set poll-set? poll-set-nfds poll-set-find-port
            poll-set-port poll-set-events set-poll-set-events! poll-set-revents
            set-poll-set-revents! poll-set-add! poll-set-remove! poll
            POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL))

(define POLLIN 1)
(define POLLPRI 2)
(define POLLOUT 4)
(define POLLERR 8)
(define POLLHUP 16)
(define POLLNVAL 32)

(define-record-type <poll-set>
  (%make-poll-set entries nfds)
  poll-set?
  (entries poll-set-entries set-poll-set-entries!)
  (nfds poll-set-nfds set-poll-set-nfds!))

;; An entry is #(port-or-fdes events revents).

(define* (make-empty-poll-set #:optional (pre-allocated 4))
  "A set without ports, with room for PRE-ALLOCATED."
  (%make-poll-set (make-vector (max 1 pre-allocated) #f) 0))

(define (entry set i)
  (unless (and (exact-integer? i) (< -1 i (poll-set-nfds set)))
    (scm-error 'out-of-range "poll-set" "Value out of range: ~S" (list i) (list i)))
  (vector-ref (poll-set-entries set) i))

(define (poll-set-port set i)
  "The port, or descriptor, at I."
  (vector-ref (entry set i) 0))
(define (poll-set-events set i) "What is waited for at I." (vector-ref (entry set i) 1))
(define (set-poll-set-events! set i events)
  "Wait for EVENTS at I."
  (vector-set! (entry set i) 1 events))
(define (poll-set-revents set i) "What has happened at I." (vector-ref (entry set i) 2))
(define (set-poll-set-revents! set i revents)
  "Say that REVENTS have happened at I."
  (vector-set! (entry set i) 2 revents))

(define (poll-set-find-port set port)
  "The place of PORT in SET, or #f."
  (let loop ((i 0))
    (cond ((= i (poll-set-nfds set)) #f)
          ((equal? port (poll-set-port set i)) i)
          (else (loop (+ i 1))))))

(define (poll-set-add! set port events)
  "Add PORT, or a descriptor, and what is waited for."
  (let ((n (poll-set-nfds set)) (old (poll-set-entries set)))
    (when (= n (vector-length old))
      (let ((new (make-vector (* 2 n) #f)))
        (vector-move-left! old 0 n new 0)
        (set-poll-set-entries! set new)))
    (vector-set! (poll-set-entries set) n (vector port events 0))
    (set-poll-set-nfds! set (+ n 1))))

(define (poll-set-remove! set i)
  "Remove what is at I and return it; what follows moves up."
  (let ((port (poll-set-port set i)) (n (poll-set-nfds set)) (entries (poll-set-entries set)))
    (vector-move-left! entries (+ i 1) n entries i)
    (vector-set! entries (- n 1) #f)
    (set-poll-set-nfds! set (- n 1))
    port))

;; What is buffered in the port counts as there.
(define (buffered e)
  (let ((port (vector-ref e 0)))
    (if (and (port? port) (input-port? port) (logtest POLLIN (vector-ref e 1))
             (not (zero? (%port-ahead port))))
        POLLIN
        0)))

(define* (poll set #:optional (timeout -1))
  "Wait until something that is waited for in SET happens, for TIMEOUT milliseconds at
most unless that is negative; the number of ports that something happened to."
  (let* ((entries (map (lambda (i) (entry set i)) (iota (poll-set-nfds set))))
         (ready (map buffered entries))
         (now ((@@ (guile) %current-nanoseconds)))
         (found ((@@ (guile) %poll-until)
                 (map (lambda (e) (vector-ref e 0)) entries)
                 (map (lambda (e) (vector-ref e 1)) entries)
                 (cond ((not (every zero? ready)) now)
                       ((negative? timeout) #f)
                       (else (+ now (* timeout 1000000)))))))
    (let loop ((es entries) (rs ready) (fs found) (n 0))
      (if (null? es)
          n
          (let ((revents (logior (car rs) (car fs))))
            (vector-set! (car es) 2 revents)
            (loop (cdr es) (cdr rs) (cdr fs) (if (zero? revents) n (+ n 1))))))))

(define (every test l)
  (or (null? l) (and (test (car l)) (every test (cdr l)))))
