;;; HTTP for (web server): one loop over all clients.  Servers that change one
;;; part of it take the others from here by their names.

(define-module (web server http)
  #:use-module (srfi srfi-9)
  #:use-module (rnrs bytevectors)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 poll)
  #:use-module (web request)
  #:use-module (web response)
  #:use-module (web server)
  #:export (http))

;; NEXT is where in the set to look for a client first, so that all get their turn.
(define-record-type <server>
  (make-server socket set next)
  server?
  (socket server-socket)
  (set server-set)
  (next server-next set-server-next!))

(define (listening family address port)
  (let ((sock (socket family SOCK_STREAM 0)))
    (setsockopt sock SOL_SOCKET SO_REUSEADDR 1)
    (bind sock family address port)
    sock))

(define* (http-open #:key host (family AF_INET)
                    (addr (if host
                              (inet-pton family host)
                              (if (eqv? family AF_INET6) 1 INADDR_LOOPBACK)))
                    (port 8080)
                    (socket (listening family addr port)))
  (listen socket 128)
  (let ((set (make-empty-poll-set)))
    (poll-set-add! set socket POLLIN)
    (make-server socket set 1)))

(define (drop! server i)
  (close-port (poll-set-remove! (server-set server) i)))

(define (accept! server)
  (let ((client (car (accept (server-socket server)))))
    (setvbuf client 'block)
    (catch 'system-error
      (lambda () (setsockopt client IPPROTO_TCP TCP_NODELAY 1))
      (lambda args #f))                 ; not by TCP
    (poll-set-add! (server-set server) client POLLIN)))

(define (bad-request client)
  (write-response (build-response #:version '(1 . 0) #:code 400
                                  #:headers '((content-length . 0)))
                  client))

;; The next request of a client that has one; the client leaves the set.
(define (http-read server)
  (let ((set (server-set server)))
    (poll set)
    (unless (zero? (poll-set-revents set 0)) (accept! server))
    (let loop ((i (min (server-next server) (- (poll-set-nfds set) 1))) (left (poll-set-nfds set)))
      (cond
       ((zero? left) (http-read server))
       ((zero? i) (loop (- (poll-set-nfds set) 1) (- left 1)))
       ((zero? (poll-set-revents set i)) (loop (- i 1) (- left 1)))
       (else
        (set-server-next! server (- i 1))
        (set-poll-set-revents! set i 0)
        (let ((client (poll-set-remove! set i)))
          (cond
           ((eof-object? (catch 'system-error
                           (lambda () (peek-char client))
                           (lambda args the-eof-object)))
            (close-port client)
            (http-read server))
           (else
            (with-throw-handler #t
              (lambda ()
                (let ((request (read-request client)))
                  (values client request (read-request-body request))))
              (lambda (key . args)
                (false-if-exception (bad-request client))
                (false-if-exception (close-port client))))))))))))

(define (keep-alive? response)
  (let ((version (response-version response))
        (connection (response-connection response '())))
    (if (equal? version '(1 . 1))
        (not (memq 'close connection))
        (memq 'keep-alive connection))))

(define (http-write server client response body)
  (let ((response (write-response response client)))
    (when (bytevector? body) (write-response-body response body))
    (force-output client)
    (if (and (equal? (response-version response) '(1 . 1)) (keep-alive? response))
        (poll-set-add! (server-set server) client POLLIN)
        (close-port client))
    (values)))

(define (http-close server)
  (let ((set (server-set server)))
    (let loop ()
      (unless (zero? (poll-set-nfds set))
        (drop! server 0)
        (loop)))))

(define-server-impl http http-open http-read http-write http-close)
