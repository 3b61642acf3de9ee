;;; Objects that change: other classes, other definitions of classes, copies.
;;;
;;; Commentary:
;;; A class whose metaclass is <redefinable-class> keeps its identity when it is
;;; defined again.  Its instances notice when they are next used, and are then
;;; changed by change-class.
;;; Code:

(define-module (oop goops change)
  #:use-module (oop goops kernel)
  #:use-module (oop goops classes)
  #:use-module (oop goops dispatch)
  #:use-module (oop goops syntax)
  #:use-module (oop goops protocol)
  #:use-module ((srfi srfi-1) #:select (append-map delete-duplicates))
  #:export (change-class update-instance-for-different-class shallow-clone
            deep-clone remove-class-accessors! update-direct-method!
            update-direct-subclass!))

(define-syntax define-protocol
  (syntax-rules ()
    ((_ name ...)
     (begin (define name (make <generic> #:name 'name)) ...))))

(define-protocol change-class update-instance-for-different-class shallow-clone
  deep-clone remove-class-accessors! update-direct-method! update-direct-subclass!)

(define-method (update-instance-for-different-class (old <object>) (new <object>))
  (if #f #f))

;; Makes OBJECT an instance of CLASS: slots that both classes have in their
;; instances keep their values, others get their first ones.
(define (change-class! object class)
  (let ((old-class (class-of object))
        (new (allocate-instance class '())))
    (for-each
     (lambda (slot)
       (let* ((name (slot-definition-name slot))
              (old (class-slot-definition old-class name)))
         (cond ((and old
                     (memq (slot-definition-allocation old) '(#:instance #:virtual))
                     (slot-bound? object name))
                (slot-set! new name (slot-ref object name)))
               ((and (not (memq (slot-definition-allocation slot)
                                '(#:class #:each-subclass #:virtual)))
                     (slot-definition-init-thunk slot))
                => (lambda (thunk) (slot-set! new name (thunk)))))))
     (class-slots class))
    (%become! object new)
    (update-instance-for-different-class new object)
    object))

(define-method (change-class (object <object>) (class <class>))
  (change-class! object class))

(define-method (change-class (object <object>) (class <redefinable-class>))
  (change-class! object class))

(%set-migration! (lambda (object class) (change-class object class)))

;;; Redefinition.

(define-method (class-redefinition (old <redefinable-class>) (new <redefinable-class>))
  (remove-class-accessors! old)
  (let ((subclasses (class-direct-subclasses old))
        (methods (class-direct-methods old)))
    (for-each (lambda (super)
                (%set-type-field! super 3
                                  (delete-duplicates
                                   (map (lambda (c) (if (eq? c new) old c))
                                        (class-direct-subclasses super))
                                   eq?)))
              (append (class-direct-supers old) (class-direct-supers new)))
    (%swap-classes! old new)
    (%set-class-field! old 5 (cons old (cdr (class-precedence-list old))))
    (%set-class-field! new 5 (cons new (cdr (class-precedence-list new))))
    ;; Methods for the new class are from now on for the old identity.
    (for-each (lambda (m) (update-direct-method! m new old))
              (class-direct-methods old))
    (%set-class-field! old 4 (append (class-direct-methods old) methods))
    (%set-class-field! old 3 subclasses)
    (%set-class-field! new 8 old)
    (for-each (lambda (m)
                (when (method-generic-function m)
                  (%invalidate! (method-generic-function m))))
              (class-direct-methods old))
    (for-each (lambda (c) (update-direct-subclass! c old old)) subclasses))
  old)

(define-method (remove-class-accessors! (class <class>))
  (for-each (lambda (m)
              (when (is-a? m <accessor-method>)
                (let ((gf (method-generic-function m)))
                  (when gf (%remove-method! gf m)))
                (%set-class-field! class 4 (delq m (class-direct-methods class)))))
            (class-direct-methods class)))

(define-method (update-direct-method! (m <method>) (old <class>) (new <class>))
  (slot-set! m 'specializers
             (let loop ((l (method-specializers m)))
               (cond ((pair? l)
                      (cons (if (eq? (car l) old) new (car l)) (loop (cdr l))))
                     ((eq? l old) new)
                     (else l)))))

(define-method (update-direct-subclass! (class <class>) (old <class>) (new <class>))
  (class-redefinition class
                      (make-class (class-direct-supers class)
                                  (class-direct-slots class)
                                  #:name (class-name class)
                                  #:metaclass (class-of class))))

;;; Copies.

(define (clone object copy)
  (let* ((class (class-of object))
         (new (allocate-instance class '())))
    (for-each
     (lambda (slot)
       (when (and (eq? (slot-definition-allocation slot) #:instance)
                  (slot-bound? object (slot-definition-name slot)))
         (slot-set! new (slot-definition-name slot)
                    (copy (slot-ref object (slot-definition-name slot))))))
     (class-slots class))
    new))

(define-method (shallow-clone (object <object>))
  (clone object (lambda (value) value)))

(define-method (deep-clone (object <object>))
  (clone object (lambda (value)
                  (if (instance? value) (deep-clone value) value))))
