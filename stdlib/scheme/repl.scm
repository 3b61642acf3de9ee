;;; R7RS (scheme repl).

(define-module (scheme repl)
  #:re-export (interaction-environment))
