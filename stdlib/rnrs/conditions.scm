;;; R6RS (rnrs conditions).
;;;
;;; Commentary:
;;; The conditions of R6RS and the exception objects of the core are one
;;; hierarchy under two sets of names: &serious is the core's &error, &error its
;;; &external-error, &violation its &programming-error.  A condition that was
;;; raised by a native is therefore what R6RS says it is.
;;; Code:

(define-module (rnrs conditions)
  #:use-module ((ice-9 exceptions) #:select (make-exception-type exception-type?
                                             (make-warning . exn:make-warning)
                                             (warning? . exn:warning?)
                                             exception-predicate
                                             exception-accessor))
  #:export (&condition condition condition? simple-conditions
            condition-predicate condition-accessor define-condition-type
            make-message-condition message-condition? condition-message
            make-irritants-condition irritants-condition? condition-irritants
            &who make-who-condition who-condition? condition-who
            &serious make-serious-condition serious-condition?
            &violation make-violation violation?
            &assertion make-assertion-violation assertion-violation?
            &non-continuable make-non-continuable-violation
            non-continuable-violation?
            &implementation-restriction make-implementation-restriction-violation
            implementation-restriction-violation?
            &lexical make-lexical-violation lexical-violation?
            &syntax make-syntax-violation syntax-violation?
            syntax-violation-form syntax-violation-subform
            &undefined make-undefined-violation undefined-violation?
            make-error make-warning warning?)
  #:re-export (&message &irritants &warning)
  #:replace ((r6:&error . &error) (r6:error? . error?)))

(define &condition &exception)
(define condition? exception?)
(define simple-conditions simple-exceptions)

(define (condition . parts)
  "The compound of PARTS, which are conditions."
  (for-each (lambda (part)
              (unless (exception? part)
                (scm-error 'wrong-type-arg "condition"
                           "Wrong type argument in position ~A: ~S"
                           (list 1 part) (list part))))
            parts)
  (apply make-exception parts))

(define (condition-predicate type) (exception-predicate type))
(define (condition-accessor type proc) (exception-accessor type proc))

(define-syntax define-condition-type
  (syntax-rules ()
    ((_ type parent constructor predicate (field accessor) ...)
     (begin
       (define type (make-exception-type 'type parent '(field ...)))
       (define constructor (record-constructor type))
       (define predicate (exception-predicate type))
       (define accessor
         (exception-accessor type (record-accessor type 'field)))
       ...))))

(define make-message-condition make-exception-with-message)
(define message-condition? exception-with-message?)
(define condition-message exception-message)
(define make-irritants-condition make-exception-with-irritants)
(define irritants-condition? exception-with-irritants?)
(define condition-irritants exception-irritants)
(define &who &origin)
(define make-who-condition make-exception-with-origin)
(define who-condition? exception-with-origin?)
(define condition-who exception-origin)
(define make-warning exn:make-warning)
(define warning? exn:warning?)

(define-syntax-rule (define-names type constructor predicate core)
  (begin
    (define type core)
    (define constructor (record-constructor core))
    (define predicate (exception-predicate core))))

(define-names &serious make-serious-condition serious-condition? &error)
(define-names r6:&error make-error r6:error? &external-error)
(define-names &violation make-violation violation? &programming-error)
(define-names &assertion make-assertion-violation assertion-violation?
  &assertion-failure)
(define-names &undefined make-undefined-violation undefined-violation?
  &undefined-variable)
(define make-non-continuable-violation (record-constructor &non-continuable))
(define non-continuable-violation? (exception-predicate &non-continuable))
(define make-implementation-restriction-violation
  (record-constructor &implementation-restriction))
(define implementation-restriction-violation?
  (exception-predicate &implementation-restriction))
(define make-lexical-violation (record-constructor &lexical))
(define lexical-violation? (exception-predicate &lexical))
(define make-syntax-violation (record-constructor &syntax))
(define syntax-violation? (exception-predicate &syntax))
(define syntax-violation-form
  (exception-accessor &syntax (record-accessor &syntax 'form)))
(define syntax-violation-subform
  (exception-accessor &syntax (record-accessor &syntax 'subform)))
