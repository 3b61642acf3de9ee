;;; R6RS (rnrs records inspection).
;;;
;;; Commentary:
;;; What can be asked of a record and of its type.  An opaque record does not
;;; show that it is a record.
;;; Code:

(define-module (rnrs records inspection)
  #:use-module ((guile) #:select ((record? . core:record?)))
  #:use-module (rnrs conditions)
  #:use-module (rnrs exceptions)
  #:export (record-rtd record-type-generative? record-type-sealed?
            record-type-field-names record-field-mutable?)
  #:re-export (record-type-name record-type-parent record-type-uid
               record-type-opaque?)
  #:replace ((r6:record? . record?)))

(define %own-offset (@@ (rnrs records procedural) %own-offset))

(define (r6:record? x)
  "True if X is a record whose type is not opaque."
  (and (core:record? x)
       (not (record-type-opaque? (record-type-descriptor x)))))

(define (%violate who message . irritants)
  (raise (condition (make-assertion-violation)
                    (make-who-condition who)
                    (make-message-condition message)
                    (make-irritants-condition irritants))))

(define (record-rtd record)
  "The type of RECORD, which must not be opaque."
  (if (r6:record? record)
      (record-type-descriptor record)
      (%violate 'record-rtd "not a record, or an opaque one" record)))

(define (record-type-generative? rtd) (not (record-type-uid rtd)))
(define (record-type-sealed? rtd) (not (record-type-extensible? rtd)))

(define (record-type-field-names rtd)
  "A vector of the names of RTD's own fields, without those of its parent."
  (list->vector (list-tail (record-type-fields rtd) (%own-offset rtd))))

(define (record-field-mutable? rtd k)
  "True if RTD's own field number K can be changed."
  (if (and (exact-integer? k) (<= 0 k)
           (< k (- (length (record-type-fields rtd)) (%own-offset rtd))))
      (%record-field-mutable? rtd (+ k (%own-offset rtd)))
      (%violate 'record-field-mutable? "no field of the record type has this index"
                rtd k)))
