;;; Commentary:
;;;
;;; The passes of Guile's optimizer on its language of continuations, of which
;;; the compiler here has none by name; asking for them is asking for nothing.
;;;
;;; Code:

(define-module (language cps optimize)
  #:export (cps-optimizations cps-default-optimization-options))

(define (cps-optimizations)
  "Return the list of optimizations that can be switched: none."
  '())

(define (cps-default-optimization-options)
  "Return the optimizations that are on."
  '())
