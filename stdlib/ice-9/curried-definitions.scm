;;; Definitions of procedures that return procedures.
;;;
;;; Commentary:
;;; (define ((f x) y) body ...) defines a procedure f whose calls give
;;; procedures of y; define*, define-public and define*-public do the same with
;;; their parameters.  A documentation string is that of the outermost one.
;;; Code:

(define-module (ice-9 curried-definitions)
  #:use-module ((guile) #:select ((define . %define)
                                  (define* . %define*)
                                  (define-public . %define-public)
                                  (define*-public . %define*-public)))
  #:replace (define define* define-public define*-public))

(define-syntax define-curried
  (syntax-rules ()
    ((_ name plain lambda)
     (define-syntax name
       (lambda (x)
         (syntax-case x ()
           ((_ ((head . outer) . inner) documentation body (... ...) end)
            (string? (syntax->datum #'documentation))
            #'(name (head . outer) documentation
                    (lambda inner body (... ...) end)))
           ((_ ((head . outer) . inner) body (... ...))
            #'(name (head . outer) (lambda inner body (... ...))))
           ((_ head body (... ...))
            #'(plain head body (... ...)))))))))

(define-curried define %define lambda)
(define-curried define* %define* lambda*)
(define-curried define-public %define-public lambda)
(define-curried define*-public %define*-public lambda*)
