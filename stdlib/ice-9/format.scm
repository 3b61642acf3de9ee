;;; Formatted output with the directives of Common Lisp; native.

(define-module (ice-9 format)
  #:replace (format))

(define (format destination . args) (apply %format destination args))
