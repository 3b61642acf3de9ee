;;; Guile 3's exception objects: the types are those of the core; making types
;;; and looking into compounds is here.

(define-module (ice-9 exceptions)
  #:export (make-exception-type exception-type? exception-predicate
            exception-accessor make-error make-warning warning?
            make-programming-error programming-error?
            make-external-error external-error? make-assertion-failure
            assertion-failure? make-non-continuable-violation
            non-continuable-violation? make-implementation-restriction-error
            implementation-restriction-error? make-lexical-error lexical-error?
            make-syntax-error syntax-error? syntax-error-form
            syntax-error-subform make-undefined-variable-error
            undefined-variable-error? make-quit-exception quit-exception?
            quit-exception-code
            define-exception-type)
  #:re-export (&exception make-exception exception? exception-kind
               exception-args &error error? &message
               make-exception-with-message exception-with-message?
               exception-message &irritants make-exception-with-irritants
               exception-with-irritants? exception-irritants &origin
               make-exception-with-origin exception-with-origin?
               exception-origin &warning &programming-error
               raise-exception raise-continuable with-exception-handler guard
               simple-exceptions &assertion-failure &non-continuable &lexical
               &syntax &undefined-variable &external-error &quit-exception
               &implementation-restriction make-non-continuable-error
               non-continuable-error?))

(define (make-exception-type name parent fields)
  (make-record-type name fields #:parent parent #:extensible? #t))

(define (exception-type? x)
  (and (record-type-descriptor? x)
       (let loop ((type x))
         (and type (or (eq? type &exception) (loop (record-type-parent type)))))))

(define (%component type x)
  (and (exception? x)
       (let loop ((parts (simple-exceptions x)))
         (and (pair? parts)
              (if (%record-is? (car parts) type) (car parts) (loop (cdr parts)))))))

(define (exception-predicate type)
  (lambda (x) (and (%component type x) #t)))

(define (exception-accessor type proc)
  (lambda (x)
    (let ((part (%component type x)))
      (if part
          (proc part)
          (scm-error 'wrong-type-arg (symbol->string (record-type-name type))
                     "Wrong type argument in position ~A: ~S" (list 1 x) (list x))))))

(define-syntax define-exception-type
  (syntax-rules ()
    ((_ type parent constructor predicate (field accessor) ...)
     (begin
       (define type (make-exception-type 'type parent '(field ...)))
       (define constructor (record-constructor type))
       (define predicate (exception-predicate type))
       (define accessor
         (exception-accessor type (record-accessor type 'field)))
       ...))))

(define make-error (record-constructor &error))
(define make-warning (record-constructor &warning))
(define warning? (exception-predicate &warning))
(define make-programming-error (record-constructor &programming-error))
(define programming-error? (exception-predicate &programming-error))
(define make-external-error (record-constructor &external-error))
(define external-error? (exception-predicate &external-error))
(define make-assertion-failure (record-constructor &assertion-failure))
(define assertion-failure? (exception-predicate &assertion-failure))
(define make-non-continuable-violation (record-constructor &non-continuable))
(define non-continuable-violation? (exception-predicate &non-continuable))
(define make-implementation-restriction-error
  (record-constructor &implementation-restriction))
(define implementation-restriction-error?
  (exception-predicate &implementation-restriction))
(define make-lexical-error (record-constructor &lexical))
(define lexical-error? (exception-predicate &lexical))
(define make-syntax-error (record-constructor &syntax))
(define syntax-error? (exception-predicate &syntax))
(define syntax-error-form (exception-accessor &syntax (record-accessor &syntax 'form)))
(define syntax-error-subform
  (exception-accessor &syntax (record-accessor &syntax 'subform)))
(define make-undefined-variable-error (record-constructor &undefined-variable))
(define undefined-variable-error? (exception-predicate &undefined-variable))
(define make-quit-exception (record-constructor &quit-exception))
(define quit-exception? (exception-predicate &quit-exception))
(define quit-exception-code
  (exception-accessor &quit-exception (record-accessor &quit-exception 'code)))
