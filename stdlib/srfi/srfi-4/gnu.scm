;;; Guile's additions to SRFI 4: complex elements, conversions of whatever holds
;;; numbers, and copies of ranges (Guile manual, "SRFI-4 - Guile Extensions").

(define-module (srfi srfi-4 gnu)
  #:use-module (srfi srfi-4)
  #:export (any->u8vector any->s8vector any->u16vector any->s16vector
            any->u32vector any->s32vector any->u64vector any->s64vector
            any->f32vector any->f64vector any->c32vector any->c64vector
            u8vector-copy s8vector-copy u16vector-copy s16vector-copy
            u32vector-copy s32vector-copy u64vector-copy s64vector-copy
            f32vector-copy f64vector-copy c32vector-copy c64vector-copy
            u8vector-copy! s8vector-copy! u16vector-copy! s16vector-copy!
            u32vector-copy! s32vector-copy! u64vector-copy! s64vector-copy!
            f32vector-copy! f64vector-copy! c32vector-copy! c64vector-copy!)
  #:re-export (c32vector? make-c32vector c32vector c32vector-length c32vector-ref
               c32vector-set! c32vector->list list->c32vector
               c64vector? make-c64vector c64vector c64vector-length c64vector-ref
               c64vector-set! c64vector->list list->c64vector
               make-srfi-4-vector srfi-4-vector-type-size))

(define (convert tag own? obj)
  (cond ((own? obj) obj)
        ((pair? obj) (list->typed-array tag 1 obj))
        ((and (array? obj) (= 1 (array-rank obj)))
         (list->typed-array tag 1 (array->list obj)))
        (else
         (scm-error 'wrong-type-arg (string-append "any->" (symbol->string tag) "vector")
                    "Wrong type argument in position ~A: ~S" (list 1 obj) (list obj)))))

(define (check who position own? v)
  (unless (own? v)
    (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
               (list position v) (list v))))

(define (copy-range! who own? length to at from start end)
  (check who 1 own? to)
  (check who 3 own? from)
  (let ((size (srfi-4-vector-type-size from))
        (end (or end (length from))))
    (bytevector-copy! from (* start size) to (* at size) (* (- end start) size))))

(define-syntax define-operations
  (syntax-rules ()
    ((_ (tag own? make length any-> copy copy!) ...)
     (begin
       (begin
         (define (any-> obj) (convert 'tag own? obj))
         (define* (copy! to at from #:optional (start 0) end)
           (copy-range! (symbol->string 'copy!) own? length to at from start end))
         (define* (copy from #:optional (start 0) end)
           (check (symbol->string 'copy) 1 own? from)
           (let* ((end (or end (length from)))
                  (to (make (- end start))))
             (copy! to 0 from start end)
             to)))
       ...))))

(define-operations
  (u8 u8vector? make-u8vector u8vector-length any->u8vector u8vector-copy u8vector-copy!)
  (s8 s8vector? make-s8vector s8vector-length any->s8vector s8vector-copy s8vector-copy!)
  (u16 u16vector? make-u16vector u16vector-length any->u16vector u16vector-copy u16vector-copy!)
  (s16 s16vector? make-s16vector s16vector-length any->s16vector s16vector-copy s16vector-copy!)
  (u32 u32vector? make-u32vector u32vector-length any->u32vector u32vector-copy u32vector-copy!)
  (s32 s32vector? make-s32vector s32vector-length any->s32vector s32vector-copy s32vector-copy!)
  (u64 u64vector? make-u64vector u64vector-length any->u64vector u64vector-copy u64vector-copy!)
  (s64 s64vector? make-s64vector s64vector-length any->s64vector s64vector-copy s64vector-copy!)
  (f32 f32vector? make-f32vector f32vector-length any->f32vector f32vector-copy f32vector-copy!)
  (f64 f64vector? make-f64vector f64vector-length any->f64vector f64vector-copy f64vector-copy!)
  (c32 c32vector? make-c32vector c32vector-length any->c32vector c32vector-copy c32vector-copy!)
  (c64 c64vector? make-c64vector c64vector-length any->c64vector c64vector-copy c64vector-copy!))
