;;; R7RS (scheme eval).

(define-module (scheme eval)
  #:export (environment)
  #:re-export (eval))

(define (environment . specs)
  (let ((module (make-fresh-user-module)))
    (module-use-interfaces! module (map (lambda (spec) (resolve-r6rs-interface spec)) specs))
    module))
