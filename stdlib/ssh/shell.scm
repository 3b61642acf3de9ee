;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh shell)
  #:use-module (fruix unavailable))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  rexec which pgrep pkill command-available? loadavg fallback-pgrep)
