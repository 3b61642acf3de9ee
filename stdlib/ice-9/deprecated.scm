;;; Names that Guile is about to drop.

(define-module (ice-9 deprecated)
  #:use-module (ice-9 copy-tree)
  #:re-export ((copy-tree . copy-tree)))
