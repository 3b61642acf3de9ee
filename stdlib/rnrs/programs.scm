;;; R6RS (rnrs programs).

(define-module (rnrs programs)
  #:re-export (command-line exit))
