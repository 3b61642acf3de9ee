;;; SRFI 62: #; comments, which the reader knows.

(define-module (srfi srfi-62))
