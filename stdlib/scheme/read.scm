;;; R7RS (scheme read).

(define-module (scheme read)
  #:re-export (read))
