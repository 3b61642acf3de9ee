;;; The syntax of the object system: classes, generic functions, methods.

(define-module (oop goops syntax)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (oop goops dispatch)
  #:export (method method* define-method define-method* define-generic
            define-accessor define-class class standard-define-class
            define-extended-generic define-extended-generics
            %bound-here %define-here %ensure-generic! %ensure-accessor!
            %method-object %set-binders!))

;;; Bindings of the module that a program is in.

(define (%bound-here name)
  "Return the value of NAME in the current module, or #f when it has none."
  (and (defined? name)
       (module-ref (current-module) name #f)))

(define (%define-here name value)
  "Define NAME as VALUE in the current module."
  (module-define! (current-module) name value))

;; Set by (oop goops protocol), which comes after.
(define %ensure-generic #f)
(define %ensure-accessor #f)
(define %add! %add-method!)
(define %make-class-here #f)
(define %redefine #f)
(define %extended #f)

(define (%set-binders! generic accessor add! make-class redefine extended)
  "Have the syntax use these procedures of the protocol."
  (set! %ensure-generic generic)
  (set! %ensure-accessor accessor)
  (set! %add! add!)
  (set! %make-class-here make-class)
  (set! %redefine redefine)
  (set! %extended extended))

(define (%ensure-generic! name)
  "Make NAME a generic function in the current module unless it is one."
  (let ((old (%bound-here name)))
    (unless (and old (is-a? old <generic>))
      (let ((new (%ensure-generic old name)))
        (unless (eq? old new) (%define-here name new))))))

(define (%ensure-accessor! name)
  "Make NAME an accessor in the current module unless it is one."
  (let ((old (%bound-here name)))
    (unless (and old (is-a? old <accessor>))
      (%define-here name (%ensure-accessor old name)))))

(define (%ensure-method-target! name)
  (unless (%bound-here name)
    (%define-here name (%make-generic name))))

;;; Methods.

(define (%method-object specializers formals procedure make-procedure)
  "Return a method that was written with the syntax method."
  (%make-method <method> specializers formals procedure make-procedure))

(eval-when (expand load eval)
  ;; The identifier next-method in syntax X, or #f.
  (define (find-next-method x)
    (syntax-case x ()
      ((a . b) (or (find-next-method #'a) (find-next-method #'b)))
      (#(a ...) (find-next-method #'(a ...)))
      (id (and (identifier? #'id) (eq? (syntax->datum #'id) 'next-method))
          #'id)
      (_ #f)))

  ;; Splits formals into names, classes and the rest argument or ().
  (define (parse-formals formals)
    (let loop ((l formals) (names '()) (classes '()))
      (syntax-case l ()
        (() (values (reverse names) (reverse classes) #'()))
        (((name class) . more)
         (identifier? #'name)
         (loop #'more (cons #'name names) (cons #'class classes)))
        ((name . more)
         (identifier? #'name)
         (loop #'more (cons #'name names) (cons #'<top> classes)))
        (rest
         (values (reverse names) (reverse classes) #'rest))))))

(define-syntax method
  (lambda (x)
    "Make a method: (method ((name class) name ... . rest) body ...)."
    (syntax-case x ()
      ((_ formals)
       #'(method formals (if #f #f)))
      ((_ formals body ...)
       (call-with-values (lambda () (parse-formals #'formals))
         (lambda (names classes rest)
           (with-syntax (((name ...) names) ((class ...) classes) (rest rest)
                         (tail (if (identifier? rest) #'<top> #''())))
             (let ((next (find-next-method #'(body ...))))
               (if (not next)
                   #'(%method-object (cons* class ... tail) '(name ... . rest)
                                     (lambda (name ... . rest) body ...)
                                     #f)
                   (with-syntax ((next next)
                                 (again (if (identifier? #'rest)
                                            #'(apply real-next name ... rest)
                                            #'(real-next name ...))))
                     #'(%method-object
                        (cons* class ... tail) '(name ... . rest)
                        #f
                        (lambda (real-next)
                          (lambda (name ... . rest)
                            (let ((next (lambda args
                                          (if (null? args)
                                              again
                                              (apply real-next args)))))
                              body ...)))))))))))
      ((_ . other)
       (syntax-violation 'method "bad formals" x)))))

(define-syntax method*
  (lambda (x)
    "As method, with #:optional, #:key and #:rest arguments behind those that
have classes."
    (define (split formals)
      (let loop ((l formals) (required '()))
        (syntax-case l ()
          ((k . more)
           (keyword? (syntax->datum #'k))
           (values (reverse required) l))
          ((spec . more) (loop #'more (cons #'spec required)))
          (_ (values (reverse required) l)))))
    (syntax-case x ()
      ((_ formals body ...)
       (call-with-values (lambda () (split #'formals))
         (lambda (required others)
           (if (or (null? (syntax->datum others)) (identifier? others))
               #'(method formals body ...)
               (call-with-values (lambda () (parse-formals required))
                 (lambda (names classes rest)
                   (with-syntax (((name ...) names) ((class ...) classes)
                                 (others others)
                                 (next (or (find-next-method #'(body ...)) #'unused)))
                     #'(%method-object
                        (cons* class ... <top>) '(name ... . others)
                        #f
                        (lambda (real-next)
                          (lambda args
                            (let ((next (lambda new
                                          (apply real-next (if (null? new) args new)))))
                              (apply (lambda* (name ... . others) body ...) args))))))))))))
      ((_ formals)
       #'(method* formals (if #f #f))))))

(define-syntax define-method-by
  (lambda (x)
    (syntax-case x (setter)
      ((_ maker ((setter name) . formals) body ...)
       #'(begin
           (%ensure-accessor! 'name)
           (%add! (setter name) (maker formals body ...))))
      ((_ maker (name . formals) body ...)
       (identifier? #'name)
       #'(begin
           (%ensure-method-target! 'name)
           (%add! name (maker formals body ...))))
      ((_ maker (expr . formals) body ...)
       #'(%add! expr (maker formals body ...))))))

(define-syntax define-method
  (lambda (x)
    "Add a method to a generic function, which is made when there is none:
(define-method (name (argument class) ...) body ...)."
    (syntax-case x ()
      ((_ head body ...)
       #'(define-method-by method head body ...)))))

(define-syntax define-method*
  (lambda (x)
    "As define-method, with optional and keyword arguments."
    (syntax-case x ()
      ((_ head body ...)
       #'(define-method-by method* head body ...)))))

;;; Generic functions.

(define (%new-generic! name)
  (let ((old (%bound-here name)))
    (%define-here name (if (and old (is-a? old <generic>))
                           (%ensure-generic #f name)
                           (%fresh-generic old name)))))

;; A native that methods extend stays what it is in other modules.
(define (%fresh-generic old name)
  (let ((new (%ensure-generic old name)))
    (if (eq? old new)
        (%ensure-generic (lambda args (apply old args)) name)
        new)))

(define (%new-accessor! name)
  (let ((old (%bound-here name)))
    (%define-here name (if (and old (is-a? old <accessor>))
                           (%ensure-accessor #f name)
                           (%ensure-accessor old name)))))

(define-syntax define-generic
  (syntax-rules ()
    "Define a generic function without methods; a procedure of the name becomes
its default method."
    ((_ name) (%new-generic! 'name))))

(define-syntax define-accessor
  (syntax-rules ()
    "Define a generic function with a setter, both without methods."
    ((_ name) (%new-accessor! 'name))))

(define-syntax define-extended-generic
  (syntax-rules ()
    "Define a generic function that also has the methods of others."
    ((_ name value) (define name (%extended value 'name)))))

(define-syntax define-extended-generics
  (lambda (x)
    "Define names that extend the generic functions of these names with each of
several prefixes: (define-extended-generics (name ...) #:prefix (prefix ...))."
    (define (with-prefix prefix name)
      (datum->syntax name (symbol-append (syntax->datum prefix) (syntax->datum name))))
    (syntax-case x ()
      ((_ (name ...) key (prefix ...))
       (eq? (syntax->datum #'key) #:prefix)
       (with-syntax ((((old ...) ...)
                      (map (lambda (name)
                             (map (lambda (prefix) (with-prefix prefix name))
                                  #'(prefix ...)))
                           #'(name ...))))
         #'(begin (define-extended-generic name (list old ...)) ...))))))

;;; Classes.

(eval-when (expand load eval)
  ;; The expression for the options of a slot.
  (define (slot-options options)
    (syntax-case options ()
      (() #'())
      ((key form . more)
       (eq? (syntax->datum #'key) #:init-form)
       #`(key 'form #:init-thunk (lambda () form) . #,(slot-options #'more)))
      ((key value . more)
       (keyword? (syntax->datum #'key))
       #`(key value . #,(slot-options #'more)))))

  (define (slot-expression slot)
    (syntax-case slot ()
      ((name option ...)
       (identifier? #'name)
       #`(list 'name . #,(slot-options #'(option ...))))
      (name
       (identifier? #'name)
       #'(list 'name))))

  (define (split-slots slots)
    (let loop ((l slots) (out '()))
      (syntax-case l ()
        ((key . more)
         (keyword? (syntax->datum #'key))
         (values (reverse out) l))
        ((slot . more) (loop #'more (cons #'slot out)))
        (() (values (reverse out) #'())))))

  ;; Expressions that make the generic functions that slots ask for.
  (define (accessor-definitions slots)
    (let loop ((slots slots) (out '()))
      (if (null? slots)
          (reverse out)
          (syntax-case (car slots) ()
            ((name option ...)
             (let inner ((options #'(option ...)) (out out))
               (syntax-case options ()
                 ((key id . more)
                  (identifier? #'id)
                  (case (syntax->datum #'key)
                    ((#:getter #:setter)
                     (inner #'more (cons #'(%ensure-generic! 'id) out)))
                    ((#:accessor)
                     (inner #'more (cons #'(%ensure-accessor! 'id) out)))
                    (else (inner #'more out))))
                 ((key value . more) (inner #'more out))
                 (_ (loop (cdr slots) out)))))
            (_ (loop (cdr slots) out)))))))

(define-syntax class
  (lambda (x)
    "Make a class: (class (super ...) slot ... option ...), a slot being a name
or (name option ...)."
    (syntax-case x ()
      ((_ (super ...) slot ...)
       (call-with-values (lambda () (split-slots #'(slot ...)))
         (lambda (slots options)
           (with-syntax (((expr ...) (map slot-expression slots))
                         ((option ...) options))
             #'(%make-class-here (list super ...) (list expr ...) option ...)))))
      (_ (syntax-violation 'class "expected (class (super ...) slot ...)" x)))))

(define-syntax define-class
  (lambda (x)
    "Define a class: (define-class name (super ...) slot ... option ...)."
    (syntax-case x ()
      ((_ name (super ...) slot ...)
       (identifier? #'name)
       (call-with-values (lambda () (split-slots #'(slot ...)))
         (lambda (slots options)
           (with-syntax (((definition ...) (accessor-definitions slots)))
             #'(begin
                 definition ...
                 (%redefine 'name (class (super ...) slot ... #:name 'name)))))))
      (_ (syntax-violation 'define-class "expected (define-class name (super ...) slot ...)" x)))))

(define-syntax standard-define-class
  (syntax-rules ()
    "As define-class of (oop goops), whatever define-class means elsewhere."
    ((_ form ...) (define-class form ...))))
