;;; Commentary:
;;;
;;; The passes of Guile's optimizer on its tree language, of which the compiler
;;; here has none by name; asking for them is asking for nothing.
;;;
;;; Code:

(define-module (language tree-il optimize)
  #:export (tree-il-optimizations tree-il-default-optimization-options))

(define (tree-il-optimizations)
  "Return the list of optimizations that can be switched: none."
  '())

(define (tree-il-default-optimization-options)
  "Return the optimizations that are on."
  '())
