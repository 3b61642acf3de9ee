;;; Commentary:
;;;
;;; The names of Guile-SSH that Guix uses. Libssh is not here.
;;;
;;; Code:

(define-module (ssh key)
  #:use-module (fruix unavailable)
  #:export (key? public-key? private-key?))

(define-unavailable "libssh"
  "run the program ssh, with (ice-9 popen)"
  make-keypair public-key->string string->public-key public-key-from-file
  private-key-from-file private-key->public-key private-key-to-file
  get-key-type get-public-key-hash bytevector->hex-string)

;; There are no such objects.
(define (key? obj) "Return #f." #f)
(define (public-key? obj) "Return #f." #f)
(define (private-key? obj) "Return #f." #f)
