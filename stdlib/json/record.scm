;;; Commentary:
;;;
;;; Records that JSON objects are read into and written from (Guile-JSON,
;;; "Records").
;;;
;;; Code:

(define-module (json record)
  #:use-module (json parser)
  #:use-module (json builder)
  #:use-module (srfi srfi-9)
  #:export (define-json-mapping
            define-json-type))

(define (input->object input)
  "Return the alist that INPUT, a port, a string or an alist, stands for."
  (cond ((port? input) (json->scm input))
        ((string? input) (json-string->scm input))
        (else input)))

(define (member-value object key convert)
  "Return CONVERT of the value of KEY in OBJECT; what is missing is
unspecified."
  (let ((member (assoc key object)))
    (if member (convert (cdr member)) *unspecified*)))

(define (members keys values)
  "Return the alist of KEYS and VALUES, without what is unspecified."
  (let loop ((keys keys) (values values))
    (cond ((null? keys) '())
          ((unspecified? (car values)) (loop (cdr keys) (cdr values)))
          (else (cons (cons (car keys) (car values))
                      (loop (cdr keys) (cdr values)))))))

(define (writer convert)
  "Return CONVERT as a procedure that lets unspecified values pass."
  (lambda (value)
    (if (unspecified? value) value (convert value))))

(define-syntax define-json-mapping
  ;; (define-json-mapping type constructor predicate
  ;;   json->record [<=> record->json [<=> scm->record [<=> record->scm]]]
  ;;   (field getter [key [scm->field [field->scm]]]) ...)
  (lambda (s)
    (define (identity-syntax) #'(lambda (x) x))
    (define (key-of spec)
      (syntax-case spec ()
        ((field getter key . rest) (string? (syntax->datum #'key)) #'key)
        ((field . rest)
         (datum->syntax #'field
                        (symbol->string (syntax->datum #'field))))))
    (define (conversions spec)
      ;; What follows the getter, without the key.
      (syntax-case spec ()
        ((field getter key . rest) (string? (syntax->datum #'key)) #'rest)
        ((field getter . rest) #'rest)))
    (define (reader-of spec)
      (syntax-case (conversions spec) ()
        ((read . rest) #'read)
        (() (identity-syntax))))
    (define (writer-of spec)
      (syntax-case (conversions spec) ()
        ((read write . rest) #'write)
        (_ (identity-syntax))))
    (define (expand type constructor predicate names specs)
      (with-syntax ((type type)
                    (constructor constructor)
                    (predicate predicate)
                    ((json->record record->json scm->record record->scm)
                     names)
                    (((field getter . _) ...) specs)
                    ((key ...) (map key-of specs))
                    ((read ...) (map reader-of specs))
                    ((write ...) (map writer-of specs)))
        #'(begin
            (define-record-type type
              (constructor field ...)
              predicate
              (field getter) ...)
            (define (scm->record object)
              (constructor (member-value object key read) ...))
            (define (json->record input)
              (scm->record (input->object input)))
            (define (record->scm record)
              (members (list key ...)
                       (list ((writer write) (getter record)) ...)))
            (define (record->json record)
              (scm->json-string (record->scm record))))))
    (define (names-of given)
      ;; Names for the procedures that are not asked for.
      (let* ((missing (- 4 (length given)))
             (fresh (generate-temporaries (make-list missing 'x))))
        (append given fresh)))
    (syntax-case s (<=>)
      ((_ type constructor predicate a <=> b <=> c <=> d (spec ...) ...)
       (expand #'type #'constructor #'predicate #'(a b c d)
               #'((spec ...) ...)))
      ((_ type constructor predicate a <=> b <=> c (spec ...) ...)
       (expand #'type #'constructor #'predicate (names-of #'(a b c))
               #'((spec ...) ...)))
      ((_ type constructor predicate a <=> b (spec ...) ...)
       (expand #'type #'constructor #'predicate (names-of #'(a b))
               #'((spec ...) ...)))
      ((_ type constructor predicate a (spec ...) ...)
       (identifier? #'a)
       (expand #'type #'constructor #'predicate (names-of #'(a))
               #'((spec ...) ...)))
      ((_ type constructor predicate (spec ...) ...)
       (expand #'type #'constructor #'predicate (names-of '())
               #'((spec ...) ...))))))

(define-syntax define-json-type
  ;; (define-json-type <name> (field [key [type]]) ...), where TYPE is another
  ;; such type, or #(type) for an array of them, defines make-NAME, NAME?,
  ;; NAME-FIELD, json->NAME, NAME->json, scm->NAME and NAME->scm.
  (lambda (s)
    (define (stem name)
      (let ((text (symbol->string (syntax->datum name))))
        (if (and (string-prefix? "<" text) (string-suffix? ">" text))
            (substring text 1 (- (string-length text) 1))
            text)))
    (define (identifier context . parts)
      (datum->syntax context (string->symbol (string-concatenate parts))))
    (define (conversion type)
      (syntax-case type ()
        (#(element)
         (with-syntax ((read (identifier #'element "scm->" (stem #'element)))
                       (write (identifier #'element (stem #'element)
                                          "->scm")))
           #'((lambda (v) (map read (vector->list v)))
              (lambda (l) (list->vector (map write l))))))
        (name
         (list (identifier #'name "scm->" (stem #'name))
               (identifier #'name (stem #'name) "->scm")))))
    (define (spec type field)
      (define (getter name)
        (identifier type (stem type) "-" (symbol->string (syntax->datum name))))
      (syntax-case field ()
        ((name)
         #`(name #,(getter #'name)))
        ((name key)
         (string? (syntax->datum #'key))
         #`(name #,(getter #'name) key))
        ((name key element)
         #`(name #,(getter #'name)
                 #,(if (string? (syntax->datum #'key))
                       #'key
                       (datum->syntax #'name
                                      (symbol->string
                                       (syntax->datum #'name))))
                 #,@(conversion #'element)))))
    (syntax-case s ()
      ((_ type field ...)
       (let ((name (stem #'type)))
         (with-syntax ((make (identifier #'type "make-" name))
                       (predicate (identifier #'type name "?"))
                       (json->record (identifier #'type "json->" name))
                       (record->json (identifier #'type name "->json"))
                       (scm->record (identifier #'type "scm->" name))
                       (record->scm (identifier #'type name "->scm"))
                       ((spec ...) (map (lambda (field) (spec #'type field))
                                        #'(field ...))))
           #'(define-json-mapping type make predicate
               json->record <=> record->json <=> scm->record <=> record->scm
               spec ...)))))))
