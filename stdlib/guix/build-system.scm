;;; Build systems.
;;;
;;; Commentary:
;;;
;;; A build system turns a package into a bag: the plain list of inputs and a
;;; procedure that makes the derivation from them (Guix manual, "Build
;;; Systems").
;;;
;;; Code:

(define-module (guix build-system)
  #:use-module (guix records)
  #:export (build-system
            build-system?
            build-system-name
            build-system-description
            build-system-lower
            bag
            bag?
            bag-name
            bag-system
            bag-target
            bag-build-inputs
            bag-host-inputs
            bag-outputs
            bag-arguments
            bag-build))

(define-record-type* <build-system> build-system make-build-system
  build-system?
  (name        build-system-name)       ;symbol
  (description build-system-description)
  ;; name #:source #:inputs #:native-inputs #:outputs #:system #:target and
  ;; the package's arguments -> bag, or #f when TARGET is not supported
  (lower       build-system-lower))

(define-record-type* <bag> bag make-bag
  bag?
  (name         bag-name)
  (system       bag-system)
  (target       bag-target       (default #f))
  (build-inputs bag-build-inputs (default '()))  ;((LABEL OBJECT [OUTPUT]) ...)
  (host-inputs  bag-host-inputs  (default '()))
  (outputs      bag-outputs      (default '("out")))
  (arguments    bag-arguments    (default '()))
  (build        bag-build))             ;name inputs #:outputs ... -> derivation
