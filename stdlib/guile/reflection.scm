;;; Looking into modules and changing them (Guile manual, "Module System
;;; Reflection").

(define (module-search fn m v)
  (or (fn m v)
      (let loop ((l (module-uses m)))
        (and (pair? l)
             (or (module-search fn (car l) v)
                 (loop (cdr l)))))))

(define (module-symbol-binding m v . default)
  (let ((var (module-variable m v)))
    (cond ((and var (variable-bound? var)) (variable-ref var))
          ((pair? default) (car default))
          (else (scm-error 'unbound-variable #f "Unbound variable: ~S" (list v) #f)))))

(define (module-symbol-local-binding m v . default)
  (let ((var (module-local-variable m v)))
    (cond ((and var (variable-bound? var)) (variable-ref var))
          ((pair? default) (car default))
          (else (scm-error 'unbound-variable #f "Locally unbound variable: ~S" (list v) #f)))))

(define (module-symbol-locally-interned? m v)
  (and (hashq-ref (module-obarray m) v) #t))

(define (module-symbol-interned? m v)
  (and (module-search module-symbol-locally-interned? m v) #t))

(define (module-obarray-ref table name) (hashq-ref table name))

(define (module-obarray-set! table name variable)
  (hashq-set! table name variable))

(define (module-obarray-remove! table name) (hashq-remove! table name))

(define (module-obarray-get-handle table name) (hashq-get-handle table name))

(define (module-observe module proc)
  (let ((id (cons module proc)))
    (%set-module-observers! module
                            (cons (cons id proc) (%module-observers module)))
    id))

(define* (module-observe-weak module observer-id #:optional (proc observer-id))
  (%set-module-observers! module
                          (cons (cons observer-id proc)
                                (%module-observers module))))

(define (module-unobserve token)
  (if (and (pair? token) (module? (car token)))
      (let ((module (car token)))
        (%set-module-observers!
         module
         (filter (lambda (entry) (not (eq? (car entry) token)))
                 (%module-observers module)))))
  *unspecified*)

(define (module-observers module) (map cdr (%module-observers module)))

(define (module-weak-observers module) (make-hash-table))

(define (module-call-observers module)
  (for-each (lambda (entry) ((cdr entry) module))
            (%module-observers module)))

(define module-defer-observers #f)

(define (call-with-deferred-observers thunk) (thunk))

(define module-defined-hook (make-hook 1))

(define %next-module-id 0)

(define (module-next-unique-id module) %next-module-id)

(define (module-generate-unique-id! module)
  (let ((id %next-module-id))
    (set! %next-module-id (+ 1 id))
    id))

(define* (module-gensym #:optional (id " mg") (module (current-module)))
  (string->symbol
   (string-append id "-"
                  (number->string (hash (module-name module) most-positive-fixnum) 16)
                  "-" (number->string (module-generate-unique-id! module)))))

(define (lookup-duplicates-handlers names)
  (if (list? names) names (list names)))

(define (%submodule-path at names)
  (let loop ((at at) (names names))
    (if (or (not at) (null? names))
        at
        (loop (module-ref-submodule at (car names)) (cdr names)))))

(define (nested-ref root names)
  (if (null? names)
      root
      (let ((at (%submodule-path root (%but-last names))))
        (and at (module-ref at (%last names) #f)))))

(define (%last l) (car (last-pair l)))

(define (%but-last l) (list-head l (- (length l) 1)))

(define (%containing-module root names)
  (or (%submodule-path root (%but-last names))
      (resolve-module (append (if (memq root (list the-root-module the-scm-module))
                                  '()
                                  (module-name root))
                              (%but-last names))
                      #f)))

(define (nested-set! root names val)
  (module-set! (%containing-module root names) (%last names) val))

(define (nested-define! root names val)
  (module-define! (%containing-module root names) (%last names) val))

(define (nested-remove! root names)
  (let ((at (%submodule-path root (%but-last names))))
    (if at (module-remove! at (%last names)))))

(define (nested-ref-module root names) (%submodule-path root names))

(define (nested-define-module! root names module)
  (module-define-submodule! (if (null? (cdr names))
                                root
                                (%containing-module root names))
                            (%last names)
                            module))

(define (local-ref names) (nested-ref (current-module) names))

(define (local-set! names val) (nested-set! (current-module) names val))

(define (local-define names val) (nested-define! (current-module) names val))

(define (local-remove names) (nested-remove! (current-module) names))

(define (local-ref-module names) (nested-ref-module (current-module) names))

(define (local-define-module names module)
  (nested-define-module! (current-module) names module))

(define (version-matches? wanted version)
  (define (part-matches? wanted part)
    (cond ((number? wanted) (= wanted part))
          ((not (pair? wanted)) #f)
          (else
           (case (car wanted)
             ((>=) (>= part (cadr wanted)))
             ((<=) (<= part (cadr wanted)))
             ((and) (every1 (lambda (w) (part-matches? w part)) (cdr wanted)))
             ((or) (any1 (lambda (w) (part-matches? w part)) (cdr wanted)))
             ((not) (not (part-matches? (cadr wanted) part)))
             (else #f)))))
  (define (every1 f l) (or (null? l) (and (f (car l)) (every1 f (cdr l)))))
  (define (any1 f l) (and (pair? l) (or (f (car l)) (any1 f (cdr l)))))
  (define (parts-match? wanted version)
    (or (null? wanted)
        (and (pair? version)
             (part-matches? (car wanted) (car version))
             (parts-match? (cdr wanted) (cdr version)))))
  (if (and (pair? wanted) (memq (car wanted) '(and or not)))
      (case (car wanted)
        ((and) (every1 (lambda (w) (version-matches? w version)) (cdr wanted)))
        ((or) (any1 (lambda (w) (version-matches? w version)) (cdr wanted)))
        (else (not (version-matches? (cadr wanted) version))))
      (parts-match? wanted version)))

(define (use-srfis numbers)
  (process-use-modules
   (map (lambda (n)
          (list (list 'srfi (string->symbol
                             (string-append "srfi-" (number->string n))))))
        numbers)))

(define (exception-type? x)
  ((@ (ice-9 exceptions) exception-type?) x))

(define (make-exception-type id parent fields)
  ((@ (ice-9 exceptions) make-exception-type) id parent fields))

(define (exception-predicate type)
  ((@ (ice-9 exceptions) exception-predicate) type))

(define (exception-accessor type proc)
  ((@ (ice-9 exceptions) exception-accessor) type proc))
