;;; Catching with the stack kept.

(define-module (ice-9 stack-catch)
  #:use-module (ice-9 save-stack)
  #:export (stack-catch))

(define (stack-catch key thunk handler . rest)
  "As catch, with the stack at the place of the throw kept in the-last-stack."
  (catch key
    thunk
    handler
    (lambda args
      (save-stack)
      (for-each (lambda (proc) (apply proc args)) rest))))
