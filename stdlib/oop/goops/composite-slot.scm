;;; Slots that stand for slots of objects in other slots.
;;;
;;; Commentary:
;;; In a class of the metaclass <composite-class>, a slot of #:allocation
;;; #:propagated names in #:propagate-to the slots that hold the parts, or lists
;;; of such a slot and the part's slot when its name is another.  Reading reads
;;; the first part, writing writes all.
;;; Code:

(define-module (oop goops composite-slot)
  #:use-module (oop goops)
  #:export (<composite-class>))

(define-class <composite-class> (<class>))

(define-method (compute-get-n-set (class <composite-class>) slot)
  (if (eq? (slot-definition-allocation slot) #:propagated)
      (propagated-accessors slot)
      (next-method)))

(define (propagated-accessors slot)
  (let ((name (slot-definition-name slot))
        (targets (get-keyword #:propagate-to (slot-definition-options slot) #f)))
    (unless targets
      (goops-error "Propagation not specified for slot ~S" name))
    (unless (pair? targets)
      (goops-error "Bad propagation list for slot ~S" name))
    (let ((parts (map (lambda (t) (if (pair? t) (car t) t)) targets))
          (names (map (lambda (t) (if (pair? t) (cadr t) name)) targets)))
      (list (lambda (object)
              (slot-ref (slot-ref object (car parts)) (car names)))
            (lambda (object value)
              (for-each (lambda (part name)
                          (slot-set! (slot-ref object part) name value))
                        parts names))))))
