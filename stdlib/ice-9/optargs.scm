;;; Optional and keyword arguments; lambda* and define* are part of the core.

(define-module (ice-9 optargs)
  #:export (let-optional let-optional* let-keywords let-keywords*
            define*-public)
  #:re-export (lambda* define*))

(define-syntax define*-public
  (syntax-rules ()
    ((_ (name . formals) body ...)
     (begin (define* (name . formals) body ...) (export name)))))

(define-syntax let-optional*
  (syntax-rules ()
    ((_ rest ((name default) ... . tail) body ...)
     (apply (lambda* (#:optional (name default) ... #:rest ignored) body ...) rest))))

(define-syntax let-optional
  (syntax-rules ()
    ((_ rest bindings body ...) (let-optional* rest bindings body ...))))

(define-syntax let-keywords*
  (syntax-rules ()
    ((_ rest #t ((name default) ...) body ...)
     (apply (lambda* (#:key (name default) ... #:allow-other-keys #:rest ignored) body ...) rest))
    ((_ rest allow? ((name default) ...) body ...)
     (apply (lambda* (#:key (name default) ...) body ...) rest))))

(define-syntax let-keywords
  (syntax-rules ()
    ((_ rest allow? bindings body ...) (let-keywords* rest allow? bindings body ...))))
