;;; Commentary:
;;;
;;; Versions of Guile-SSH and of libssh, which are not here.
;;;
;;; Code:

(define-module (ssh version)
  #:use-module (fruix unavailable)
  #:export (get-libssh-version get-guile-ssh-version zlib-support? dsa-support?))

(define (get-libssh-version) "Return the version of libssh that would do." "0.0.0")
(define (get-guile-ssh-version) "Return the version of Guile-SSH." "0.0.0")
(define (zlib-support?) "Return #f." #f)
(define (dsa-support?) "Return #f." #f)
