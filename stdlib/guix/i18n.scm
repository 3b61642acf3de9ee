;;; Places for translated messages.
;;;
;;; Commentary:
;;;
;;; Guix marks the messages that people see with 'G_' and package descriptions
;;; with 'P_'.  Fruix speaks English; the marks are kept so that code written
;;; with them loads.
;;;
;;; Code:

(define-module (guix i18n)
  #:export (G_ N_ P_))

(define (G_ message) "Return MESSAGE." message)
(define (P_ message) "Return MESSAGE." message)
(define (N_ singular plural n)
  "Return SINGULAR or PLURAL, as N asks."
  (if (= n 1) singular plural))
