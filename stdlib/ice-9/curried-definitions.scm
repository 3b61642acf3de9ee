;;; Definitions of procedures that return procedures: (define ((f x) y) ...).

(define-module (ice-9 curried-definitions)
  #:use-module ((guile) #:select ((define . %define) (define* . %define*)))
  #:replace (define define* define-public))

(define-syntax define
  (syntax-rules ()
    ((_ ((head . formals) . inner) body ...)
     (define (head . formals) (lambda inner body ...)))
    ((_ head body ...) (%define head body ...))))

(define-syntax define*
  (syntax-rules ()
    ((_ ((head . formals) . inner) body ...)
     (define* (head . formals) (lambda* inner body ...)))
    ((_ head body ...) (%define* head body ...))))

(define-syntax define-public
  (syntax-rules ()
    ((_ ((head . formals) . inner) body ...)
     (define-public (head . formals) (lambda inner body ...)))
    ((_ (name . formals) body ...)
     (begin (%define (name . formals) body ...) (export name)))
    ((_ name value)
     (begin (%define name value) (export name)))))
