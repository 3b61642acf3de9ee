;;; R7RS (scheme complex).

(define-module (scheme complex)
  #:re-export (angle imag-part magnitude make-polar make-rectangular
               real-part))
