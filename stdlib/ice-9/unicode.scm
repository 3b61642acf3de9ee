;;; Guile's (ice-9 unicode): the names of characters.

(define-module (ice-9 unicode)
  #:re-export (char->formal-name formal-name->char))
