;;; (ice-9 weak-vector): vectors that do not keep their elements alive.

(define-module (ice-9 weak-vector)
  #:use-module (fruix native weak)
  #:re-export (make-weak-vector list->weak-vector weak-vector weak-vector?
               weak-vector-length weak-vector-ref weak-vector-set!))
