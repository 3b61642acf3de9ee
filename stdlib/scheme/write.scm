;;; R7RS (scheme write).
;;;
;;; Commentary:
;;; Symbols that need quotes are written as Guile does it, #{a b}#, which read
;;; takes as well as |a b|; (print-enable 'r7rs-symbols) asks for the latter.
;;; Code:

(define-module (scheme write)
  #:re-export (display write write-shared write-simple))
