;;; Slots that call procedures when they are read and written.
;;;
;;; Commentary:
;;; In a class of the metaclass <active-class>, a slot of #:allocation #:active
;;; takes the options #:before-slot-ref, #:after-slot-ref (procedures of the
;;; object), #:before-slot-set! and #:after-slot-set! (of the object and the
;;; value).  When one that comes before gives #f, the access does not happen.
;;; Code:

(define-module (oop goops active-slot)
  #:use-module (oop goops)
  #:use-module (oop goops kernel)
  #:export (<active-class>))

(define-class <active-class> (<class>))

(define-method (compute-get-n-set (class <active-class>) slot)
  (if (eq? (slot-definition-allocation slot) #:active)
      (active-accessors class (slot-definition-options slot))
      (next-method)))

(define (active-accessors class options)
  (define (hook key) (get-keyword key options #f))
  (let ((index (slot-ref class 'nfields))
        (before-ref (hook #:before-slot-ref))
        (after-ref (hook #:after-slot-ref))
        (before-set! (hook #:before-slot-set!))
        (after-set! (hook #:after-slot-set!)))
    (slot-set! class 'nfields (+ index 1))
    (list (lambda (object)
            (if (or (not before-ref) (before-ref object))
                (let ((value (%instance-ref object index)))
                  (when (and after-ref (not (unbound? value)))
                    (after-ref object))
                  value)
                *unbound*))
          (lambda (object value)
            (when (or (not before-set!) (before-set! object value))
              (%instance-set! object index value)
              (when after-set! (after-set! object value)))))))
