;;; R6RS (rnrs eval).

(define-module (rnrs eval)
  #:use-module ((scheme eval) #:select (environment))
  #:re-export (environment eval))
