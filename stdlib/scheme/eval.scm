;;; R7RS (scheme eval).

(define-module (scheme eval)
  #:export (environment)
  #:re-export (eval))

(define (environment . import-sets)
  "A fresh environment of the bindings that IMPORT-SETS import, and no others."
  (let ((module (make-module)))
    (module-use-interfaces! module (map resolve-r6rs-interface import-sets))
    module))
