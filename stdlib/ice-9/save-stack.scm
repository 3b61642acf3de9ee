;;; The stack of the last error.

(define-module (ice-9 save-stack)
  #:export (stack-saved? the-last-stack save-stack))

;; Whether the-last-stack belongs to the last error.
(define stack-saved? #f)

;; The stack that was kept last, or #f.
(define the-last-stack (make-fluid))

(define (save-stack . narrowing)
  "Keep the current stack in the-last-stack, unless one is kept."
  (unless stack-saved?
    (fluid-set! the-last-stack (false-if-exception (apply make-stack #t narrowing)))
    (set! stack-saved? #t)))
