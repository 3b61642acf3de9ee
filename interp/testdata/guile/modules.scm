;;; Guile manual, "Using Guile Modules": modules that may be missing, and the
;;; names of other modules.
(use-modules (conformance))

;; An autoload of a module that does not exist matters when its name is needed.
(define m (make-fresh-user-module))
(module-autoload! m '(no such module) '(absent present))
(define (in-m form)
  (parameterize ((current-warning-port (%make-void-port "w"))) (eval form m)))
(test #t (in-m '(if #f (absent) #t)))
(test-error (in-m '(absent)))
(test 'mine (begin (in-m '(define present 'mine)) (in-m 'present)))

;; (@@ @@ (module) expression).
(define string-length 'mine)
(test '(3 mine) (list (@@ @@ (guile) (string-length "abc")) string-length))
