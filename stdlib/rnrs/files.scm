;;; R6RS (rnrs files).

(define-module (rnrs files)
  #:re-export (
   file-exists? delete-file))
