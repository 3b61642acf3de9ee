;;; R7RS (scheme inexact).
;;;
;;; Commentary:
;;; finite?, infinite? and nan? take complex numbers, too, and look at both
;;; parts; the procedures of (guile) by these names do not.
;;; Code:

(define-module (scheme inexact)
  #:re-export (acos asin atan cos exp log sin sqrt tan)
  #:replace ((r7rs:finite? . finite?)
             (r7rs:infinite? . infinite?)
             (r7rs:nan? . nan?)))

(define (r7rs:finite? z)
  "Whether neither part of Z is an infinity or a NaN."
  (and (finite? (real-part z)) (finite? (imag-part z))))

(define (r7rs:infinite? z)
  "Whether a part of Z is an infinity."
  (or (inf? (real-part z)) (inf? (imag-part z))))

(define (r7rs:nan? z)
  "Whether a part of Z is a NaN."
  (or (nan? (real-part z)) (nan? (imag-part z))))
