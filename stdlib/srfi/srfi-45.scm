;;; SRFI 45: iterative lazy algorithms.

(define-module (srfi srfi-45)
  #:export (lazy eager)
  #:re-export (delay force promise?))

(define-syntax lazy
  (syntax-rules () ((_ expr) (delay-force expr))))

(define (eager x)
  "Return a promise of X."
  (make-promise x))
