;;; Extensions of SRFI 9 records.
;;;
;;; Commentary:
;;; define-immutable-record-type is define-record-type, but the third part of a
;;; field names a functional setter: (setter record value) gives a copy with
;;; another value.  (set-field record (getter ...) value) does the same for a
;;; field of a field, (set-fields record ((getter ...) value) ...) for several.
;;; set-record-type-printer! says how records of a type are written.
;;; Code:

(define-module (srfi srfi-9 gnu)
  #:export (define-immutable-record-type set-field set-fields)
  #:re-export (set-record-type-printer!))

(define-syntax define-immutable-record-type %define-immutable-record-type)

;; The index of the field that an accessor reads is found by its name, which
;; is that of the procedure; it is kept with the accessor.
(define %indices (make-weak-key-hash-table))

(define (%field-index record getter)
  (or (hashq-ref %indices getter)
      (let* ((size (length (record-type-fields (record-type-descriptor record))))
             (copy (%copy record))
             (index (let loop ((i 0))
                      (if (= i size)
                          (error "no field of this record has the accessor" getter)
                          (let ((mark (list 'mark)))
                            (%record-set! copy i mark)
                            (if (eq? (getter copy) mark) i (loop (+ i 1))))))))
        (hashq-set! %indices getter index)
        index)))

(define (%copy record)
  (let* ((type (record-type-descriptor record))
         (size (length (record-type-fields type))))
    (apply %record type
           (let loop ((i (- size 1)) (out '()))
             (if (< i 0) out (loop (- i 1) (cons (%record-ref record i) out)))))))

(define (%with-field record getter value)
  (getter record)                       ; checks the type
  (let ((copy (%copy record)))
    (%record-set! copy (%field-index record getter) value)
    copy))

(define (%with-path record getters value)
  (if (null? (cdr getters))
      (%with-field record (car getters) value)
      (%with-field record (car getters)
                   (%with-path ((car getters) record) (cdr getters) value))))

(eval-when (expand load eval)
  (define (%bound? id)
    (call-with-values (lambda () (syntax-local-binding id))
      (lambda (type value)
        (or (not (eq? type 'global))
            (let ((module (resolve-module (cdr value) #:ensure #f)))
              (and module (module-variable module (car value)) #t))))))

  (define (%prefix? a b)
    "Tell whether the path A, a list of identifiers, begins B."
    (or (null? a)
        (and (pair? b)
             (free-identifier=? (car a) (car b))
             (%prefix? (cdr a) (cdr b)))))

  (define (%check-paths who form paths)
    "Raise a syntax error unless all getters of PATHS are known and no path
begins another."
    (define (fault message part) (syntax-violation who message form part))
    (for-each
     (lambda (path)
       (syntax-case path ()
         ((getter ...)
          (for-each (lambda (id)
                      (unless (and (identifier? id) (%bound? id))
                        (fault "unknown getter" id)))
                    #'(getter ...)))
         (_ (fault "invalid field path" path))))
     paths)
    (let loop ((paths paths))
      (unless (null? paths)
        (let ((a (syntax-case (car paths) () ((getter ...) #'(getter ...)))))
          (for-each
           (lambda (other)
             (let ((b (syntax-case other () ((getter ...) #'(getter ...)))))
               (cond ((and (%prefix? a b) (%prefix? b a))
                      (fault "duplicate field path" other))
                     ((%prefix? a b)
                      (fault "one field path is a prefix of another" (car paths)))
                     ((%prefix? b a)
                      (fault "one field path is a prefix of another" other)))))
           (cdr paths)))
        (loop (cdr paths))))))

(define-syntax set-field
  (lambda (x)
    (syntax-case x ()
      ((_ record (getter ...) value)
       (begin
         (%check-paths 'set-fields x (list #'(getter ...)))
         #'(%with-path record (list getter ...) value))))))

(define-syntax set-fields
  (lambda (x)
    (syntax-case x ()
      ((_ record (path value) ...)
       (begin
         (%check-paths 'set-fields x #'(path ...))
         (let loop ((record #'record) (changes #'((path value) ...)))
           (syntax-case changes ()
             (() record)
             ((((getter ...) value) . rest)
              (loop #`(%with-path #,record (list getter ...) value)
                    #'rest)))))))))
