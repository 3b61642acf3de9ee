;;; The object system's ground: classes, slots, the classes of all values.
;;;
;;; Commentary:
;;; A class is a record type that is itself an object: an instance of its
;;; metaclass with the slots below.  A slot is described by an instance of
;;; <slot>; those in (class-slots c) know how to read and write the slot.
;;; Nothing here calls generic functions: they are built on top, in
;;; (oop goops dispatch) and (oop goops protocol).
;;; Code:

(define-module (oop goops kernel)
  #:use-module (fruix native objects)
  #:use-module ((srfi srfi-1) #:select (remove delete-duplicates))
  #:re-export (instance? %class? %subclass? %slot-ref %slot-set! %instance-ref %instance-set!
               %allocate %copy-instance %become! %outdated %swap-classes!)
  #:export (*unbound* unbound? goops-error
            class-of is-a? class? class-name class-direct-supers class-direct-slots
            class-direct-subclasses class-direct-methods class-precedence-list
            class-slots class-redefined %nfields
            %set-class-field! %set-type-field! %class-fields
            %static! %static?
            compute-std-cpl build-slots-list %finish-class! %link-class!
            slot? slot-definition-name slot-definition-allocation
            slot-definition-init-keyword slot-definition-init-form
            slot-definition-init-value slot-definition-init-thunk
            slot-definition-options slot-definition-getter slot-definition-setter
            slot-definition-accessor slot-definition-slot-ref/raw
            slot-definition-slot-ref slot-definition-slot-set! slot-definition-index
            %slot-field-set! %make-slot instance-accessors
            class-slot-definition get-keyword
            <class> <top> <object> <slot>
            %boot-class %set-migration! %set-slot-failures!))

(define *unbound* (%unbound))

(define (unbound? x)
  "Return true if X marks a slot that has no value."
  (eq? x *unbound*))

(define (goops-error message . arguments)
  "Raise the error of the object system: MESSAGE, a format string, with
ARGUMENTS."
  (scm-error 'goops-error #f message arguments '()))

;; The slots of classes, in the order of their places.
(define %class-fields
  '(name direct-supers direct-slots direct-subclasses direct-methods cpl slots
    nfields redefined))

(define <class> (%make-type '<class> #f 9))
(%set-meta! <class> <class>)
(define <top> (%make-type '<top> <class> 9))
(define <object> (%make-type '<object> <class> 9))
(define <slot> (%make-type '<slot> <class> 9))

(define (%set-class-field! class index value)
  "Set the slot of CLASS at place INDEX of %class-fields to VALUE."
  (%instance-set! class index value))

;; Parts of a class.  A record type becomes a class when it is first asked.
(define (%class-field class index)
  (unless (%class? class)
    (if (struct-vtable? class)
        (%adopt-type! class)
        (scm-error 'wrong-type-arg #f "Not a class: ~S" (list class) (list class))))
  (if (%own-class? class)
      (%instance-ref class index)
      (vector-ref (hashq-ref %adopted class) index)))

(define (class-name class)
  "Return the name of CLASS, a symbol."
  (%class-field class 0))
(define (class-direct-supers class)
  "Return the list of classes that CLASS directly inherits from."
  (%class-field class 1))
(define (class-direct-slots class)
  "Return the definitions of the slots that CLASS itself defines."
  (%class-field class 2))
(define (class-direct-subclasses class)
  "Return the list of classes that directly inherit from CLASS."
  (%class-field class 3))
(define (class-direct-methods class)
  "Return the list of methods that have CLASS among their specializers."
  (%class-field class 4))
(define (class-precedence-list class)
  "Return CLASS and all classes that it inherits from, most specific first."
  (%class-field class 5))
(define (class-slots class)
  "Return the definitions of all slots of CLASS's instances."
  (%class-field class 6))
(define (%nfields class) (%class-field class 7))
(define (class-redefined class)
  "Return what CLASS was redefined to, or #f."
  (let ((new (%class-field class 8)))
    (and (not (unbound? new)) new)))

(define (class? x)
  "Return true if X is a class."
  (%class? x))

;;; Record types as classes.

;; What types that GOOPS did not make would hold in their slots as classes.
(define %adopted (make-weak-key-hash-table))

(define (%adopt-type! type)
  (let* ((parent (and (record-type-descriptor? type) (record-type-parent type)))
         (supers (cond (parent (list parent))
                       ((%applicable-type? type) (list (%builtin '<applicable>)))
                       (else (list <top>))))
         (fields (vector (%type-name type) supers '() '() '() '() '() 0 #f)))
    (hashq-set! %adopted type fields)
    (let ((cpl (cons type (class-precedence-list (car supers)))))
      (vector-set! fields 5 cpl)
      (%adopt! type (make-vector 9 #f) cpl))
    (%add-subclass! (car supers) type)))

(define (%applicable-type? type)
  (and (procedure? procedure-with-setter?)
       (eq? type (struct-vtable (make-procedure-with-setter car set-car!)))))

(define (%set-type-field! class index value)
  (if (%own-class? class)
      (%instance-set! class index value)
      (vector-set! (hashq-ref %adopted class) index value)))

(define (%add-subclass! super class)
  (%set-type-field! super 3 (cons class (class-direct-subclasses super))))

;;; The class of a value.

(define %builtins (make-hash-table))

(define (%builtin name)
  (hashq-ref %builtins name))

(define %migrate #f)

(define (%set-migration! proc)
  "Have PROC called with an object whose class was redefined and that class."
  (set! %migrate proc))

(define (class-of x)
  "Return the class of X, any value."
  (or (%class-of x) (%find-class x)))

(define (%find-class x)
  (cond ((%outdated x)
         => (lambda (class)
              (%migrate x class)
              (class-of x)))
        ((struct? x)
         (let ((type (struct-vtable x)))
           (cond ((and (struct-vtable? x) (not (%class? type))) <class>)
                 (else (unless (%class? type) (%adopt-type! type))
                       type))))
        (else
         (let ((name (%class-name-of x)))
           (or (%builtin name)
               (%boot-class name (list <top>) '()))))))

(define (is-a? x class)
  "Return true if X is an instance of CLASS or of a class that inherits from it."
  (%subclass? (class-of x) class))

;;; Precedence lists (Barrett et al., \"A Monotonic Superclass Linearization
;;; for Dylan\", OOPSLA 1996).

(define (compute-std-cpl class get-direct-supers)
  "Return the precedence list of CLASS by C3, GET-DIRECT-SUPERS giving the
classes that a class inherits from."
  (define (in-a-tail? c lists)
    (or-map (lambda (l) (memq c (cdr l))) lists))
  (define (merge lists)
    (let ((lists (filter pair? lists)))
      (if (null? lists)
          '()
          (let loop ((candidates lists))
            (cond ((null? candidates)
                   (goops-error "Inconsistent precedence graph of ~S" class))
                  ((in-a-tail? (caar candidates) lists)
                   (loop (cdr candidates)))
                  (else
                   (let ((next (caar candidates)))
                     (cons next
                           (merge (map (lambda (l)
                                         (if (eq? (car l) next) (cdr l) l))
                                       lists))))))))))
  (let ((supers (get-direct-supers class)))
    (cons class
          (merge (append (map (lambda (c) (compute-std-cpl c get-direct-supers)) supers)
                         (list supers))))))

;;; Slots.

(define %slot-fields
  '(name allocation init-keyword init-form init-value init-thunk options getter
    setter accessor slot-ref/raw slot-ref slot-set! index size))

(define (%slot-field-set! slot index value) (%instance-set! slot index value))

(define-syntax define-slot-readers
  (syntax-rules ()
    ((_ (name index doc) ...)
     (begin (define (name slot) doc (%instance-ref slot index)) ...))))

(define-slot-readers
  (slot-definition-name 0 "Return the name of a slot.")
  (slot-definition-allocation 1 "Return where the slot lies: #:instance, #:class or another keyword.")
  (slot-definition-init-keyword 2 "Return the keyword that initializes the slot, or #f.")
  (slot-definition-init-form 3 "Return the source of the form that initializes the slot.")
  (slot-definition-init-value 4 "Return the value that initializes the slot.")
  (slot-definition-init-thunk 5 "Return the procedure whose value initializes the slot, or #f.")
  (slot-definition-options 6 "Return all options of the slot as a list of keywords and values.")
  (slot-definition-getter 7 "Return the getter that the slot's definition asks for, or #f.")
  (slot-definition-setter 8 "Return the setter that the slot's definition asks for, or #f.")
  (slot-definition-accessor 9 "Return the accessor that the slot's definition asks for, or #f.")
  (slot-definition-slot-ref/raw 10 "Return the procedure that reads the slot without a check.")
  (slot-definition-slot-ref 11 "Return the procedure that reads the slot.")
  (slot-definition-slot-set! 12 "Return the procedure that writes the slot.")
  (slot-definition-index 13 "Return the place of the slot in its object, or #f."))

(define (slot? x)
  "Return true if X is the definition of a slot."
  (is-a? x <slot>))

(define (get-keyword key args . default)
  "Return what follows the keyword KEY in ARGS, a list of keywords and values,
or the third argument."
  (let loop ((l args))
    (cond ((and (pair? l) (pair? (cdr l)))
           (if (eq? (car l) key) (cadr l) (loop (cddr l))))
          ((null? l) (if (pair? default) (car default) #f))
          (else (scm-error 'wrong-type-arg "get-keyword"
                           "Invalid keyword list: ~S" (list args) (list args))))))

(define (%make-slot class options)
  "Return an instance of CLASS, <slot> or a class that inherits from it, with
the values that the keyword list OPTIONS gives."
  (let ((slot (%allocate class)))
    (for-each (lambda (field value) (%instance-set! slot field value))
              '(0 1 2 3 4 5 6 7 8 9 13 14)
              (list (get-keyword #:name options #f)
                    (get-keyword #:allocation options #:instance)
                    (get-keyword #:init-keyword options #f)
                    (get-keyword #:init-form options '(unbound))
                    (get-keyword #:init-value options *unbound*)
                    (get-keyword #:init-thunk options #f)
                    options
                    (get-keyword #:getter options #f)
                    (get-keyword #:setter options #f)
                    (get-keyword #:accessor options #f)
                    #f 0))
    slot))

(define %unbound-slot #f)

(define (%set-slot-failures! unbound)
  "Have UNBOUND called with an object and the name of a slot of it that is read
but has no value."
  (set! %unbound-slot unbound))

(define (instance-accessors name index)
  "Return three procedures for the slot NAME at place INDEX of an object: one
that reads it without a check, one that reads it, one that writes it."
  (values (lambda (object) (%instance-ref object index))
          (lambda (object)
            (let ((value (%instance-ref object index)))
              (if (eq? value *unbound*)
                  (%unbound-slot object name)
                  value)))
          (lambda (object value) (%instance-set! object index value))))

(define (class-slot-definition class name)
  "Return the definition of the slot NAME of CLASS's instances, or #f."
  (let loop ((slots (class-slots class)))
    (cond ((null? slots) #f)
          ((eq? (slot-definition-name (car slots)) name) (car slots))
          (else (loop (cdr slots))))))

;; Classes whose slots lie at the same place in all that inherit from them.
(define %static-classes (make-weak-key-hash-table))

(define (%static! class)
  "Keep the slots of CLASS at their places in all classes that inherit from it."
  (hashq-set! %static-classes class #t))

(define (%static? class)
  "Return true if the slots of CLASS keep their places."
  (hashq-ref %static-classes class))

(define (%check-static class-name direct-slots supers)
  (let ((static (filter (lambda (c) (and (%static? c) (pair? (class-slots c))))
                        (delete-duplicates supers eq?))))
    (for-each (lambda (slot)
                (when (or-map (lambda (c)
                                (class-slot-definition c (slot-definition-name slot)))
                              static)
                  (scm-error 'misc-error #f
                             "A slot of a class with static slot allocation cannot be redefined: ~S"
                             (list (slot-definition-name slot)) #f)))
              direct-slots)
    (let loop ((classes static))
      (unless (null? classes)
        (for-each (lambda (c)
                    (unless (or (memq c (class-precedence-list (car classes)))
                                (memq (car classes) (class-precedence-list c)))
                      (scm-error 'misc-error #f
                                 "Class has several superclasses with static slot allocation: ~S"
                                 (list (car classes) c) #f)))
                  (cdr classes))
        (loop (cdr classes))))))

(define (build-slots-list direct-slots cpl)
  "Return the slots of a class that defines DIRECT-SLOTS and has the precedence
list CPL: for each name the most specific definition, those of general classes
first, and those that keep their places before all."
  (%check-static (car cpl) direct-slots (cdr cpl))
  (let ((static (filter %static? (cdr cpl)))
        (rest (remove %static? (cdr cpl))))
    (%merge-slots (cons direct-slots
                        (map class-direct-slots (append rest static))))))

;; LISTS of slots, those of the most specific class first.
(define (%merge-slots lists)
  (let loop ((lists lists) (out '()))
    (if (null? lists)
        out
        (let inner ((slots (reverse (car lists))) (out out))
          (cond ((null? slots) (loop (cdr lists) out))
                ((or-map (lambda (s) (eq? (slot-definition-name s)
                                          (slot-definition-name (car slots))))
                         out)
                 (inner (cdr slots) out))
                (else (inner (cdr slots) (cons (car slots) out))))))))

(define (%finish-class! class traits)
  "Tell the machine about CLASS, whose slots are all set.  TRAITS are the
symbols metaclass, applicable and redefinable as they hold."
  (%set-class! class (class-precedence-list* class)
               (let loop ((slots (%instance-ref class 6)))
                 (cond ((null? slots) '())
                       ((slot-definition-index (car slots))
                        => (lambda (i)
                             (if (slot-definition-ordinary? (car slots))
                                 (acons (slot-definition-name (car slots)) i
                                        (loop (cdr slots)))
                                 (loop (cdr slots)))))
                       (else (loop (cdr slots)))))
               (%instance-ref class 7)
               traits)
  (%set-type-name! class (%instance-ref class 0)))

(define (class-precedence-list* class) (%instance-ref class 5))

;; Foreign slots convert what is written to them.
(define (slot-definition-ordinary? slot)
  (or (not (%builtin '<foreign-slot>))
      (not (is-a? slot (%builtin '<foreign-slot>)))
      (is-a? slot (%builtin '<protected-slot>))))

(define (%link-class! class)
  "Enter CLASS into the lists of subclasses of those it inherits from."
  (for-each (lambda (super) (%add-subclass! super class))
            (%instance-ref class 1)))

;;; Making the first classes.

(define (%boot-fields! class name supers direct-slots slots n traits)
  (for-each (lambda (i value) (%instance-set! class i value))
            '(0 1 2 3 4 6 7 8)
            (list name supers direct-slots '() '() slots n *unbound*))
  (%instance-set! class 5
                  (compute-std-cpl class (lambda (c) (%instance-ref c 1))))
  (%finish-class! class traits))

;; Supers, slots and traits of the classes that need one another: enough to
;; make definitions of slots, and then these.
(%instance-set! <slot> 0 '<slot>)
(%set-class! <slot> (list <slot> <object> <top>) '() 15 '())
(%set-class! <class> (list <class> <object> <top>) '() 9 '(metaclass))

(define (%direct names)
  (map (lambda (name) (%make-slot <slot> (list #:name name))) names))

(define (%effective slots)
  (let loop ((slots slots) (i 0))
    (if (null? slots)
        '()
        (let ((slot (%copy-instance (car slots)))
              (name (slot-definition-name (car slots))))
          (call-with-values (lambda () (instance-accessors name i))
            (lambda (raw get set)
              (%instance-set! slot 10 raw)
              (%instance-set! slot 11 get)
              (%instance-set! slot 12 set)
              (%instance-set! slot 13 i)
              (%instance-set! slot 14 1)))
          (cons slot (loop (cdr slots) (+ i 1)))))))

(define (%boot-standard! class name supers names traits)
  (let* ((direct (%direct names)) (slots (%effective direct)))
    (%boot-fields! class name supers direct slots (length slots) traits)
    (hashq-set! %builtins name class)
    (for-each (lambda (super) (%add-subclass! super class)) supers)))

(%boot-standard! <top> '<top> '() '() '())
(%boot-standard! <object> '<object> (list <top>) '() '())
(%boot-standard! <class> '<class> (list <object>) %class-fields '(metaclass))
(%boot-standard! <slot> '<slot> (list <object>) %slot-fields '())
(%static! <class>)
(%static! <slot>)

(define* (%boot-class name supers names #:optional (meta <class>) (traits '()))
  "Return a new class NAME of the metaclass META that inherits from SUPERS and
has slots of the names NAMES: what making a class does before there are generic
functions.  It is also the class of the values that the machine calls NAME."
  (let ((class (%make-type name meta (length %class-fields))))
    (%instance-set! class 1 supers)
    (let* ((direct (%direct names))
           (cpl (compute-std-cpl class (lambda (c) (class-supers* c))))
           (slots (%effective (build-slots-list direct cpl))))
      (for-each (lambda (i value) (%instance-set! class i value))
                '(0 2 3 4 5 6 7 8)
                (list name direct '() '() cpl slots (length slots) *unbound*))
      (%finish-class! class traits))
    (hashq-set! %builtins name class)
    (%register-class! name class)
    (%link-class! class)
    class))

(define (class-supers* class)
  (if (%class? class) (class-direct-supers class) (%instance-ref class 1)))
