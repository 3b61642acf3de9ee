;;; R7RS (scheme inexact).

(define-module (scheme inexact)
  #:re-export (acos asin atan cos exp infinite? log sin sqrt tan)
  #:replace (finite? nan?))

;; Guile's own take real numbers alone.
(define core-finite? (@ (guile) finite?))
(define core-nan? (@ (guile) nan?))

(define (finite? z)
  "Whether neither part of Z is an infinity or a NaN."
  (and (core-finite? (real-part z)) (core-finite? (imag-part z))))

(define (nan? z)
  "Whether a part of Z is a NaN."
  (or (core-nan? (real-part z)) (core-nan? (imag-part z))))
