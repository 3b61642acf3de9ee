;;; Who calls whom.
;;;
;;; Commentary:
;;;
;;; A procedure's code refers to variables of modules; their values that are
;;; procedures are its callees, as far as can be told without running it. Calls
;;; that the compiler made instructions, such as that of `car', leave no trace.
;;; Callers are found by looking through all loaded modules but those in
;;; `*xref-ignored-modules*'.
;;;
;;; Code:

(define-module (system xref)
  #:use-module (system vm program)
  #:use-module (srfi srfi-1)
  #:export (*xref-ignored-modules* procedure-callees procedure-callers
            source-closures source-procedures))

;; Names of modules whose procedures are not looked at.
(define *xref-ignored-modules* '((value-history)))

(define (value-of reference)
  (if (variable? reference)
      (and (variable-bound? reference) (variable-ref reference))
      reference))

(define (procedure-callees procedure)
  "Return the procedures that PROCEDURE's code refers to; #f when it is native."
  (and (program? procedure)
       (filter procedure? (map value-of (%program-references procedure)))))

;; Call PROC with each loaded module.
(define (for-each-module proc)
  (let walk ((module (resolve-module '() #f)))
    (hash-for-each
     (lambda (name module)
       (unless (member (module-name module) *xref-ignored-modules*)
         (proc module)
         (walk module)))
     (module-submodules module))))

(define (module-procedures module)
  (let ((procedures '()))
    (hash-for-each (lambda (name variable)
                     (let ((value (value-of variable)))
                       (when (program? value)
                         (set! procedures (cons value procedures)))))
                   (module-obarray module))
    procedures))

(define (resolve variable)
  (cond ((variable? variable) variable)
        ((symbol? variable) (module-variable (current-module) variable))
        ((and (pair? variable) (list? (car variable)) (symbol? (cdr variable)))
         (module-variable (resolve-module (car variable)) (cdr variable)))
        (else
         (scm-error 'wrong-type-arg "procedure-callers"
                    "not a variable, a symbol, or a pair of module name and symbol: ~S"
                    (list variable) #f))))

(define (procedure-callers variable)
  "Return who calls the procedure in VARIABLE as a list of (MODULE-NAME CALLER
...). VARIABLE is a variable, a symbol of the current module, or a pair of a
module's name and a symbol."
  (let* ((variable (or (resolve variable)
                       (scm-error 'misc-error "procedure-callers" "no such variable: ~S" (list variable) #f)))
         (callee (value-of variable))
         (found '()))
    (for-each-module
     (lambda (module)
       (let ((callers (filter (lambda (procedure)
                                (any (lambda (r) (or (eq? r variable)
                                                     (and (procedure? r) (eq? r callee))))
                                     (%program-references procedure)))
                              (module-procedures module))))
         (unless (null? callers)
           (set! found (cons (cons (module-name module) callers) found))))))
    (reverse found)))

;; The loaded procedures whose definitions satisfy a predicate of a source.
(define (procedures-at match?)
  (let ((found '()))
    (for-each-module
     (lambda (module)
       (for-each (lambda (procedure)
                   (let ((source (program-source procedure 0)))
                     (when (and source (match? source))
                       (set! found (cons procedure found)))))
                 (module-procedures module))))
    (reverse found)))

(define* (source-procedures file line #:key canonicalization)
  "Return the loaded procedures that are defined in FILE at LINE, counted from
0."
  (procedures-at (lambda (source)
                   (and (equal? (source:file source) file)
                        (eqv? (source:line source) line)))))

(define* (source-closures file line #:key canonicalization)
  "Return the loaded procedures whose code comes from LINE, counted from 0, of
FILE."
  (let ((found '()))
    (for-each-module
     (lambda (module)
       (for-each (lambda (procedure)
                   (when (any (lambda (source)
                                (and (equal? (source:file source) file)
                                     (eqv? (source:line source) line)))
                              (program-sources procedure))
                     (set! found (cons procedure found))))
                 (module-procedures module))))
    (reverse found)))
