;;; SRFI 30: nested block comments, which the reader knows.

(define-module (srfi srfi-30))
