;;; R7RS (scheme inexact).

(define-module (scheme inexact)
  #:re-export (acos asin atan cos exp finite? infinite? log nan? sin sqrt
               tan))
