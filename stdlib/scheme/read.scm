;;; R7RS (scheme read).
;;;
;;; Commentary:
;;; The procedure read of (guile) keeps the blanks at the start of a string's
;;; continued line unless the read option hungry-eol-escapes says otherwise; the
;;; report's does not.
;;; Code:

(define-module (scheme read)
  #:replace ((r7rs:read . read)))
