;;; Definitions of several values (SRFI 244).
;;;
;;; Commentary:
;;; define-values of R7RS as SRFI 244 words it.
;;; Code:

(define-module (srfi srfi-244)
  #:re-export (define-values))

(cond-expand-provide (current-module) '(srfi-244))
