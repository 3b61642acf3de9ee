;;; Ports that suspend.
;;;
;;; Commentary:
;;; Every port of this engine suspends: where one is not ready, the current waiter is
;;; called with it, with no native procedure in the continuation, and the operation is
;;; tried again when it returns.  Installing changes nothing, therefore.
;;; Code:

(define-module (ice-9 suspendable-ports)
  #:export (current-read-waiter current-write-waiter install-suspendable-ports!
            uninstall-suspendable-ports!))

(define current-read-waiter %current-read-waiter)
(define current-write-waiter %current-write-waiter)

(define (install-suspendable-ports!)
  "Make ports suspend, as they do anyway."
  (if #f #f))

(define (uninstall-suspendable-ports!)
  "Undo install-suspendable-ports!."
  (if #f #f))
