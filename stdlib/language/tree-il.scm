;;; The core language as data.
;;;
;;; Commentary:
;;;
;;; What is left of a program after expansion has no records of its own here:
;;; `macroexpand' gives it as a datum that reads like a program. That is what
;;; the procedures of this module take and return, so that what shows expanded
;;; code, as (tree-il->scheme (macroexpand form)), works. Programs that take
;;; Guile's records apart do not.
;;;
;;; Code:

(define-module (language tree-il)
  #:export (tree-il->scheme unparse-tree-il parse-tree-il))

(define* (tree-il->scheme expanded #:optional environment options)
  "Return the program EXPANDED, as `macroexpand' gives it, as a datum."
  expanded)

(define (unparse-tree-il expanded) "Return EXPANDED as a datum." expanded)
(define (parse-tree-il datum) "Return what `unparse-tree-il' made DATUM of." datum)
