;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh sftp)
  #:use-module (fruix unavailable)
  #:export (sftp-session? sftp-file?))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  make-sftp-session sftp-init sftp-open sftp-mkdir sftp-rmdir sftp-unlink
  sftp-mv sftp-chmod sftp-symlink sftp-readlink call-with-remote-input-file
  call-with-remote-output-file with-input-from-remote-file
  with-output-to-remote-file)

;; There are no such objects.
(define (sftp-session? obj) "Return #f." #f)
(define (sftp-file? obj) "Return #f." #f)
