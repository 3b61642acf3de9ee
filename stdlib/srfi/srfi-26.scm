;;; SRFI 26: cut and cute, specialising parameters without currying.

(define-module (srfi srfi-26)
  #:export (cut cute))

(define-syntax cut
  (syntax-rules ()
    ((_ slot ...) (%cut () () slot ...))))

;; (%cut params call slot ...) gathers parameters and the call's parts.
(define-syntax %cut
  (syntax-rules (<> <...>)
    ((_ (param ...) (proc arg ...))
     (lambda (param ...) (proc arg ...)))
    ((_ (param ...) (proc arg ...) <...>)
     (lambda (param ... . rest) (apply proc arg ... rest)))
    ((_ (param ...) (part ...) <> slot ...)
     (%cut (param ... x) (part ... x) slot ...))
    ((_ params (part ...) expr slot ...)
     (%cut params (part ... expr) slot ...))))

(define-syntax cute
  (syntax-rules ()
    ((_ slot ...) (%cute () () () slot ...))))

;; As %cut; bindings hold the expressions that are evaluated once.
(define-syntax %cute
  (syntax-rules (<> <...>)
    ((_ bindings (param ...) (proc arg ...))
     (let bindings (lambda (param ...) (proc arg ...))))
    ((_ bindings (param ...) (proc arg ...) <...>)
     (let bindings (lambda (param ... . rest) (apply proc arg ... rest))))
    ((_ bindings (param ...) (part ...) <> slot ...)
     (%cute bindings (param ... x) (part ... x) slot ...))
    ((_ (binding ...) params (part ...) expr slot ...)
     (%cute (binding ... (t expr)) params (part ... t) slot ...))))
