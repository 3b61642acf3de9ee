;;; What the commands of Fruix ask of Scheme.
;;;
;;; Commentary:
;;;
;;; The program reads the command line, evaluates files and expressions, and
;;; hands what they yield to the procedures here, which turn it into
;;; derivations or plain data.
;;;
;;; Code:

(define-module (fruix commands)
  #:use-module (ice-9 match)
  #:use-module (srfi srfi-1)
  #:use-module (guix gexp)
  #:use-module (guix store)
  #:use-module (guix packages)
  #:use-module (guix derivations)
  #:use-module (gnu packages)
  #:export (object->derivation
            named-derivation))

(define (object->derivation object)
  "Return the derivation of OBJECT, anything that can be built, or the store
path that it already is: a package, a file-like object, a gexp, a derivation,
or a store-monadic value that yields one of these."
  (cond ((derivation? object) object)
        ((gexp? object) (built-item object "gexp"))
        ((file-like? object) (lower-item object))
        ((and (string? object) (store-path? object)) object)
        ((procedure? object)
         (object->derivation (run-with-store (open-connection) object)))
        (else
         (error (format #f "~s is nothing that can be built: neither a package, \
a gexp, a derivation nor another file-like object" object)))))

(define (named-derivation specification)
  "Return two values: the derivation of the package that SPECIFICATION names,
such as \"hello\", \"hello@2.12\" or \"hello:lib\", and the output."
  (call-with-values (lambda () (specification->package+output specification))
    (lambda (package output)
      (values (lower-item package) output))))
