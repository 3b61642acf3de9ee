;;; Guile's additions to (rnrs bytevectors).

(define-module (rnrs bytevectors gnu)
  #:re-export (bytevector-slice))
