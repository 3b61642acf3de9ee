;;; The dialogue that a program starts with.

(define-module (ice-9 top-repl)
  #:use-module (system repl repl)
  #:export (top-repl))

(define (top-repl)
  "Hold a dialogue in (guile-user)."
  (set-current-module (resolve-module '(guile-user)))
  (start-repl))
