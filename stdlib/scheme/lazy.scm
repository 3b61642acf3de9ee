;;; R7RS (scheme lazy).

(define-module (scheme lazy)
  #:re-export (delay delay-force force make-promise promise?))
