;;; The protocol of the object system: how classes, objects and calls come to
;;; be, in generic functions that programs extend.

(define-module (oop goops protocol)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (oop goops dispatch)
  #:use-module (oop goops syntax)
  #:use-module ((srfi srfi-1) #:select (append-map any))
  #:export (add-method! make make-instance make-class make-generic ensure-generic
            make-extended-generic make-accessor ensure-accessor initialize
            allocate-instance compute-cpl compute-slots compute-get-n-set
            compute-getter-method compute-setter-method compute-slot-accessors
            compute-direct-slot-definition
            compute-direct-slot-definition-initargs
            compute-effective-slot-definition ensure-metaclass
            ensure-metaclass-with-supers
            compute-applicable-methods method-more-specific?
            sort-applicable-methods compute-effective-method apply-generic
            apply-methods apply-method
            no-next-method no-applicable-method no-method
            slot-unbound slot-missing slot-ref slot-set! slot-bound? slot-exists?
            class-slot-ref class-slot-set! slot-init-function
            class-redefinition))

(define-syntax define-protocol
  (syntax-rules ()
    ((_ name ...)
     (begin (define name (%make-generic 'name)) ...))))

(define-protocol add-method! make-instance initialize allocate-instance
  compute-cpl compute-slots compute-get-n-set compute-getter-method
  compute-setter-method compute-slot-accessors compute-direct-slot-definition
  compute-direct-slot-definition-initargs compute-effective-slot-definition
  compute-applicable-methods method-more-specific? sort-applicable-methods
  compute-effective-method apply-generic apply-methods apply-method
  no-next-method no-applicable-method no-method slot-unbound slot-missing
  class-redefinition)

;;; Failures.

(define-method (no-next-method (gf <generic>) args)
  (goops-error "No next method when calling ~S\nwith arguments ~S" gf args))

(define-method (no-applicable-method (gf <generic>) args)
  (goops-error "No applicable method for ~S in call ~S"
               gf (cons (generic-function-name gf) args)))

(define-method (no-method (gf <generic>) args)
  (goops-error "No method defined for ~S" gf))

;; A native that methods extend fails as it did before.
(define (primitive-failure gf args)
  (let ((name (generic-function-name gf)))
    (scm-error 'wrong-type-arg (and name (symbol->string name))
               "Wrong type argument in position ~A: ~S"
               (let loop ((l args) (i 1))
                 (cond ((null? l) (list 1 args))
                       ((or (null? (cdr l)) (not (number? (car l)))) (list i (car l)))
                       (else (loop (cdr l) (+ i 1)))))
               (list (if (pair? args) (car args) args)))))

(define (extends-native? gf)
  (let ((name (generic-function-name gf)))
    (and name
         (let ((native (module-ref (resolve-module '(guile)) name #f)))
           (and native (eq? (primitive-generic-generic native) gf) native)))))

(define (fail-call otherwise)
  (lambda (gf args)
    (let ((native (extends-native? gf)))
      (cond ((not native) (otherwise gf args))
            ((eq? native equal?) #f)
            (else (primitive-failure gf args))))))

(%set-failures! (lambda (gf args) (no-next-method gf args))
                (fail-call (lambda (gf args) (no-applicable-method gf args))))

(define-method (slot-unbound (class <class>) object name)
  (goops-error "Unbound slot `~S' in object ~S" name object))
(define-method (slot-unbound (class <class>) name)
  (goops-error "Unbound slot `~S' in class ~S" name class))
(define-method (slot-unbound object)
  (goops-error "Unbound slot in object ~S" object))
(define-method (slot-missing (class <class>) object name)
  (goops-error "No slot with name `~S' in object ~S" name object))
(define-method (slot-missing (class <class>) name)
  (goops-error "No class slot with name `~S' in class ~S" name class))
(define-method (slot-missing (class <class>) object name value)
  (slot-missing class object name))

(%set-slot-failures!
 (lambda (object name) (slot-unbound (class-of object) object name)))

;;; Slots of objects.

(define (check-name name)
  (unless (symbol? name)
    (scm-error 'wrong-type-arg #f "Not a symbol: ~S" (list name) (list name))))

(define (slot-ref object name)
  "Return the value of the slot NAME of OBJECT."
  (let ((value (%slot-ref object name)))
    (if (eq? value *unbound*)
        (let* ((class (class-of object))
               (slot (class-slot-definition class name)))
          (if slot
              (let ((value ((slot-definition-slot-ref slot) object)))
                (if (eq? value *unbound*)
                    (slot-unbound class object name)
                    value))
              (begin
                (check-name name)
                (let ((value (slot-missing class object name)))
                  (if (eq? value *unbound*)
                      (slot-unbound class object name)
                      value)))))
        value)))

(define (slot-set! object name value)
  "Set the slot NAME of OBJECT to VALUE."
  (unless (%slot-set! object name value)
    (let* ((class (class-of object))
           (slot (class-slot-definition class name)))
      (if slot
          ((slot-definition-slot-set! slot) object value)
          (begin
            (check-name name)
            (slot-missing class object name value))))))

(define (slot-bound? object name)
  "Return true if the slot NAME of OBJECT has a value."
  (or (not (eq? (%slot-ref object name) *unbound*))
      (let* ((class (class-of object))
             (slot (class-slot-definition class name)))
        (not (eq? *unbound*
                  (if slot
                      ((slot-definition-slot-ref/raw slot) object)
                      (begin
                        (check-name name)
                        (slot-missing class object name))))))))

(define (slot-exists? object name)
  "Return true if OBJECT has a slot NAME."
  (check-name name)
  (and (class-slot-definition (class-of object) name) #t))

(define (class-slot class name)
  (let ((slot (class-slot-definition class name)))
    (and slot
         (memq (slot-definition-allocation slot) '(#:class #:each-subclass))
         slot)))

(define (class-slot-ref class name)
  "Return the value of the slot NAME that CLASS shares with its instances."
  (let ((slot (class-slot class name)))
    (if slot
        (let ((value ((slot-definition-slot-ref/raw slot) #f)))
          (if (eq? value *unbound*)
              (slot-unbound class name)
              value))
        (slot-missing class name))))

(define (class-slot-set! class name value)
  "Set the slot NAME that CLASS shares with its instances to VALUE."
  (let ((slot (class-slot class name)))
    (if slot
        ((slot-definition-slot-set! slot) #f value)
        (slot-missing class name))))

(define (slot-init-function class name)
  "Return the procedure that gives the slot NAME of CLASS its first value, or #f."
  (slot-definition-init-thunk (or (class-slot-definition class name)
                                  (slot-missing class name))))

;;; Methods are added to generic functions and to natives that they extend.

(define (add! gf method)
  (%add-method! gf method)
  (if #f #f))

(%add-method! add-method! (method ((gf <generic>) (m <method>)) (add! gf m)))
(%add-method! add-method!
              (method ((proc <procedure>) (m <method>))
                (if (generic-capability? proc)
                    (begin
                      (enable-primitive-generic! proc)
                      (add-method! (primitive-generic-generic proc) m))
                    (next-method))))
(%add-method! add-method!
              (method (gf (m <method>))
                (goops-error "~S is not a valid generic function" gf)))
(%add-method! add-method!
              (method (gf m)
                (goops-error "~S is not a valid method" m)))

;;; Making objects.

(define-method (allocate-instance (class <class>) initargs)
  (%allocate class))

(define-method (make-instance (class <class>) . initargs)
  (let ((instance (allocate-instance class initargs)))
    (initialize instance initargs)
    instance))

;; (make class initarg ...): a new instance.
(define make make-instance)

(define (check-initargs initargs)
  (let loop ((l initargs))
    (cond ((null? l))
          ((and (pair? l) (keyword? (car l)) (pair? (cdr l))) (loop (cddr l)))
          (else (scm-error 'wrong-type-arg #f "Invalid initargs: ~S"
                           (list initargs) #f)))))

(define (initialize-slots object initargs)
  "Give the slots of OBJECT their first values: those for their keywords in
INITARGS, else those of their definitions."
  (check-initargs initargs)
  (let loop ((slots (class-slots (class-of object))))
    (unless (null? slots)
      (let* ((slot (car slots))
             (key (slot-definition-init-keyword slot))
             (value (if key (initarg key initargs) *unbound*)))
        (cond ((not (eq? value *unbound*))
               (put! object slot value))
              ((slot-definition-init-thunk slot)
               => (lambda (thunk)
                    (unless (memq (slot-definition-allocation slot)
                                  '(#:class #:each-subclass))
                      (put! object slot (thunk))))))
        (loop (cdr slots))))))

(define (put! object slot value)
  (unless (%slot-set! object (slot-definition-name slot) value)
    ((slot-definition-slot-set! slot) object value)))

(define (initarg key initargs)
  (let loop ((l initargs))
    (cond ((null? l) *unbound*)
          ((eq? (car l) key) (cadr l))
          (else (loop (cddr l))))))

(define-method (initialize (object <object>) initargs)
  (unless (instance? object)
    (scm-error 'wrong-type-arg #f "Not an object: ~S" (list object) #f))
  (initialize-slots object initargs)
  object)

(define-method (initialize (object <applicable-struct>) initargs)
  (next-method)
  (let ((proc (get-keyword #:procedure initargs #f)))
    (when proc (slot-set! object 'procedure proc))))

(define-method (initialize (object <applicable-struct-with-setter>) initargs)
  (next-method)
  (slot-set! object 'setter (get-keyword #:setter initargs #f)))

(define-method (initialize (gf <generic>) initargs)
  (%prepare-generic! gf (get-keyword #:name initargs #f) '())
  (next-method)
  (let ((previous (get-keyword #:default initargs #f)))
    (when (procedure? previous)
      (%add-method! gf (method args (apply previous args))))))

(define-method (initialize (gf <extended-generic>) initargs)
  (next-method)
  (slot-set! gf 'extends (get-keyword #:extends initargs '()))
  (%invalidate! gf))

(define-method (initialize (m <method>) initargs)
  (next-method)
  (for-each (lambda (key name default)
              (slot-set! m name (get-keyword key initargs default)))
            '(#:generic-function #:specializers #:procedure #:formals #:body
              #:make-procedure)
            '(generic-function specializers procedure formals body make-procedure)
            '(#f () #f () () #f)))

(define-method (initialize (m <accessor-method>) initargs)
  (next-method)
  (slot-set! m 'slot-definition (get-keyword #:slot-definition initargs #f)))

(define-method (initialize (slot <slot>) initargs)
  (let ((init-thunk (get-keyword #:init-thunk initargs #f)))
    (unless (or (not init-thunk) (thunk? init-thunk))
      (goops-error "Bad init-thunk for slot `~S': ~S"
                   (get-keyword #:name initargs #f) init-thunk)))
  (let ((filled (%make-slot (class-of slot) initargs)))
    (for-each (lambda (i) (%slot-field-set! slot i (%instance-ref filled i)))
              '(0 1 2 3 4 5 6 7 8 9 13 14)))
  (for-each (lambda (extra)
              (let ((key (slot-definition-init-keyword extra)))
                (when (and key (memq key initargs))
                  (slot-set! slot (slot-definition-name extra)
                             (get-keyword key initargs)))))
            (class-direct-slots (class-of slot))))

;;; Generic functions.

(define* (make-generic #:optional name)
  "Return a new generic function."
  (make <generic> #:name name))

(define (setter-name name)
  (and name (symbol-append 'setter: name)))

(define* (make-accessor #:optional name)
  "Return a new generic function with a setter that is one, too."
  (make <accessor> #:name name
        #:setter (make <generic> #:name (setter-name name))))

(define* (ensure-generic old #:optional name)
  "Return OLD if methods can be added to it, else a generic function NAME with
OLD, if a procedure, as its default method."
  (cond ((is-a? old <generic>) old)
        ((procedure-with-setter? old)
         (make <generic-with-setter> #:name name
               #:default (procedure old) #:setter (setter old)))
        ((procedure? old)
         (if (generic-capability? old)
             old
             (make <generic> #:name name #:default old)))
        (else (make <generic> #:name name))))

(define* (ensure-accessor old #:optional name)
  "Return an accessor that does what OLD does, OLD itself if it is one."
  (cond ((and (is-a? old <accessor>) (is-a? (setter old) <generic>)) old)
        ((is-a? old <generic-with-setter>)
         (upgrade-generic old <accessor> (ensure-generic (setter old) (setter-name name))))
        ((is-a? old <generic>)
         (upgrade-generic old <accessor> (make <generic> #:name (setter-name name))))
        ((procedure-with-setter? old)
         (make <accessor> #:name name #:default (procedure old)
               #:setter (ensure-generic (setter old) (setter-name name))))
        ((procedure? old)
         (make <accessor> #:name name #:default old
               #:setter (make <generic> #:name (setter-name name))))
        (else (make-accessor name))))

(define (upgrade-generic old class setter)
  (let ((new (make class #:name (generic-function-name old) #:setter setter)))
    (for-each (lambda (m) (%add-method! new m)) (reverse (generic-function-methods old)))
    new))

(define* (make-extended-generic gfs #:optional name)
  "Return a generic function NAME that also has the methods of GFS, one or a
list of generic functions."
  (let* ((gfs (if (list? gfs) gfs (list gfs)))
         (with-setters (filter procedure-with-setter? gfs))
         (new (if (null? with-setters)
                  (make <extended-generic> #:name name #:extends gfs)
                  (make <extended-generic-with-setter> #:name name #:extends gfs
                        #:setter (make-extended-generic
                                  (map (lambda (gf) (ensure-generic (setter gf)))
                                       with-setters)
                                  (setter-name name))))))
    (for-each (lambda (gf)
                (slot-set! gf 'extended-by (cons new (slot-ref gf 'extended-by))))
              gfs)
    (%invalidate! new)
    new))

;;; Classes.

(define-method (compute-cpl (class <class>))
  (compute-std-cpl class class-direct-supers))

(define-method (compute-slots (class <class>))
  (build-slots-list (class-direct-slots class) (class-precedence-list class)))

(define-method (compute-direct-slot-definition-initargs (class <class>) spec)
  (let ((spec (if (pair? spec) spec (list spec))))
    (cons* #:name (car spec)
           (let ((options (cdr spec)))
             (check-initargs options)
             (if (and (not (get-keyword #:init-thunk options #f))
                      (memq #:init-value options))
                 (let ((value (get-keyword #:init-value options)))
                   (cons* #:init-thunk (lambda () value) options))
                 options)))))

(define-method (compute-direct-slot-definition (class <class>) initargs)
  (apply make (get-keyword #:class initargs <slot>) initargs))

(define-method (compute-effective-slot-definition (class <class>) slot)
  (%copy-instance slot))

(define-method (compute-get-n-set (class <class>) slot)
  (let ((name (slot-definition-name slot))
        (thunk (slot-definition-init-thunk slot)))
    (define (shared)
      (let ((value (if thunk (thunk) (slot-definition-init-value slot))))
        (list (lambda (object) value)
              (lambda (object new) (set! value new)))))
    (case (slot-definition-allocation slot)
      ((#:instance)
       (let ((index (%nfields class)))
         (%set-class-field! class 7 (+ index 1))
         index))
      ((#:class)
       (let ((inherited
              (and (not (any (lambda (s) (eq? (slot-definition-name s) name))
                             (class-direct-slots class)))
                   (any (lambda (c) (class-slot-definition c name))
                        (cdr (class-precedence-list class))))))
         (if inherited
             (list (slot-definition-slot-ref inherited)
                   (slot-definition-slot-set! inherited))
             (shared))))
      ((#:each-subclass) (shared))
      ((#:virtual)
       (let ((get (get-keyword #:slot-ref (slot-definition-options slot) #f))
             (set (get-keyword #:slot-set! (slot-definition-options slot) #f)))
         (unless (and get set)
           (goops-error "You must supply a #:slot-ref and a #:slot-set! in ~S" slot))
         (list get set)))
      (else (next-method)))))

(define-method (compute-get-n-set (o <object>) slot)
  (goops-error "Allocation \"~S\" is unknown" (slot-definition-allocation slot)))

;; Makes the effective definition of a slot know how to get at it.
(define (place-slot! class slot)
  (let ((place (compute-get-n-set class slot)))
    (if (integer? place)
        (call-with-values
            (lambda () (instance-accessors (slot-definition-name slot) place))
          (lambda (raw get set)
            (set-accessors! slot raw get (foreign-setter slot raw set) place)))
        (let ((get (car place)))
          (set-accessors! slot get
                          (lambda (object)
                            (let ((value (get object)))
                              (if (eq? value *unbound*)
                                  (slot-unbound (class-of object) object
                                                (slot-definition-name slot))
                                  value)))
                          (cadr place) #f)))
    slot))

(define (set-accessors! slot raw get set index)
  (for-each (lambda (field value) (%slot-field-set! slot field value))
            '(10 11 12 13) (list raw get set index)))

;; Foreign slots hold words of the machine; read-only ones are set once.
(define (foreign-setter slot raw set)
  (cond ((is-a? slot <read-only-slot>)
         (lambda (object value)
           (if (memq (raw object) (list *unbound* 0))
               (set object value)
               (goops-error "Slot is read-only: ~S" (slot-definition-name slot)))))
        ((and (is-a? slot <foreign-slot>) (not (is-a? slot <protected-slot>)))
         (lambda (object value)
           (unless (and (exact-integer? value) (<= 0 value (- (ash 1 64) 1)))
             (scm-error 'out-of-range "slot-set!" "Value out of range for a foreign slot: ~S"
                        (list value) (list value)))
           (set object value)))
        (else set)))

(define (foreign-default! object slots)
  (for-each (lambda (slot)
              (when (and (is-a? slot <foreign-slot>) (not (is-a? slot <protected-slot>)))
                (%instance-set! object (slot-definition-index slot) 0)))
            slots))

(define-method (allocate-instance (class <class>) initargs)
  (let ((object (%allocate class)))
    (unless (null? (foreign-slots class))
      (foreign-default! object (foreign-slots class)))
    object))

(define (foreign-slots class)
  (or (hashq-ref %foreign-slots class) '()))
(define %foreign-slots (make-weak-key-hash-table))

(define (class-traits class)
  (let ((cpl (class-precedence-list class)))
    (append (if (memq <class> cpl) '(metaclass) '())
            (if (memq <applicable-struct> cpl) '(applicable) '())
            (if (is-a? class <redefinable-class>) '(redefinable) '()))))

(define-method (initialize (class <class>) initargs)
  (define (direct-slot spec)
    (if (is-a? spec <slot>)
        spec
        (compute-direct-slot-definition
         class (compute-direct-slot-definition-initargs class spec))))
  (for-each (lambda (field value) (%set-class-field! class field value))
            '(0 1 2 3 4 6 7 8)
            (list (get-keyword #:name initargs '???)
                  (get-keyword #:dsupers initargs '())
                  '() '() '() '() 0 *unbound*))
  (%set-class-field! class 5 (list class))
  (%finish-class! class '())
  (%set-class-field! class 5 (compute-cpl class))
  (when (get-keyword #:static-slot-allocation? initargs #f)
    (when (any %static? (cdr (class-precedence-list class)))
      (scm-error 'misc-error #f
                 "Class has superclasses with static slot allocation: ~S"
                 (list class) #f))
    (%static! class))
  (%set-class-field! class 2 (map direct-slot (get-keyword #:slots initargs '())))
  (%set-class-field! class 6
                     (map (lambda (slot)
                            (place-slot! class (compute-effective-slot-definition class slot)))
                          (compute-slots class)))
  (let ((foreign (filter (lambda (slot)
                           (and (is-a? slot <foreign-slot>) (slot-definition-index slot)))
                         (class-slots class))))
    (unless (null? foreign) (hashq-set! %foreign-slots class foreign)))
  (%finish-class! class (class-traits class))
  (initialize-slots class initargs)
  (%link-class! class)
  (compute-slot-accessors class (class-slots class)))

(define-method (compute-slot-accessors (class <class>) slots)
  (for-each
   (lambda (slot)
     (let ((getter (slot-definition-getter slot))
           (setter* (slot-definition-setter slot))
           (accessor (slot-definition-accessor slot)))
       (when getter
         (add-method! getter (compute-getter-method class slot)))
       (when setter*
         (add-method! setter* (compute-setter-method class slot)))
       (when accessor
         (add-method! accessor (compute-getter-method class slot))
         (add-method! (setter accessor) (compute-setter-method class slot)))))
   slots))

(define (accessor-method specializers procedure slot)
  (let ((m (%make-method <accessor-method> specializers '() procedure #f)))
    (slot-set! m 'slot-definition slot)
    m))

;; Objects of classes that can be redefined may be of an old definition.
(define (getter-of class slot)
  (if (is-a? class <redefinable-class>)
      (let ((name (slot-definition-name slot)))
        (lambda (object) (slot-ref object name)))
      (slot-definition-slot-ref slot)))

(define (setter-of class slot)
  (if (is-a? class <redefinable-class>)
      (let ((name (slot-definition-name slot)))
        (lambda (object value) (slot-set! object name value)))
      (slot-definition-slot-set! slot)))

(define-method (compute-getter-method (class <class>) slot)
  (accessor-method (list class) (getter-of class slot) slot))

(define-method (compute-setter-method (class <class>) slot)
  (accessor-method (list class <top>) (setter-of class slot) slot))

(define (make-class supers slots . options)
  "Return a new class that inherits from the list SUPERS and has SLOTS, a list
of names and of lists of a name and options."
  (let* ((name (get-keyword #:name options '???))
         (supers (if (any (lambda (c) (memq <object> (class-precedence-list c))) supers)
                     supers
                     (append supers (list <object>))))
         (metaclass (or (get-keyword #:metaclass options #f)
                        (ensure-metaclass supers))))
    (let loop ((names (map (lambda (s) (if (pair? s) (car s) s)) slots)))
      (unless (null? names)
        (when (memq (car names) (cdr names))
          (goops-error "Slot ~S is defined twice in class ~S" (car names) name))
        (loop (cdr names))))
    (apply make metaclass #:dsupers supers #:slots slots #:name name options)))

(define (ensure-metaclass supers)
  "Return a metaclass for a class that inherits from SUPERS: one that inherits
from the metaclasses of them all."
  (if (null? supers)
      <class>
      (ensure-metaclass-with-supers
       (let loop ((metas (map class-of supers)) (out '()))
         (cond ((null? metas) (reverse out))
               ((any (lambda (m) (and (not (eq? m (car metas)))
                                      (%subclass? m (car metas))))
                     (append out (cdr metas)))
                (loop (cdr metas) out))
               ((memq (car metas) out) (loop (cdr metas) out))
               (else (loop (cdr metas) (cons (car metas) out))))))))

(define %metaclasses '())

(define (ensure-metaclass-with-supers metas)
  "Return a class that inherits from all of METAS, the same one each time."
  (cond ((null? metas) <class>)
        ((null? (cdr metas)) (car metas))
        ((assoc metas %metaclasses) => cdr)
        (else
         (let ((new (make-class metas '() #:name (gensym "metaclass"))))
           (set! %metaclasses (acons metas new %metaclasses))
           new))))

;;; Calls: the protocol behind generic functions that are not standard.

(define-method (compute-applicable-methods (gf <generic>) args)
  (%compute-applicable-methods gf args))

(define-method (sort-applicable-methods (gf <generic>) methods args)
  (%sort-applicable-methods methods (map class-of args)))

(define-method (method-more-specific? (m1 <method>) (m2 <method>) classes)
  (%method-more-specific? m1 m2 classes))

(define-method (compute-effective-method (gf <generic>) methods classes)
  (%method-chain gf methods))

(define-method (apply-generic (gf <generic>) args)
  (let ((methods (compute-applicable-methods gf args)))
    (cond (methods (apply-methods gf (sort-applicable-methods gf methods args) args))
          ((null? (generic-function-methods gf)) (no-method gf args))
          (else (no-applicable-method gf args)))))

(define-method (apply-methods (gf <generic>) (methods <list>) args)
  (apply (%method-chain gf methods) args))

(define-method (apply-method (gf <generic>) methods build-next args)
  (apply (%method-chain gf (list (car methods))) args))

(define basic (list <generic> <accessor> <generic-with-setter> <extended-generic>
                    <extended-generic-with-setter> <extended-accessor>))

(%set-decisions!
 (lambda (gf args)
   (if (memq (class-of gf) basic)
       (%compute-applicable-methods gf args)
       (let ((methods (compute-applicable-methods gf args)))
         (and methods (pair? methods) (sort-applicable-methods gf methods args)))))
 (lambda (gf methods args)
   (if (memq (class-of gf) basic)
       (%method-chain gf methods)
       (compute-effective-method gf methods (list->vector (map class-of args))))))

(define-method (class-redefinition (old <top>) (new <class>))
  new)

(define (redefine name class)
  (let ((old (%bound-here name)))
    (%define-here name (if old (class-redefinition old class) class))))

(%set-binders! ensure-generic ensure-accessor add-method! make-class redefine
               make-extended-generic)
