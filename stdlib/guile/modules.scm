;;; Modules and evaluation.

(define (save-module-excursion thunk)
  (let ((inner (current-module)) (outer #f))
    (dynamic-wind
      (lambda () (set! outer (set-current-module inner)))
      thunk
      (lambda () (set! inner (set-current-module outer))))))

(define (%with-module module thunk)
  (let ((inner module) (outer #f))
    (dynamic-wind
      (lambda () (set! outer (set-current-module inner)))
      thunk
      (lambda () (set! inner (set-current-module outer))))))

(define* (eval exp #:optional (env (interaction-environment)))
  (%with-module env (%eval-thunk exp env)))

(define (primitive-eval exp)
  ((%eval-thunk exp (current-module))))

(define (interaction-environment) (current-module))

(define (module-for-each f module)
  (for-each (lambda (name) (f name (module-variable module name)))
            (%module-names module)))

(define (module-map f module)
  (map (lambda (name) (f name (module-variable module name)))
       (%module-names module)))

(define (symbol-prefix-proc prefix)
  (lambda (name) (symbol-append prefix name)))
