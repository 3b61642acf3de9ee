;;; SRFI 55: require-extension.
;;;
;;; Commentary:
;;; (require-extension (srfi 1 13)) makes the bindings of SRFIs available where
;;; it stands.
;;; Code:

(define-module (srfi srfi-55)
  #:export (require-extension))

(define-syntax require-extension
  (lambda (x)
    "Use the modules of SRFIs: (require-extension (srfi number ...) ...)."
    (define (module-name clause number)
      (datum->syntax clause
                     `(srfi ,(string->symbol
                              (string-append "srfi-" (number->string number))))))
    (syntax-case x ()
      ((_ (kind number ...) ...)
       (and-map (lambda (k) (eq? k 'srfi)) (syntax->datum #'(kind ...)))
       (with-syntax ((((name ...) ...)
                      (map (lambda (clause numbers)
                             (map (lambda (n) (module-name clause n)) numbers))
                           #'(kind ...) (syntax->datum #'((number ...) ...)))))
         #`(#,(datum->syntax x 'use-modules) name ... ...)))
      (_ (syntax-violation 'require-extension "expected (srfi number ...)" x)))))
