;;; Extensions of SRFI 9 records: printers, immutable records and functional
;;; setters.

(define-module (srfi srfi-9 gnu)
  #:export (define-immutable-record-type set-field set-fields)
  #:re-export (set-record-type-printer!))

;; As define-record-type, but the third part of a field names a functional
;; setter: (setter record value) gives a copy with another value.
(define-syntax define-immutable-record-type
  (lambda (x)
    (define (accessor field)
      (syntax-case field ()
        ((name getter setter) #'(name getter))
        (_ field)))
    (define (setters fields)
      (let loop ((fields fields))
        (if (null? fields)
            '()
            (syntax-case (car fields) ()
              ((name getter setter)
               (cons #'(getter setter) (loop (cdr fields))))
              (_ (loop (cdr fields)))))))
    (syntax-case x ()
      ((_ type constructor predicate field ...)
       (with-syntax (((plain ...) (map accessor #'(field ...)))
                     (((getter setter) ...) (setters #'(field ...))))
         #'(begin
             (define-record-type type constructor predicate plain ...)
             (define (setter record value)
               (%with-field record getter value))
             ...))))))

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

(define-syntax set-field
  (syntax-rules ()
    ((_ record (getter ...) value)
     (%with-path record (list getter ...) value))))

(define-syntax set-fields
  (syntax-rules ()
    ((_ record) record)
    ((_ record ((getter ...) value) rest ...)
     (set-fields (set-field record (getter ...) value) rest ...))))
