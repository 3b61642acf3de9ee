;;; (ice-9 atomic): boxes for sharing between threads.

(define-module (ice-9 atomic)
  #:use-module (fruix native threads)
  #:re-export (make-atomic-box atomic-box? atomic-box-ref atomic-box-set!
               atomic-box-swap! atomic-box-compare-and-swap!))
