;;; Commentary:
;;;
;;; The names of Guile-Avahi that Guix uses. Avahi is not here.
;;;
;;; Code:

(define-module (avahi client publish)
  #:use-module (fruix unavailable))

(define-unavailable "Avahi"
  "name machines by their addresses"
  make-entry-group commit-entry-group reset-entry-group entry-group-state
  entry-group-empty? add-entry-group-service! add-entry-group-address!
  update-entry-group-service!)

(define-constants
  publish-flag/unique publish-flag/no-probe publish-flag/update
  entry-group-state/established entry-group-state/collision
  entry-group-state/failure)
