;;; SRFI 105: curly-infix expressions, which the reader knows.  Using this module
;;; changes nothing: #!curly-infix in a text, or (read-enable 'curly-infix),
;;; switches them on.

(define-module (srfi srfi-105))
