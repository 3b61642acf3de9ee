;;; Commentary:
;;;
;;; A part of (git), which has all there is.
;;;
;;; Code:

(define-module (git blob))

(module-use! (module-public-interface (current-module))
             (resolve-interface '(git)))
