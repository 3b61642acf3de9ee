;;; Commentary:
;;;
;;; What Guile keeps behind (system syntax).  A syntax object is what the
;;; expander of this engine makes; Guile's constructor of them from marks and
;;; substitutions has no counterpart.
;;;
;;; Code:

(define-module (system syntax internal)
  #:re-export (syntax? syntax-local-binding syntax-locally-bound-identifiers
               syntax-expression syntax-module syntax-sourcev)
  #:export (%syntax-module syntax-session-id))

(define (%syntax-module id)
  "Return the name of the module that the identifier ID was written in."
  (syntax-module id))

(define session (gensym "session-"))

(define (syntax-session-id)
  "Return a string that differs from those of other runs of the expander."
  (symbol->string session))
