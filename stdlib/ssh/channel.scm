;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh channel)
  #:use-module (fruix unavailable)
  #:export (channel? OPEN_PTY_READ))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  make-channel channel-open-session channel-open-forward
  channel-request-exec channel-request-pty channel-request-shell
  channel-request-env channel-get-exit-status channel-get-session
  channel-send-eof channel-eof? channel-open? channel-set-stream!
  channel-get-stream channel-cancel-forward)

;; There are no such objects.
(define (channel? obj) "Return #f." #f)
(define OPEN_PTY_READ "rt")
