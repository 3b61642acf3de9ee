;;; GOOPS: classes with multiple inheritance, generic functions that dispatch
;;; on all of their arguments, and a protocol of their making that programs
;;; extend.
;;;
;;; Commentary:
;;; The pieces are (oop goops kernel), classes and slots; (oop goops classes),
;;; the classes of all values; (oop goops dispatch), generic functions;
;;; (oop goops syntax); (oop goops protocol), how objects come to be;
;;; (oop goops change), redefinition; and (oop goops write).
;;; Code:

(define-module (oop goops)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (oop goops dispatch)
  #:use-module (oop goops syntax)
  #:use-module (oop goops protocol)
  #:use-module (oop goops change)
  #:use-module (oop goops write)
  #:re-export
  ( ;; syntax
   define-class class standard-define-class define-generic define-accessor
   define-method define-method* define-extended-generic
   define-extended-generics method method*
   ;; classes
   <top> <class> <object> <slot> <foreign-slot> <protected-slot> <hidden-slot>
   <opaque-slot> <read-only-slot> <protected-opaque-slot>
   <protected-hidden-slot> <protected-read-only-slot> <scm-slot>
   <redefinable-class> <method> <accessor-method> <procedure-class> <applicable>
   <procedure> <primitive-generic> <applicable-struct-class>
   <applicable-struct-with-setter-class> <applicable-struct>
   <applicable-struct-with-setter> <generic> <extended-generic>
   <generic-with-setter> <extended-generic-with-setter> <accessor>
   <extended-accessor> <boolean> <char> <list> <pair> <null> <string> <symbol>
   <vector> <bytevector> <uvec> <foreign> <hashtable> <fluid> <dynamic-state>
   <frame> <vm> <vm-continuation> <keyword> <syntax> <atomic-box> <number>
   <complex> <real> <integer> <fraction> <unknown> <promise> <thread> <mutex>
   <condition-variable> <regexp> <hook> <bitvector> <random-state> <directory>
   <array> <character-set> <dynamic-object> <guardian> <macro> <module> <port>
   <input-port> <output-port> <input-output-port> <file-port>
   <file-input-port> <file-output-port> <file-input-output-port>
   ;; procedures
   is-a? class-of ensure-metaclass ensure-metaclass-with-supers make-class
   make-generic ensure-generic make-extended-generic make-accessor
   ensure-accessor add-method! class-slot-ref class-slot-set! slot-unbound
   slot-missing slot-definition-name slot-definition-options
   slot-definition-allocation slot-definition-getter slot-definition-setter
   slot-definition-accessor slot-definition-init-value
   slot-definition-init-form slot-definition-init-thunk
   slot-definition-init-keyword slot-init-function class-slot-definition
   compute-cpl compute-std-cpl compute-get-n-set compute-slots
   compute-getter-method compute-setter-method allocate-instance initialize
   make-instance make no-next-method no-applicable-method no-method
   change-class update-instance-for-different-class shallow-clone deep-clone
   class-redefinition apply-generic apply-method apply-methods
   compute-applicable-methods %compute-applicable-methods
   method-more-specific? sort-applicable-methods goops-error instance?
   slot-ref slot-set! slot-bound? slot-exists? class-name class-direct-supers
   class-direct-subclasses class-direct-methods class-direct-slots
   class-precedence-list class-slots generic-function-name
   generic-function-methods method-generic-function method-specializers
   method-formals primitive-generic-generic enable-primitive-generic!
   method-procedure get-keyword)
  #:export (class-subclasses class-methods method-source
            accessor-method-slot-definition find-method
            min-fixnum max-fixnum))

;; The bounds of integers that are immediate.
(define min-fixnum most-negative-fixnum)
(define max-fixnum most-positive-fixnum)

(define (closure next start)
  ;; What NEXT reaches from START, each thing once.
  (let loop ((pending (next start)) (out '()))
    (cond ((null? pending) (reverse out))
          ((memq (car pending) out) (loop (cdr pending) out))
          (else (loop (append (cdr pending) (next (car pending)))
                      (cons (car pending) out))))))

(define (class-subclasses class)
  "Return all classes that inherit from CLASS."
  (closure class-direct-subclasses class))

(define (class-methods class)
  "Return the methods that are for CLASS or a class that inherits from it."
  (let loop ((classes (cons class (class-subclasses class))) (out '()))
    (if (null? classes)
        (reverse out)
        (loop (cdr classes)
              (let inner ((methods (class-direct-methods (car classes))) (out out))
                (cond ((null? methods) out)
                      ((memq (car methods) out) (inner (cdr methods) out))
                      (else (inner (cdr methods) (cons (car methods) out)))))))))

(define (method-source method)
  "Return the source of METHOD, or #f when it is not kept."
  (let ((proc (method-procedure method)))
    (and proc (procedure-source proc))))

(define (accessor-method-slot-definition method)
  "Return the definition of the slot that the accessor METHOD reads or writes."
  (slot-ref method 'slot-definition))

(define (find-method gf classes)
  "Return the method of the generic function GF whose specializers are CLASSES,
or raise an error."
  (let loop ((methods (generic-function-methods gf)))
    (cond ((null? methods)
           (goops-error "no method of ~S with specializers ~S" gf classes))
          ((equal? (method-specializers (car methods)) classes) (car methods))
          (else (loop (cdr methods))))))
