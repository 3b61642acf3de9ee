;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh session)
  #:use-module (fruix unavailable)
  #:export (session?))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  make-session blocking-flush! session-set! session-get
  session-parse-config! connect! disconnect! connected? authenticate-server
  get-server-public-key get-protocol-version get-error write-known-host!)

;; There are no such objects.
(define (session? obj) "Return #f." #f)
