;;; Commentary:
;;;
;;; The names of Guile-Avahi that Guix uses. Avahi is not here.
;;;
;;; Code:

(define-module (avahi client lookup)
  #:use-module (fruix unavailable))

(define-unavailable "Avahi"
  "name machines by their addresses"
  make-service-browser make-service-browser/eventless make-service-resolver
  make-service-resolver/eventless make-service-type-browser
  make-host-name-resolver make-address-resolver)

(define-constants
  browser-event/new browser-event/remove browser-event/cache-exhausted
  browser-event/all-for-now browser-event/failure resolver-event/found
  resolver-event/failure lookup-result-flag/cached lookup-flag/use-multicast)
