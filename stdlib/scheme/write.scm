;;; R7RS (scheme write).

(define-module (scheme write)
  #:re-export (display write write-shared write-simple))
