;;; Interactive help: what names exist.

(define-module (ice-9 session)
  #:use-module (ice-9 regex)
  #:export (apropos apropos-internal procedure-arguments))

(define (apropos-internal pattern)
  (let ((rx (make-regexp pattern)))
    (sort (filter (lambda (name) (regexp-exec rx (symbol->string name)))
                  (module-map (lambda (name variable) name)
                              (resolve-module '(guile))))
          (lambda (a b) (string<? (symbol->string a) (symbol->string b))))))

(define (apropos pattern)
  (for-each (lambda (name) (display name) (newline)) (apropos-internal pattern)))

(define (procedure-arguments proc)
  (list (cons 'arity (procedure-minimum-arity proc))))
