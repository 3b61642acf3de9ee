;;; Commentary:
;;;
;;; The names of Guile-Avahi that Guix uses. Avahi is not here.
;;;
;;; Code:

(define-module (avahi client)
  #:use-module (fruix unavailable))

(define-unavailable "Avahi"
  "name machines by their addresses"
  make-client client-state client-server-version client-host-name
  client-host-fqdn)

(define-constants
  client-flag/ignore-user-config client-flag/no-fail client-state/s-running
  client-state/s-registering client-state/failure client-state/s-collision
  client-state/connecting)
