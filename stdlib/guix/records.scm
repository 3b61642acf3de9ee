;;; Records that are written as declarations.
;;;
;;; Commentary:
;;;
;;; A package, a service or an operating system is a record whose fields are
;;; named where they are given:
;;;
;;;   (package (name "hello") (version "2.12") ...)
;;;   (package (inherit hello) (name "hello-next"))
;;;
;;; 'define-record-type*' defines such a record type together with the macro
;;; that builds its instances.  All checks on field names happen when the
;;; macro is expanded, so that a mistake is reported at the place where it was
;;; written: an unknown field with the name that was probably meant, a field
;;; given twice, and the fields that are missing.
;;;
;;; The interface is that of Guix's module of the same name (Guix manual,
;;; "Defining Packages"; 'guix/records.scm'): field options 'default',
;;; 'thunked', 'delayed', 'innate' and 'sanitize', and a "this" identifier.
;;;
;;; Code:

(define-module (guix records)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (ice-9 match)
  #:export (define-record-type*
            this-record
            nearest-name))

(define-syntax-parameter this-record
  (lambda (s)
    "The record being built, inside a thunked field."
    (syntax-violation 'this-record "used outside of a thunked field" s)))

(eval-when (expand load eval)

  (define (edit-distance a b)
    "Return the number of insertions, deletions, substitutions and swaps of
neighbours that turn the string A into B (optimal string alignment)."
    (let* ((n (string-length b))
           (row0 (make-vector (+ n 1) 0))
           (row1 (list->vector (iota (+ n 1)))))
      (let outer ((i 1) (before row0) (above row1))
        (if (> i (string-length a))
            (vector-ref above n)
            (let ((row (make-vector (+ n 1) i)))
              (let inner ((j 1))
                (when (<= j n)
                  (let* ((same? (char=? (string-ref a (- i 1))
                                        (string-ref b (- j 1))))
                         (cost (min (+ 1 (vector-ref above j))
                                    (+ 1 (vector-ref row (- j 1)))
                                    (+ (if same? 0 1)
                                       (vector-ref above (- j 1)))))
                         (cost (if (and (> i 1) (> j 1)
                                        (char=? (string-ref a (- i 1))
                                                (string-ref b (- j 2)))
                                        (char=? (string-ref a (- i 2))
                                                (string-ref b (- j 1))))
                                   (min cost (+ 1 (vector-ref before (- j 2))))
                                   cost)))
                    (vector-set! row j cost)
                    (inner (+ j 1)))))
              (outer (+ i 1) above row))))))

  (define (nearest-name name candidates)
    "Return the symbol among CANDIDATES that is nearest to the symbol NAME, or
#f when none is near enough to have been meant."
    (let* ((text  (symbol->string name))
           (limit (max 1 (quotient (+ 1 (string-length text)) 3))))
      (let loop ((candidates candidates) (best #f) (best-distance (+ 1 limit)))
        (match candidates
          (() best)
          ((candidate . rest)
           (let ((distance (edit-distance text (symbol->string candidate))))
             (if (< distance best-distance)
                 (loop rest candidate distance)
                 (loop rest best best-distance))))))))

  ;; What the constructor macro knows of a field: its name (a symbol), the
  ;; syntax of its default or #f, and its options.
  (define (make-spec name default thunked? delayed? innate? sanitizer)
    (vector name default thunked? delayed? innate? sanitizer))
  (define (spec-name spec) (vector-ref spec 0))
  (define (spec-default spec) (vector-ref spec 1))
  (define (spec-thunked? spec) (vector-ref spec 2))
  (define (spec-delayed? spec) (vector-ref spec 3))
  (define (spec-innate? spec) (vector-ref spec 4))
  (define (spec-sanitizer spec) (vector-ref spec 5))

  (define (parse-field-spec form whole)
    "Parse FORM, (NAME GETTER OPTION ...), of the definition WHOLE."
    (syntax-case form ()
      ((name getter option ...)
       (and (identifier? #'name) (identifier? #'getter))
       ;; The loop's variables must not shadow the option names, which are
       ;; matched as free identifiers.
       (let loop ((options #'(option ...))
                  (value #f) (thunk? #f) (delay? #f)
                  (own? #f) (sanitizer #f))
         (syntax-case options (default thunked delayed innate sanitize)
           (()
            (make-spec (syntax->datum #'name) value thunk? delay?
                       own? sanitizer))
           (((default expression) . rest)
            (loop #'rest (list #'expression) thunk? delay? own? sanitizer))
           (((thunked) . rest)
            (loop #'rest value #t delay? own? sanitizer))
           (((delayed) . rest)
            (loop #'rest value thunk? #t own? sanitizer))
           (((innate) . rest)
            (loop #'rest value thunk? delay? #t sanitizer))
           (((sanitize procedure) . rest)
            (loop #'rest value thunk? delay? own? #'procedure))
           ((other . rest)
            (syntax-violation 'define-record-type*
                              "unknown field option" whole #'other)))))
      (_
       (syntax-violation 'define-record-type*
                         "bad field, expected (NAME GETTER OPTION ...)"
                         whole form))))

  (define (public-name constructor)
    "Return the symbol by which people know the macro CONSTRUCTOR: some are
wrapped in another macro and have a percent sign in front."
    (let ((text (symbol->string constructor)))
      (if (string-prefix? "%" text)
          (string->symbol (substring text 1))
          constructor)))

  (define (complain constructor message form subform)
    (if subform
        (syntax-violation (public-name constructor) message form subform)
        (syntax-violation (public-name constructor) message form)))

  (define (check-field-names constructor specs form named)
    "Raise a syntax error unless each of the fields NAMED, a list of pairs of a
name and the (NAME VALUE) form with that name, is one of SPECS and given once."
    (let loop ((named named) (seen '()) (names (map spec-name specs)))
      (unless (null? named)
        (let ((field (caar named)))
          (unless (memq field names)
            (let ((near (nearest-name field names)))
              (complain constructor
                        (string-append
                         "unknown field '" (symbol->string field) "'"
                         (if near
                             (string-append "; did you mean '"
                                            (symbol->string near) "'?")
                             (string-append
                              "; its fields are "
                              (string-join (map symbol->string names)))))
                        form (field-id (cdar named)))))
          (when (memq field seen)
            (complain constructor
                      (string-append "field '" (symbol->string field)
                                     "' is given twice")
                      form (field-id (cdar named))))
          (loop (cdr named) (cons field seen) names)))))

  (define (at-place origin form)
    "Return FORM, a call, as if it stood where the syntax ORIGIN stands, so
that errors of the callee point there."
    (datum->syntax #f (syntax->list form) #:source origin))

  (define (syntax->list form)
    (syntax-case form ()
      ((item ...) #'(item ...))))

  (define (field-id field)
    "Return the identifier that names FIELD, the syntax of (NAME VALUE)."
    (syntax-case field ()
      ((id . _) #'id)))

  (define (with-names given)
    "Return pairs of the name and the form of each of GIVEN, a list of the
syntax of (NAME VALUE)."
    (map (lambda (field)
           (cons (syntax->datum (field-id field)) field))
         given))

  (define (expand-constructor form constructor raw-constructor type this specs
                              inherited given)
    "Return the expression for the instance that FORM describes.  INHERITED is
the syntax of the record to inherit from, or #f; GIVEN is the list of (NAME
VALUE) forms."
    (let* ((named   (with-names given))
           (missing (if inherited
                        '()
                        (remove (lambda (spec)
                                  (or (spec-default spec)
                                      (assq (spec-name spec) named)))
                                specs))))
      (check-field-names constructor specs form named)
      (unless (null? missing)
        (complain constructor
                  (string-append
                   (if (null? (cdr missing))
                       "missing field "
                       "missing fields ")
                   (string-join (map (lambda (spec)
                                       (string-append
                                        "'" (symbol->string (spec-name spec))
                                        "'"))
                                     missing)
                                ", "))
                  form #f))
      (instance-expression form constructor raw-constructor type this specs
                           inherited given named)))

  (define (instance-expression form constructor raw-constructor type this specs
                               inherited given named)
    "Return what 'expand-constructor' returns, for checked fields GIVEN, which
NAMED has with their names."
    (let ((parent (car (generate-temporaries '(parent)))))
      (define* (wrap spec value #:optional (place value))
        ;; How VALUE, given at PLACE, is kept in the field's slot.
        (let ((value (if (spec-sanitizer spec)
                         (at-place place #`(#,(spec-sanitizer spec) #,value))
                         value)))
          (cond ((spec-thunked? spec)
                 #`(lambda (self)
                     (syntax-parameterize ((#,this (identifier-syntax self)))
                       #,value)))
                ((spec-delayed? spec) #`(delay #,value))
                (else value))))

      (define (slot spec index)
        ;; The expression for a field that was not given.
        (cond ((and inherited (not (spec-innate? spec)))
               #`(struct-ref #,parent #,index))
              ((spec-default spec)
               => (lambda (default) (wrap spec (car default))))
              (else #`(struct-ref #,parent #,index))))

      ;; Fields are evaluated in the order in which they were written, and
      ;; each sees the plain ones before it by name, as in Guix.
      (let* ((plain? (lambda (spec)
                       (not (or (spec-thunked? spec) (spec-delayed? spec)))))
             (spec-table (let ((specs (map (lambda (spec)
                                             (cons (spec-name spec) spec))
                                           specs)))
                           (map (lambda (entry)
                                  (cons (cdr entry)
                                        (assq-ref specs (car entry))))
                                named)))
             (spec-of (lambda (field) (assq-ref spec-table field)))
             (bindings (map (lambda (field)
                              (syntax-case field ()
                                ((id value)
                                 ;; A number has no place of its own.
                                 #`(id #,(wrap (spec-of field) #'value
                                               (if (syntax-source #'value)
                                                   #'value
                                                   #'id))))
                                ((id . _)
                                 (complain constructor
                                           (string-append
                                            "field '"
                                            (symbol->string (syntax->datum #'id))
                                            "' wants exactly one value")
                                           form field))))
                            given))
             (thunked (remove (lambda (field) (plain? (spec-of field))) given))
             (binding-of (let ((table (map cons given bindings)))
                           (lambda (field) (assq-ref table field))))
             (temporaries (map (lambda (field)
                                 (cons (spec-name (spec-of field))
                                       (car (generate-temporaries '(field)))))
                               thunked))
             (arguments
              (map (lambda (spec index)
                     (let ((field (assq-ref named (spec-name spec))))
                       (cond ((not field) (slot spec index))
                             ((assq-ref temporaries (spec-name spec)))
                             (else (field-id field)))))
                   specs (iota (length specs))))
             (all (map (lambda (field)
                         (syntax-case (binding-of field) ()
                           ((id expression)
                            #`(#,(or (assq-ref temporaries
                                               (spec-name (spec-of field)))
                                     #'id)
                               expression))))
                       given))
             (body #`(let* #,all (#,raw-constructor #,@arguments))))
        (if inherited
            #`(let ((#,parent #,inherited))
                (check-inherited #,parent #,type
                                 '#,(datum->syntax raw-constructor
                                                   (public-name constructor)))
                #,body)
            body)))))

(define (check-inherited parent type name)
  "Raise an error unless PARENT, the value of an 'inherit' field of the
constructor NAME, is a record of TYPE."
  (unless (and (struct? parent) (eq? (struct-vtable parent) type))
    (error (format #f "~a: cannot inherit from ~s, which is no ~a"
                   name parent name))))

(define-syntax define-record-type*
  (lambda (form)
    "Define a record type and the macro that builds its instances:

  (define-record-type* <type> constructor raw-constructor predicate this
    (field getter option ...) ...)

The macro CONSTRUCTOR takes (FIELD VALUE) forms in any order and optionally
(inherit RECORD) first; RAW-CONSTRUCTOR takes all slots by position.  THIS, if
given, names the record under construction inside thunked fields.  Options are
(default VALUE), (thunked), (delayed), (innate), (sanitize PROCEDURE)."
    (define (build type constructor raw predicate this this-definition fields)
      (let* ((specs (map (lambda (field) (parse-field-spec field form)) fields))
             (names (map spec-name specs))
             (slots (generate-temporaries names))
             (getters (map (lambda (field)
                             (syntax-case field ()
                               ((_ getter . _) #'getter)))
                           fields))
             (primitive (generate-temporaries getters)))
        #`(begin
            (define-record-type #,type
              (#,raw #,@(map (lambda (field)
                               (syntax-case field () ((name . _) #'name)))
                             fields))
              #,predicate
              #,@(map (lambda (field spec getter raw-getter)
                        (syntax-case field ()
                          ((name . _)
                           (if (or (spec-thunked? spec) (spec-delayed? spec))
                               #`(name #,raw-getter)
                               #`(name #,getter)))))
                      fields specs getters primitive))
            #,@this-definition
            #,@(append-map
                (lambda (spec getter raw-getter)
                  (cond ((spec-thunked? spec)
                         (list #`(define (#,getter record)
                                   ((#,raw-getter record) record))))
                        ((spec-delayed? spec)
                         (list #`(define (#,getter record)
                                   (force (#,raw-getter record)))))
                        (else '())))
                specs getters primitive)
            (define-syntax #,constructor
              (lambda (use)
                (let ((specs (list
                              #,@(map (lambda (spec)
                                        #`(make-spec
                                           '#,(datum->syntax constructor
                                                             (spec-name spec))
                                           #,(if (spec-default spec)
                                                 #`(list #'#,(car (spec-default spec)))
                                                 #f)
                                           #,(spec-thunked? spec)
                                           #,(spec-delayed? spec)
                                           #,(spec-innate? spec)
                                           #,(if (spec-sanitizer spec)
                                                 #`#'#,(spec-sanitizer spec)
                                                 #f)))
                                      specs))))
                  (define (expand inherited fields)
                    (expand-constructor use '#,constructor #'#,raw #'#,type
                                        #'#,this specs inherited fields))
                  (syntax-case use (inherit)
                    ((_ (inherit parent) field (... ...))
                     (expand #'parent #'(field (... ...))))
                    ((_ field (... ...))
                     (begin
                       (for-each
                        (lambda (field)
                          (syntax-case field ()
                            ((name . _) (identifier? #'name) #t)
                            (other
                             (complain '#,constructor
                                       "bad field, expected (NAME VALUE)"
                                       use #'other))))
                        #'(field (... ...)))
                       (expand #f #'(field (... ...))))))))))))

    (syntax-case form ()
      ((_ type constructor raw predicate this field ...)
       (identifier? #'this)
       (build #'type #'constructor #'raw #'predicate #'this
              (list #'(define-syntax-parameter this
                        (lambda (s)
                          (syntax-violation
                           'this "used outside of a thunked field" s))))
              #'(field ...)))
      ((_ type constructor raw predicate field ...)
       (build #'type #'constructor #'raw #'predicate #'this-record '()
              #'(field ...))))))
