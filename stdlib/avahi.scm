;;; Commentary:
;;;
;;; The names of Guile-Avahi that Guix uses. Avahi is not here.
;;;
;;; Code:

(define-module (avahi)
  #:use-module (fruix unavailable))

(define-unavailable "Avahi"
  "name machines by their addresses"
  make-simple-poll simple-poll iterate-simple-poll run-simple-poll
  quit-simple-poll make-threaded-poll threaded-poll start-threaded-poll
  stop-threaded-poll watch-fd error->string)

(define-constants
  protocol/unspecified protocol/inet protocol/inet6 interface/unspecified
  watch-event/in watch-event/out)
