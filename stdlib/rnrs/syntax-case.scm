;;; R6RS (rnrs syntax-case).

(define-module (rnrs syntax-case)
  #:re-export (... _ bound-identifier=? datum->syntax free-identifier=?
               generate-temporaries identifier? make-variable-transformer
               quasisyntax syntax syntax->datum syntax-case syntax-violation
               unsyntax unsyntax-splicing with-syntax))
