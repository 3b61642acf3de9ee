;;; Evaluation in the scope of a place in a program.
;;;
;;; Commentary:
;;; (the-environment) gives the lexical environment where it stands; (local-eval
;;; expression environment) evaluates a datum as if it stood there: variables
;;; can be read and set, macros used, pattern variables inserted.  A module
;;; serves as an environment, too.  A macro of the environment works there unless
;;; its template names a variable of the environment.
;;; Code:

(define-module (ice-9 local-eval)
  #:use-module (srfi srfi-9)
  #:use-module (system syntax)
  #:export (the-environment local-eval local-compile))

;; CONTEXT is a procedure that gives what was known at expansion: the module,
;; an identifier that stands for the place, and the identifiers of variables,
;; of pattern variables with their depths, and of macros with their
;; transformers.  CELLS holds a pair of a getter and a setter for each
;; variable, PATTERNS a thunk for each pattern variable.
(define-record-type <lexical-environment>
  (%make-environment context cells patterns)
  lexical-environment?
  (context environment-context)
  (cells environment-cells)
  (patterns environment-patterns))

(eval-when (expand load eval)
  (define (%dotted id depth)
    "Syntax of ID with DEPTH ellipses around it."
    (if (zero? depth)
        id
        #`(#,(%dotted id (- depth 1)) (... ...))))

  (define (%visible place)
    "Those of the identifiers bound around PLACE that a program there can name."
    (filter (lambda (id)
              (free-identifier=? id (datum->syntax place (syntax->datum id))))
            (syntax-locally-bound-identifiers place)))

  (define (%classify ids)
    "Give the variables, the pattern variables and the macros among IDS."
    (let loop ((ids ids) (variables '()) (patterns '()) (macros '()))
      (if (null? ids)
          (values variables patterns macros)
          (call-with-values (lambda () (syntax-local-binding (car ids)))
            (lambda (kind value)
              (case kind
                ((lexical)
                 (loop (cdr ids) (cons (car ids) variables) patterns macros))
                ((pattern-variable)
                 (loop (cdr ids) variables
                       (cons (cons (car ids) (cdr value)) patterns) macros))
                ((macro)
                 (loop (cdr ids) variables patterns
                       (cons (cons (car ids) value) macros)))
                (else (loop (cdr ids) variables patterns macros)))))))))

(define-syntax the-environment
  (lambda (x)
    (syntax-case x ()
      ((me)
       (call-with-values (lambda () (%classify (%visible #'me)))
         (lambda (variables patterns macros)
           (let* ((module (current-module))
                  (context (lambda ()
                             (values module #'me variables patterns macros))))
             (with-syntax (((variable ...) variables)
                           ((pattern ...)
                            (map (lambda (p) (%dotted (car p) (cdr p)))
                                 patterns)))
               #`(%make-environment
                  #,(datum->syntax #'me context)
                  (list (cons (lambda () variable)
                              (lambda (value) (set! variable value)))
                        ...)
                  (list (lambda () #'pattern) ...))))))))))

(define (local-eval expression environment)
  "Evaluate EXPRESSION, a datum, in ENVIRONMENT, a result of (the-environment)
or a module."
  (cond ((module? environment) (eval expression environment))
        ((lexical-environment? environment)
         (call-with-values (environment-context environment)
           (lambda (module place variables patterns macros)
             (eval (%wrap (datum->syntax place expression)
                          variables (environment-cells environment)
                          patterns (environment-patterns environment)
                          macros)
                   module))))
        (else (scm-error 'wrong-type-arg "local-eval"
                         "Wrong type argument in position ~A (expecting ~A): ~S"
                         (list 2 "environment" environment)
                         (list environment)))))

;; Cells, thunks and transformers are constants of the program, so that an
;; environment inside of it can capture the macros that use them.
(define (%wrap expression variables cells patterns thunks macros)
  "Syntax of EXPRESSION inside of forms that give the names their meaning."
  (with-syntax (((variable ...) variables)
                ((cell ...) cells)
                ((pattern ...) (map (lambda (p) (%dotted (car p) (cdr p))) patterns))
                ((thunk ...) thunks)
                ((macro ...) (map car macros))
                ((transformer ...) (map cdr macros))
                (expression expression))
    #'(let-syntax ((macro transformer) ...
                   (variable
                    (make-variable-transformer
                     (lambda (x)
                       (syntax-case x (set!)
                         ((set! _ new) #'((cdr 'cell) new))
                         ((_ . arguments) #'(((car 'cell)) . arguments))
                         (_ #'((car 'cell)))))))
                   ...)
        (with-syntax ((pattern (thunk)) ...)
          expression))))

(define* (local-compile expression environment #:key (opts '()))
  "Do the same as local-eval: everything is compiled."
  (local-eval expression environment))
