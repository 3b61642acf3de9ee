;;; The classes of GOOPS and of the values of the language.

(define-module (oop goops classes)
  #:use-module (oop goops kernel)
  #:export (<foreign-slot> <protected-slot> <hidden-slot> <opaque-slot>
            <read-only-slot> <protected-opaque-slot> <protected-hidden-slot>
            <protected-read-only-slot> <scm-slot>
            <procedure-class> <applicable-struct-class>
            <applicable-struct-with-setter-class> <redefinable-class>
            <applicable> <applicable-struct> <applicable-struct-with-setter>
            <generic> <extended-generic> <generic-with-setter> <accessor>
            <extended-generic-with-setter> <extended-accessor>
            <method> <accessor-method>
            <procedure> <primitive-generic>
            <boolean> <char> <list> <pair> <null> <string> <symbol> <vector>
            <bytevector> <uvec> <foreign> <hashtable> <fluid> <dynamic-state>
            <frame> <vm> <vm-continuation> <keyword> <syntax> <atomic-box>
            <number> <complex> <real> <integer> <fraction> <unknown>
            <promise> <thread> <mutex> <condition-variable> <regexp> <hook>
            <bitvector> <random-state> <directory> <array> <character-set>
            <dynamic-object> <guardian> <macro> <module>
            <port> <input-port> <output-port> <input-output-port>
            <file-port> <file-input-port> <file-output-port>
            <file-input-output-port>))

(define-syntax define-classes
  (syntax-rules ()
    ((_ (name (super ...) slot ...) ...)
     (begin (define name (%boot-class 'name (list super ...) '(slot ...))) ...))))

(define-classes
  (<foreign-slot> (<slot>))
  (<protected-slot> (<foreign-slot>))
  (<hidden-slot> (<foreign-slot>))
  (<opaque-slot> (<foreign-slot>))
  (<read-only-slot> (<foreign-slot>))
  (<protected-opaque-slot> (<protected-slot> <opaque-slot>))
  (<protected-hidden-slot> (<protected-slot> <hidden-slot>))
  (<protected-read-only-slot> (<protected-slot> <read-only-slot>))
  (<scm-slot> (<protected-slot>))
  (<applicable> (<top>))
  (<method> (<object>)
            generic-function specializers procedure formals body make-procedure)
  (<accessor-method> (<method>) slot-definition)
  (<boolean> (<top>)) (<char> (<top>)) (<list> (<top>)) (<pair> (<list>))
  (<null> (<list>)) (<string> (<top>)) (<symbol> (<top>)) (<vector> (<top>))
  (<bytevector> (<top>)) (<uvec> (<bytevector>)) (<foreign> (<top>))
  (<hashtable> (<top>)) (<fluid> (<top>)) (<dynamic-state> (<top>))
  (<frame> (<top>)) (<vm> (<top>)) (<vm-continuation> (<top>))
  (<array> (<top>)) (<bitvector> (<top>)) (<keyword> (<top>)) (<syntax> (<top>))
  (<atomic-box> (<top>)) (<unknown> (<top>))
  (<number> (<top>)) (<complex> (<number>)) (<real> (<complex>))
  (<integer> (<real>)) (<fraction> (<real>))
  (<promise> (<top>)) (<regexp> (<top>)) (<random-state> (<top>))
  (<directory> (<top>)) (<character-set> (<top>)) (<dynamic-object> (<top>))
  (<macro> (<top>)) (<module> (<top>))
  (<port> (<top>)) (<input-port> (<port>)) (<output-port> (<port>))
  (<input-output-port> (<input-port> <output-port>))
  (<file-port> (<port>))
  (<file-input-port> (<file-port> <input-port>))
  (<file-output-port> (<file-port> <output-port>))
  (<file-input-output-port> (<file-port> <input-output-port>)))

(define-syntax define-metaclasses
  (syntax-rules ()
    ((_ (name (super ...)) ...)
     (begin
       (define name
         (%boot-class 'name (list super ...) '() <class> '(metaclass))) ...))))

(define-metaclasses
  (<procedure-class> (<class>))
  (<applicable-struct-class> (<procedure-class>))
  (<applicable-struct-with-setter-class> (<applicable-struct-class>))
  (<redefinable-class> (<class>)))

(define <procedure>
  (%boot-class '<procedure> (list <applicable>) '() <procedure-class>))
(define <primitive-generic>
  (%boot-class '<primitive-generic> (list <procedure>) '() <procedure-class>))

(define-syntax define-applicable-classes
  (syntax-rules ()
    ((_ meta (name (super ...) slot ...) ...)
     (begin
       (define name
         (%boot-class 'name (list super ...) '(slot ...) meta '(applicable))) ...
       (%static! name) ...))))

(define-applicable-classes <applicable-struct-class>
  (<applicable-struct> (<object> <applicable>) procedure)
  (<generic> (<applicable-struct>) methods n-specialized extended-by name)
  (<extended-generic> (<generic>) extends))
(define-applicable-classes <applicable-struct-with-setter-class>
  (<applicable-struct-with-setter> (<applicable-struct>) setter)
  (<generic-with-setter> (<generic> <applicable-struct-with-setter>))
  (<accessor> (<generic-with-setter>))
  (<extended-generic-with-setter> (<extended-generic> <generic-with-setter>))
  (<extended-accessor> (<accessor> <extended-generic-with-setter>)))

;; Types that are records here.
(define <hook> (class-of (make-hook)))

;; Types whose values the machine or a library may add.
(define-classes
  (<thread> (<top>)) (<mutex> (<top>)) (<condition-variable> (<top>))
  (<guardian> (<top>)))
