;;; R6RS (rnrs records procedural).
;;;
;;; Commentary:
;;; A record type of R6RS is a record type of the core with, in its properties,
;;; the mark that it was made here.  Fields are counted per type, without those
;;; of the parent, so an index of R6RS is the core's index less the number of
;;; the parents' fields.
;;;
;;; A constructor descriptor joins a type with a protocol: a procedure that
;;; takes the raw constructor and gives the constructor that programs call.
;;; For a type with a parent, the raw constructor takes the arguments of the
;;; parent's constructor and gives a procedure that takes the type's own
;;; fields; the chain ends at the type without a parent, where all fields are
;;; known and the record is made.
;;; Code:

(define-module (rnrs records procedural)
  #:use-module ((guile) #:select ((record-accessor . core:record-accessor)
                                  (record-constructor . core:record-constructor)
                                  (record-predicate . core:record-predicate)))
  #:use-module (rnrs conditions)
  #:use-module (rnrs exceptions)
  #:export (make-record-type-descriptor make-record-constructor-descriptor
            record-mutator)
  #:re-export (record-type-descriptor?)
  #:replace ((r6:record-constructor . record-constructor)
             (r6:record-accessor . record-accessor)
             (r6:record-predicate . record-predicate)))

(define (%violate who message . irritants)
  (raise (condition (make-assertion-violation)
                    (make-who-condition who)
                    (make-message-condition message)
                    (make-irritants-condition irritants))))

(define (%parent-size rtd)
  (let ((parent (record-type-parent rtd)))
    (if parent (length (record-type-fields parent)) 0)))

(define (%own-offset rtd)
  "The index in the core of RTD's own first field."
  (%parent-size rtd))

(define (%own-size rtd)
  (- (length (record-type-fields rtd)) (%parent-size rtd)))

;; Nongenerative types: uid -> (type name parent sealed? opaque? fields).
(define %by-uid (make-hash-table))

(define (%check-fields fields)
  (unless (vector? fields)
    (%violate 'make-record-type-descriptor "fields are not in a vector" fields))
  (vector-for-each
   (lambda (field)
     (unless (and (list? field) (= (length field) 2)
                  (memq (car field) '(mutable immutable))
                  (symbol? (cadr field)))
       (%violate 'make-record-type-descriptor
                 "not of the form (mutable NAME) or (immutable NAME)" field)))
   fields))

(define (make-record-type-descriptor name parent uid sealed? opaque? fields)
  "Make the record type NAME; see R6RS, libraries, 6.3.  PARENT is a record type
or #f, UID a symbol for a nongenerative type or #f, FIELDS a vector of
(mutable NAME) and (immutable NAME)."
  (unless (symbol? name)
    (%violate 'make-record-type-descriptor "the name is not a symbol" name))
  (when parent
    (unless (record-type-descriptor? parent)
      (%violate 'make-record-type-descriptor "the parent is not a record type" parent))
    (unless (record-type-extensible? parent)
      (%violate 'make-record-type-descriptor "the parent is sealed" parent)))
  (unless (or (not uid) (symbol? uid))
    (%violate 'make-record-type-descriptor "the uid is not a symbol" uid))
  (%check-fields fields)
  (let* ((opaque? (or (and opaque? #t)
                      (and parent (record-type-opaque? parent))))
         (sealed? (and sealed? #t))
         (facts (list parent sealed? opaque? fields))
         (known (and uid (hashq-ref %by-uid uid))))
    (cond ((not known)
           (let ((rtd (make-record-type name (vector->list fields)
                                        #:parent parent
                                        #:uid uid
                                        #:extensible? (not sealed?)
                                        #:opaque? opaque?
                                        #:allow-duplicate-field-names? #t)))
             (when uid (hashq-set! %by-uid uid (cons rtd facts)))
             rtd))
          ((equal? (cdr known) facts) (car known))
          (else
           (%violate 'make-record-type-descriptor
                     "another record type has this uid" uid name)))))

(define %rcd (make-record-type 'record-constructor-descriptor
                               '((immutable rtd) (immutable parent)
                                 (immutable protocol))))
(define %make-rcd (core:record-constructor %rcd))
(define %rcd? (core:record-predicate %rcd))
(define %rcd-type (core:record-accessor %rcd 'rtd))
(define %rcd-parent (core:record-accessor %rcd 'parent))
(define %rcd-protocol (core:record-accessor %rcd 'protocol))

(define (make-record-constructor-descriptor rtd parent protocol)
  "Join the record type RTD with the constructor descriptor PARENT of its parent,
or #f, and with PROTOCOL, a procedure from raw to final constructor, or #f."
  (define who 'make-record-constructor-descriptor)
  (unless (record-type-descriptor? rtd)
    (%violate who "not a record type" rtd))
  (when parent
    (unless (%rcd? parent)
      (%violate who "not a constructor descriptor" parent))
    (unless (eq? (%rcd-type parent) (record-type-parent rtd))
      (%violate who "the constructor descriptor is not one of the parent type"
                parent rtd)))
  (unless (or (not protocol) (procedure? protocol))
    (%violate who "the protocol is not a procedure" protocol))
  (%make-rcd rtd
             (or parent
                 (and (record-type-parent rtd)
                      (make-record-constructor-descriptor
                       (record-type-parent rtd) #f #f)))
             protocol))

(define (%plain? rcd)
  (or (not rcd)
      (and (not (%rcd-protocol rcd)) (%plain? (%rcd-parent rcd)))))

(define (%check-count rtd n args)
  (unless (= n (length args))
    (%violate (record-type-name rtd) "wrong number of field values" args)))

;; The constructor of rcd for records that raw makes of the values of all
;; fields; later are the values of those that come after rcd's.
(define (%constructor rcd raw later)
  (let* ((rtd (%rcd-type rcd))
         (parent (%rcd-parent rcd))
         (protocol (%rcd-protocol rcd))
         (own (%own-size rtd)))
    (define root
      (lambda values
        (%check-count rtd own values)
        (apply raw (append values later))))
    (define derived
      (lambda parent-args
        (lambda values
          (%check-count rtd own values)
          (apply (%constructor parent raw (append values later)) parent-args))))
    (cond ((not parent) (if protocol (protocol root) root))
          (protocol (protocol derived))
          (else
           ;; The default: the parent's arguments, then the own fields.
           (lambda args
             (let ((n (- (length args) own)))
               (if (negative? n) (%check-count rtd own args))
               (apply (apply derived (list-head args n)) (list-tail args n))))))))

(define (r6:record-constructor rcd)
  "The constructor that the constructor descriptor RCD describes.  A record type
in its place gives the core's constructor of all fields."
  (cond ((record-type-descriptor? rcd) (core:record-constructor rcd))
        ((not (%rcd? rcd))
         (%violate 'record-constructor "not a constructor descriptor" rcd))
        (else
         (let ((raw (core:record-constructor (%rcd-type rcd))))
           (cond ((%plain? rcd) raw)
                 ((and (not (%rcd-parent rcd)) (%rcd-protocol rcd))
                  ((%rcd-protocol rcd) raw))
                 (else (%constructor rcd raw '())))))))

(define (r6:record-predicate rtd) (core:record-predicate rtd))

(define (%field-index who rtd k)
  (unless (record-type-descriptor? rtd)
    (%violate who "not a record type" rtd))
  (unless (and (exact-integer? k) (<= 0 k) (< k (%own-size rtd)))
    (%violate who "no field of the record type has this index" rtd k))
  (+ (%own-offset rtd) k))

(define (r6:record-accessor rtd k)
  "The accessor of RTD's own field number K.  As in the core, K may be a name."
  (core:record-accessor rtd (if (symbol? k) k (%field-index 'record-accessor rtd k))))

(define (record-mutator rtd k)
  "The mutator of RTD's own field number K, which must be mutable."
  (let ((i (%field-index 'record-mutator rtd k)))
    (unless (%record-field-mutable? rtd i)
      (%violate 'record-mutator "the field is immutable" rtd k))
    (record-modifier rtd i)))
