;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh auth)
  #:use-module (fruix unavailable))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  userauth-public-key! userauth-public-key/auto! userauth-public-key/try
  userauth-agent! userauth-password! userauth-gssapi! userauth-none!
  userauth-get-list)
