;;; Generic functions: methods, and which of them a call runs.
;;;
;;; Commentary:
;;; A generic function is an applicable object.  What it applies is a selector
;;; of the machine, which remembers the procedure for the classes of arguments
;;; seen before; for others it calls %decide, which finds the applicable
;;; methods, most specific first, and chains them for next-method.
;;; Code:

(define-module (oop goops dispatch)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (fruix native objects)
  #:use-module ((srfi srfi-1) #:select (append-map delete-duplicates))
  #:export (%make-generic %prepare-generic! %add-method! %invalidate! %remove-method!
            %make-method
            generic-function-name generic-function-methods
            method-generic-function method-specializers method-procedure
            method-formals method-make-procedure
            %compute-applicable-methods %sort-applicable-methods
            %method-more-specific? %applicable? %method-chain
            %set-decisions! %set-failures!
            %own-methods generic-capability? primitive-generic-generic
            enable-primitive-generic!))

;;; Slots of generic functions and methods are read so often while the system
;;; builds itself that they are found by place.  Their classes keep their slots
;;; in place for all that inherit from them.

(define (%at class name)
  (slot-definition-index (class-slot-definition class name)))

(define %gf-procedure (%at <generic> 'procedure))
(define %gf-methods (%at <generic> 'methods))
(define %gf-n-specialized (%at <generic> 'n-specialized))
(define %gf-extended-by (%at <generic> 'extended-by))
(define %gf-name (%at <generic> 'name))
(define %m-generic (%at <method> 'generic-function))
(define %m-specializers (%at <method> 'specializers))
(define %m-procedure (%at <method> 'procedure))
(define %m-formals (%at <method> 'formals))
(define %m-make-procedure (%at <method> 'make-procedure))

(define (%own-methods gf)
  "Return the methods of GF itself."
  (let ((methods (%slot-ref gf 'methods)))
    (if (unbound? methods) '() methods)))

(define (generic-function-name gf)
  "Return the name of the generic function GF, or #f."
  (let ((name (%slot-ref gf 'name)))
    (if (unbound? name) #f name)))

(define (%list-slot gf name)
  (let ((l (%slot-ref gf name)))
    (if (unbound? l) '() l)))

(define (generic-function-methods gf)
  "Return the methods of the generic function GF, with those of generic
functions that it extends and that extend it."
  (let ((gf (if (is-a? gf <generic>)
                gf
                (or (and (procedure? gf) (%primitive-generic gf))
                    (scm-error 'wrong-type-arg "generic-function-methods"
                               "Not a generic function: ~S" (list gf) (list gf))))))
    (define (upward gf seen)
      (append-map (lambda (base)
                    (append (%own-methods base) (upward base seen)))
                  (%list-slot gf 'extends)))
    (define (downward gf)
      (append-map (lambda (ext) (append (%own-methods ext) (downward ext)))
                  (%list-slot gf 'extended-by)))
    (delete-duplicates (append (downward gf) (%own-methods gf) (upward gf '())) eq?)))

(define-syntax define-method-readers
  (syntax-rules ()
    ((_ (name index doc) ...)
     (begin
       (define (name method)
         doc
         (unless (is-a? method <method>)
           (scm-error 'wrong-type-arg #f "Not a method: ~S" (list method) (list method)))
         (%instance-ref method index))
       ...))))

(define-method-readers
  (method-generic-function %m-generic "Return the generic function of METHOD, or #f.")
  (method-specializers %m-specializers
    "Return the classes that METHOD is for, an improper list if it takes rest arguments.")
  (method-procedure %m-procedure "Return the procedure of METHOD.")
  (method-formals %m-formals "Return the names of METHOD's arguments.")
  (method-make-procedure %m-make-procedure
    "Return the procedure that makes METHOD's procedure from the next one, or #f."))

(define (%make-method class specializers formals procedure make-procedure)
  "Return a method of CLASS, <method> or a class that inherits from it."
  (let ((m (%allocate class)))
    (%instance-set! m %m-generic #f)
    (%instance-set! m %m-specializers specializers)
    (%instance-set! m %m-formals formals)
    (%instance-set! m %m-procedure procedure)
    (%instance-set! m %m-make-procedure make-procedure)
    m))

;;; Making generic functions.

(define (%prepare-generic! gf name methods)
  "Give the new generic function GF a NAME, METHODS and an empty memory."
  (%instance-set! gf %gf-name name)
  (%instance-set! gf %gf-methods methods)
  (%instance-set! gf %gf-extended-by '())
  (%instance-set! gf %gf-n-specialized 0)
  (%instance-set! gf %gf-procedure
                  (%make-selector (lambda args (%decide gf args))))
  (%forget! gf)
  gf)

(define* (%make-generic name #:optional (class <generic>))
  "Return a generic function NAME without methods."
  (%prepare-generic! (%allocate class) name '()))

(define (%specialized-count method)
  (let loop ((specializers (%instance-ref method %m-specializers)) (i 0) (n 0))
    (if (pair? specializers)
        (loop (cdr specializers) (+ i 1)
              (if (eq? (car specializers) <top>) n (+ i 1)))
        n)))

(define (%forget! gf)
  (let ((depth (apply max 0 (map %specialized-count (generic-function-methods gf)))))
    (%instance-set! gf %gf-n-specialized depth)
    (let ((selector (%instance-ref gf %gf-procedure)))
      (unless (procedure? selector)
        (%selector-reset! selector depth)))))

(define (%invalidate! gf)
  "Make GF, and the generic functions whose methods depend on its, forget what
they have decided."
  (define (related gf)
    (append (%list-slot gf 'extends) (%list-slot gf 'extended-by)))
  (let loop ((pending (list gf)) (seen '()))
    (cond ((null? pending) (for-each %forget! seen))
          ((memq (car pending) seen) (loop (cdr pending) seen))
          (else (loop (append (related (car pending)) (cdr pending))
                      (cons (car pending) seen))))))

(define (%same-specializers? a b)
  (cond ((pair? a) (and (pair? b) (eq? (car a) (car b))
                        (%same-specializers? (cdr a) (cdr b))))
        (else (eq? a b))))

(define (%add-method! gf method)
  "Add METHOD to the generic function GF, in place of one for the same classes."
  (%instance-set! method %m-generic gf)
  (let* ((specializers (%instance-ref method %m-specializers))
         (others (filter (lambda (m)
                           (not (%same-specializers?
                                 (%instance-ref m %m-specializers) specializers)))
                         (%own-methods gf))))
    (%instance-set! gf %gf-methods (cons method others)))
  (for-each (lambda (class)
              (%set-direct-methods! class
                                    (cons method
                                          (filter (lambda (m)
                                                    (not (and (eq? (%instance-ref m %m-generic) gf)
                                                              (%same-specializers?
                                                               (%instance-ref m %m-specializers)
                                                               (%instance-ref method %m-specializers)))))
                                                  (class-direct-methods class)))))
            (delete-duplicates (%proper (%instance-ref method %m-specializers)) eq?))
  (%invalidate! gf))

(define (%set-direct-methods! class methods)
  (class-direct-methods class)          ; makes a record type a class
  (%set-type-field! class 4 methods))

(define (%proper l)
  (cond ((pair? l) (cons (car l) (%proper (cdr l))))
        ((null? l) '())
        (else (list l))))

(define (%remove-method! gf method)
  "Take METHOD out of the generic function GF."
  (%instance-set! gf %gf-methods (delq method (%own-methods gf)))
  (%invalidate! gf))

;;; Which methods are applicable, and in what order.

(define (%applicable? method classes)
  "Return true if METHOD is for arguments of CLASSES."
  (if (is-a? method <accessor-method>)
      ;; The accessors of a class are for its direct instances: classes that
      ;; inherit the slot have their own.
      (let ((specializers (%instance-ref method %m-specializers)))
        (and (= (length specializers) (length classes))
             (eq? (car specializers) (car classes))))
      (let loop ((specializers (%instance-ref method %m-specializers)) (classes classes))
        (cond ((pair? specializers)
               (and (pair? classes)
                    (%subclass? (car classes) (car specializers))
                    (loop (cdr specializers) (cdr classes))))
              ((null? specializers) (null? classes))
              (else #t)))))

(define (%method-more-specific? m1 m2 classes)
  "Return true if METHOD M1 fits arguments of CLASSES better than M2 does; both
are applicable."
  (let loop ((s1 (%instance-ref m1 %m-specializers))
             (s2 (%instance-ref m2 %m-specializers))
             (classes classes))
    (cond ((and (pair? s1) (pair? s2))
           (cond ((eq? (car s1) (car s2))
                  (loop (cdr s1) (cdr s2) (if (pair? classes) (cdr classes) classes)))
                 ((not (pair? classes))
                  (scm-error 'wrong-type-arg "method-more-specific?"
                             "Wrong type argument: no class for an argument of ~S"
                             (list m1) #f))
                 (else
                  (let search ((cpl (class-precedence-list (car classes))))
                    (cond ((null? cpl) #f)
                          ((eq? (car cpl) (car s1)) #t)
                          ((eq? (car cpl) (car s2)) #f)
                          (else (search (cdr cpl))))))))
          ;; Naming an argument is more specific than a rest argument.
          ((pair? s1) #t)
          ((pair? s2) #f)
          (else (and (null? s1) (not (null? s2)))))))

(define (%sort-applicable-methods methods classes)
  "Return METHODS, which are applicable to CLASSES, most specific first."
  (sort methods (lambda (a b) (%method-more-specific? a b classes))))

(define (%compute-applicable-methods gf args)
  "Return the methods of GF that are applicable to ARGS, most specific first, or
#f if there is none."
  (let* ((classes (map class-of args))
         (methods (filter (lambda (m) (%applicable? m classes))
                          (generic-function-methods gf))))
    (cond ((null? methods) #f)
          ((null? (cdr methods)) methods)
          (else (%sort-applicable-methods methods classes)))))

;;; Deciding a call.

(define (%method-chain gf methods)
  "Return the procedure that runs the first of METHODS with the others as its
next methods."
  (let* ((method (car methods))
         (make (%instance-ref method %m-make-procedure)))
    (if make
        (make (if (null? (cdr methods))
                  (lambda args (%no-next-method gf args))
                  (%method-chain gf (cdr methods))))
        (%instance-ref method %m-procedure))))

(define %no-next-method #f)
(define %no-applicable-method #f)

(define (%set-failures! no-next-method no-applicable-method)
  "Have these procedures called with a generic function and arguments for which
there is no method."
  (set! %no-next-method no-next-method)
  (set! %no-applicable-method no-applicable-method))

;; What the protocol puts in the place of these two when generic functions or
;; their classes ask for it.
(define %applicable %compute-applicable-methods)
(define (%effective gf methods args) (%method-chain gf methods))

(define (%set-decisions! applicable effective)
  "Have APPLICABLE called with a generic function and arguments for the methods,
and EFFECTIVE with a generic function, methods and arguments for the procedure."
  (set! %applicable applicable)
  (set! %effective effective))

;; Calls GF with ARGS after it was decided how.
(define (%decide gf args)
  (for-each class-of args)              ; brings old objects up to date
  (let ((methods (%applicable gf args)))
    (cond (methods
           (let ((proc (%effective gf methods args)))
             (%selector-remember! (%instance-ref gf %gf-procedure) args proc)
             (apply proc args)))
          (else (%no-applicable-method gf args)))))

;;; Natives that methods extend.

(define (generic-capability? proc)
  "Return true if PROC is a native that methods can extend."
  (%extensible? proc))

(define (primitive-generic-generic proc)
  "Return the generic function that extends the native PROC, or #f."
  (%primitive-generic proc))

(define (enable-primitive-generic! . procs)
  "Have the natives PROCS call generic functions with arguments that they are
not for."
  (for-each (lambda (proc)
              (unless (%primitive-generic proc)
                (%extend! proc (%make-generic (procedure-name proc)))
                (when (eq? proc equal?)
                  (for-each (lambda (native)
                              (%extend-search! native (%primitive-generic equal?)))
                            (list member assoc delete)))))
            procs))
