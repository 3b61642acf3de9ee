;;; SRFI 35: conditions, which are the exception objects of the core.

(define-module (srfi srfi-35)
  #:use-module (ice-9 exceptions)
  #:export (make-condition-type condition-type? make-condition condition
            define-condition-type condition? condition-has-type? condition-ref
            make-compound-condition extract-condition &condition &serious
            serious-condition? message-condition? condition-message)
  #:re-export (&message &error error?))

(define &condition &exception)
(define &serious &error)
(define (serious-condition? c) (error? c))
(define message-condition? exception-with-message?)
(define condition-message exception-message)
(define condition? exception?)

(define (make-condition-type id parent fields)
  (make-exception-type id parent fields))

(define (condition-type? x)
  "Tell whether X is a condition type."
  (exception-type? x))

(define (condition-has-type? c type)
  "Tell whether the condition C is of TYPE."
  ((exception-predicate type) c))

(define (condition-ref c field)
  "Return the value of FIELD in the condition C."
  (let loop ((parts (simple-exceptions c)))
    (cond ((null? parts)
           (scm-error 'misc-error "condition-ref" "invalid field name: ~S" (list field) #f))
          ((memq field (record-type-fields (record-type-descriptor (car parts))))
           ((record-accessor (record-type-descriptor (car parts)) field) (car parts)))
          (else (loop (cdr parts))))))

(define (%build type pairs)
  (apply (record-constructor type)
         (map (lambda (field)
                (let ((pair (assq field pairs)))
                  (if pair
                      (cdr pair)
                      (scm-error 'misc-error "make-condition"
                                 "field not specified: ~S" (list field) #f))))
              (record-type-fields type))))

(define (make-condition type . fields)
  "Return a condition of TYPE with FIELDS, names and values by turns."
  (let loop ((fields fields) (pairs '()))
    (if (null? fields)
        (%build type pairs)
        (loop (cddr fields) (cons (cons (car fields) (cadr fields)) pairs)))))

(define (make-compound-condition . conditions)
  "Return a condition of all the types of CONDITIONS."
  (apply make-exception conditions))

(define (extract-condition c type)
  "Return the part of the condition C that is of TYPE."
  (let loop ((parts (simple-exceptions c)))
    (cond ((null? parts)
           (scm-error 'misc-error "extract-condition" "invalid condition type: ~S" (list type) #f))
          (((exception-predicate type) (car parts)) (car parts))
          (else (loop (cdr parts))))))

(define-syntax condition
  (syntax-rules ()
    "Make a condition of types with fields: (condition (type (field value) ...) ...).
A field that several types have may be given with any of them."
    ((_ (type (field value) ...) ...)
     (%build-all (list type ...) (list (list (cons 'field value) ...) ...)))))

;; The condition of TYPES with FIELDS, an alist for each type.
(define (%build-all types fields)
  (let ((all (apply append fields)))
    (apply make-compound-condition
           (map (lambda (type own) (%build type (append own all))) types fields))))

(define-syntax define-condition-type
  (syntax-rules ()
    ((_ type parent predicate (field accessor) ...)
     (begin
       (define type (make-exception-type 'type parent '(field ...)))
       (define predicate (exception-predicate type))
       (define accessor
         (exception-accessor type (record-accessor type 'field)))
       ...))))
