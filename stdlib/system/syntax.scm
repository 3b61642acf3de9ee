;;; Commentary:
;;;
;;; What transformers can ask the expander (Guile manual, "Syntax Transformer
;;; Helpers").
;;;
;;; Code:

(define-module (system syntax)
  #:use-module (system syntax internal)
  #:re-export (syntax?
               syntax-local-binding
               (%syntax-module . syntax-module)
               syntax-locally-bound-identifiers
               syntax-session-id
               syntax-sourcev))
