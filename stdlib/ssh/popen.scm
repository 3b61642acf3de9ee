;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh popen)
  #:use-module (fruix unavailable))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  open-remote-pipe open-remote-pipe* open-remote-input-pipe
  open-remote-output-pipe)
