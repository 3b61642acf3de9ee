;;; Commentary:
;;;
;;; C's view of data (Guile manual, "Foreign Types", "Foreign Pointers",
;;; "Foreign Structs"): integers of fixed widths, structures with padding,
;;; pointers.
;;;
;;; Fruix is one static binary without C, so that there is no C code to call.
;;; What programs do with the layout of data works all the same: bytevectors are
;;; the memory, each has an address, and a pointer is an address together with
;;; the bytevector that it points into.  Procedures can be turned into pointers
;;; and back.  `dynamic-func' knows the few functions of the C library that
;;; (system foreign-library) provides, and says so for all others.
;;;
;;; Code:

(define-module (system foreign)
  #:use-module (rnrs bytevectors)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module (fruix native memory)
  #:export (void float double complex-float complex-double
            uint8 int8 uint16 int16 uint32 int32 uint64 int64
            short unsigned-short int unsigned-int long unsigned-long
            size_t ssize_t ptrdiff_t intptr_t uintptr_t
            sizeof alignof
            %null-pointer pointer? null-pointer? make-pointer pointer-address
            scm->pointer pointer->scm
            pointer->bytevector bytevector->pointer dereference-pointer
            string->pointer pointer->string set-pointer-finalizer!
            pointer->procedure procedure->pointer
            make-c-struct parse-c-struct define-wrapped-pointer-type))


;;; Types.

(define void 0)
(define float 1)
(define double 2)
(define uint8 3)
(define int8 4)
(define uint16 5)
(define int16 6)
(define uint32 7)
(define int32 8)
(define uint64 9)
(define int64 10)
(define complex-float 11)
(define complex-double 12)

;; The data model is LP64, that of every system that Fruix runs on.
(define short int16)
(define unsigned-short uint16)
(define int int32)
(define unsigned-int uint32)
(define long int64)
(define unsigned-long uint64)
(define size_t uint64)
(define ssize_t int64)
(define ptrdiff_t int64)
(define intptr_t int64)
(define uintptr_t uint64)

(define %sizes #(0 4 8 1 1 2 2 4 4 8 8 8 16))
(define %alignments #(1 4 8 1 1 2 2 4 4 8 8 4 8))

(define (wrong-type who position value)
  (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
             (list position value) (list value)))

(define (type-code? type)
  (and (exact-integer? type) (<= 0 type 12)))

(define (round-up n alignment)
  (* alignment (quotient (+ n alignment -1) alignment)))

(define (alignof type)
  "Return the alignment in bytes of TYPE: a type code, '* for a pointer, or a
list of types for a structure."
  (cond ((type-code? type) (vector-ref %alignments type))
        ((eq? type '*) 8)
        ((list? type) (apply max 1 (map alignof type)))
        (else (wrong-type "alignof" 1 type))))

(define (sizeof type)
  "Return the size in bytes of TYPE, padding at the end of structures
included."
  (cond ((type-code? type) (vector-ref %sizes type))
        ((eq? type '*) 8)
        ((list? type)
         (let loop ((types type) (offset 0))
           (if (null? types)
               (round-up offset (alignof type))
               (loop (cdr types)
                     (+ (round-up offset (alignof (car types)))
                        (sizeof (car types)))))))
        (else (wrong-type "sizeof" 1 type))))


;;; Pointers.

;; TARGET keeps what lies at ADDRESS alive: a bytevector, an object, a
;; <c-function>, or #f for a bare address.
(define-record-type <pointer>
  (%make-pointer address target)
  pointer?
  (address pointer-address)
  (target pointer-target))

(set-record-type-printer! <pointer>
  (lambda (pointer port)
    (display "#<pointer 0x" port)
    (display (number->string (pointer-address pointer) 16) port)
    (display ">" port)))

;; A procedure seen from C: it takes and gives values as C has them.
(define-record-type <c-function>
  (make-c-function procedure)
  c-function?
  (procedure c-function-procedure))

(define %null-pointer (%make-pointer 0 #f))

(define (check-pointer who pointer)
  (unless (pointer? pointer)
    (scm-error 'wrong-type-arg who
               "Wrong type argument in position ~A (expecting ~A): ~S"
               (list 1 "POINTER_P" pointer) (list pointer))))

(define (null-pointer? pointer)
  "Return true if POINTER is the null pointer."
  (check-pointer "null-pointer?" pointer)
  (zero? (pointer-address pointer)))

(define* (make-pointer address #:optional finalizer)
  "Return the pointer to ADDRESS, an integer.  FINALIZER is not called: it would
be C code."
  (unless (and (exact-integer? address) (<= 0 address #xffffffffffffffff))
    (wrong-type "make-pointer" 1 address))
  (if (zero? address) %null-pointer (%make-pointer address #f)))

(define (set-pointer-finalizer! pointer finalizer)
  "Do nothing: finalizers are C code, and the collector owns all memory here."
  (check-pointer "set-pointer-finalizer!" pointer))

(define* (bytevector->pointer bv #:optional (offset 0))
  "Return a pointer to the byte of BV at OFFSET."
  (let ((base (bytevector-address bv)))
    (unless (<= 0 offset (bytevector-length bv))
      (scm-error 'out-of-range "bytevector->pointer"
                 "Argument 2 out of range: ~S" (list offset) (list offset)))
    (%make-pointer (+ base offset) bv)))

(define (memory-at who pointer)
  ;; Return (BYTEVECTOR . OFFSET) for what POINTER points to.
  (check-pointer who pointer)
  (when (null-pointer? pointer)
    (scm-error 'null-pointer-error who "null pointer dereference" '() '()))
  (or (address->bytevector (pointer-address pointer))
      (scm-error 'misc-error who
                 "no bytevector lies at address ~S: a static binary sees no other memory"
                 (list (pointer-address pointer)) #f)))

(define* (pointer->bytevector pointer len #:optional (offset 0) uniform-type)
  "Return LEN bytes from OFFSET bytes behind POINTER: the bytevector itself when
it is all of one, else a copy."
  (let* ((place (memory-at "pointer->bytevector" pointer))
         (bv (car place))
         (start (+ (cdr place) offset)))
    (when (> (+ start len) (bytevector-length bv))
      (scm-error 'out-of-range "pointer->bytevector"
                 "Argument 2 out of range: ~S" (list len) (list len)))
    (if (and (zero? start) (= len (bytevector-length bv)))
        bv
        (let ((part (make-bytevector len)))
          (bytevector-copy! bv start part 0 len)
          part))))

(define (dereference-pointer pointer)
  "Return the pointer that is stored where POINTER points to."
  (let ((place (memory-at "dereference-pointer" pointer)))
    (pointer-at (car place) (cdr place))))

(define (pointer-at bv offset)
  (let* ((address (bytevector-u64-ref bv offset (native-endianness)))
         (place (address->bytevector address)))
    (if place
        (%make-pointer address (car place))
        (make-pointer address))))

(define (scm->pointer obj)
  "Return a pointer that stands for OBJ."
  (%make-pointer (reserve-address) obj))

(define (pointer->scm pointer)
  "Return the object that POINTER, made by `scm->pointer', stands for."
  (check-pointer "pointer->scm" pointer)
  (pointer-target pointer))


;;; Strings.

(define* (string->pointer string #:optional (encoding "UTF-8"))
  "Return a pointer to STRING in ENCODING with a zero at the end."
  (let* ((bytes ((@ (ice-9 iconv) string->bytevector) string encoding
                 (fluid-ref %default-port-conversion-strategy)))
         (len (bytevector-length bytes))
         (bv (make-bytevector (+ len 4) 0)))
    (bytevector-copy! bytes 0 bv 0 len)
    (bytevector->pointer bv)))

(define* (pointer->string pointer #:optional (len -1) (encoding "UTF-8"))
  "Return the string of LEN bytes in ENCODING at POINTER, or up to the zero when
LEN is -1."
  (let* ((place (memory-at "pointer->string" pointer))
         (bv (car place))
         (start (cdr place))
         (end (if (negative? len)
                  (let loop ((i start))
                    (if (or (= i (bytevector-length bv))
                            (zero? (bytevector-u8-ref bv i)))
                        i
                        (loop (+ i 1))))
                  (+ start len)))
         (part (make-bytevector (- end start))))
    (bytevector-copy! bv start part 0 (- end start))
    ((@ (ice-9 iconv) bytevector->string) part encoding 'substitute)))


;;; Values in memory.

(define (store! bv offset type value)
  ;; Write VALUE of TYPE, a type code or '*.
  (let ((order (native-endianness)))
    (cond
     ((eq? type '*)
      (unless (pointer? value) (wrong-type "make-c-struct" 2 value))
      (bytevector-u64-set! bv offset (pointer-address value) order))
     ((= type float) (bytevector-ieee-single-set! bv offset value order))
     ((= type double) (bytevector-ieee-double-set! bv offset value order))
     ((= type complex-float)
      (bytevector-ieee-single-set! bv offset (real-part value) order)
      (bytevector-ieee-single-set! bv (+ offset 4) (imag-part value) order))
     ((= type complex-double)
      (bytevector-ieee-double-set! bv offset (real-part value) order)
      (bytevector-ieee-double-set! bv (+ offset 8) (imag-part value) order))
     ((= type uint8) (bytevector-u8-set! bv offset value))
     ((= type int8) (bytevector-s8-set! bv offset value))
     ((= type uint16) (bytevector-u16-set! bv offset value order))
     ((= type int16) (bytevector-s16-set! bv offset value order))
     ((= type uint32) (bytevector-u32-set! bv offset value order))
     ((= type int32) (bytevector-s32-set! bv offset value order))
     ((= type uint64) (bytevector-u64-set! bv offset value order))
     ((= type int64) (bytevector-s64-set! bv offset value order))
     (else (wrong-type "make-c-struct" 1 type)))))

(define (fetch bv offset type)
  (let ((order (native-endianness)))
    (cond
     ((eq? type '*) (pointer-at bv offset))
     ((= type float) (bytevector-ieee-single-ref bv offset order))
     ((= type double) (bytevector-ieee-double-ref bv offset order))
     ((= type complex-float)
      (make-rectangular (bytevector-ieee-single-ref bv offset order)
                        (bytevector-ieee-single-ref bv (+ offset 4) order)))
     ((= type complex-double)
      (make-rectangular (bytevector-ieee-double-ref bv offset order)
                        (bytevector-ieee-double-ref bv (+ offset 8) order)))
     ((= type uint8) (bytevector-u8-ref bv offset))
     ((= type int8) (bytevector-s8-ref bv offset))
     ((= type uint16) (bytevector-u16-ref bv offset order))
     ((= type int16) (bytevector-s16-ref bv offset order))
     ((= type uint32) (bytevector-u32-ref bv offset order))
     ((= type int32) (bytevector-s32-ref bv offset order))
     ((= type uint64) (bytevector-u64-ref bv offset order))
     ((= type int64) (bytevector-s64-ref bv offset order))
     (else (wrong-type "parse-c-struct" 2 type)))))

(define (store-struct! bv offset types values)
  (let loop ((types types) (values values) (at offset))
    (cond ((and (null? types) (null? values)) #t)
          ((null? types)
           (scm-error 'misc-error #f "too many values ~S" (list values) #f))
          ((null? values)
           (scm-error 'misc-error #f "too few values ~S" (list values) #f))
          (else
           (let* ((type (car types))
                  (at (round-up at (alignof type))))
             (if (list? type)
                 (store-struct! bv at type (car values))
                 (store! bv at type (car values)))
             (loop (cdr types) (cdr values) (+ at (sizeof type))))))))

(define (fetch-struct bv offset types)
  (let loop ((types types) (at offset) (values '()))
    (if (null? types)
        (reverse values)
        (let* ((type (car types))
               (at (round-up at (alignof type))))
          (loop (cdr types) (+ at (sizeof type))
                (cons (if (list? type)
                          (fetch-struct bv at type)
                          (fetch bv at type))
                      values))))))

(define (make-c-struct types values)
  "Return a pointer to a structure with members of TYPES that holds VALUES."
  (let ((bv (make-bytevector (sizeof types) 0)))
    (store-struct! bv 0 types values)
    (let ((pointer (bytevector->pointer bv)))
      (keep! bv types values)
      pointer)))

;; What a structure points to lives as long as the structure.
(define %kept (make-weak-key-hash-table))

(define (keep! bv types values)
  (let ((pointers (filter pointer? values)))
    (unless (null? pointers)
      (hashq-set! %kept bv pointers))))

(define (parse-c-struct pointer types)
  "Return the list of the members of the structure of TYPES at POINTER."
  (let ((place (memory-at "parse-c-struct" pointer)))
    (fetch-struct (car place) (cdr place) types)))

(define-syntax define-wrapped-pointer-type
  (lambda (s)
    (syntax-case s ()
      ((_ type-name pred wrap unwrap print)
       (with-syntax ((%wrap (datum->syntax #'wrap (gensym "%wrap"))))
         #'(begin
             (define-record-type type-name
               (%wrap pointer)
               pred
               (pointer unwrap))
             (define wrap
               ;; One object for each address, as long as it is in use.
               (let ((known (make-weak-value-hash-table 31)))
                 (lambda (ptr)
                   (let ((address (pointer-address ptr)))
                     (or (hashv-ref known address)
                         (let ((object (%wrap ptr)))
                           (hashv-set! known address object)
                           object))))))
             (set-record-type-printer! type-name print)))))))


;;; Procedures.

;; The value that C makes of VALUE when it passes it as TYPE.
(define (convert who position type value)
  (cond
   ((eq? type '*)
    (unless (pointer? value) (wrong-type who position value))
    value)
   ((list? type)
    (unless (pointer? value) (wrong-type who position value))
    value)
   ((eqv? type void) (if #f #f))
   ((not (number? value)) (wrong-type who position value))
   (else
    (let ((bv (make-bytevector 16 0)))
      (store! bv 0 type
              (if (memv type (list float double complex-float complex-double))
                  (exact->inexact value)
                  value))
      (fetch bv 0 type)))))

(define (convert-arguments who types arguments)
  (let loop ((types types) (arguments arguments) (position 1) (result '()))
    (if (null? types)
        (reverse result)
        (loop (cdr types) (cdr arguments) (+ position 1)
              (cons (convert who position (car types) (car arguments)) result)))))

(define (procedure->pointer return-type proc argument-types)
  "Return a pointer by which C would call PROC with arguments of ARGUMENT-TYPES
and take a value of RETURN-TYPE.  Here only `pointer->procedure' can call it."
  (%make-pointer (reserve-address)
                 (make-c-function
                  (lambda arguments
                    (convert "procedure->pointer" 0 return-type
                             (apply proc (convert-arguments
                                          "procedure->pointer"
                                          argument-types arguments)))))))

;; Used by (fruix c-library).
(define (system-function proc)
  "Return a pointer by which PROC is called with its arguments as they come; it
returns a value and, if it likes, an error number."
  (%make-pointer (reserve-address) (make-c-function proc)))

(define* (pointer->procedure return-type pointer argument-types
                             #:key return-errno?)
  "Return a procedure that calls what POINTER points to.  It must come from
`procedure->pointer' or `dynamic-func'; a static binary can call no C code."
  (check-pointer "pointer->procedure" pointer)
  (let* ((n (length argument-types))
         (function (pointer-target pointer))
         (call
          (lambda arguments
            (let ((arguments (convert-arguments "pointer->procedure"
                                                argument-types arguments)))
              (unless (c-function? function)
                (scm-error 'misc-error "pointer->procedure"
                           "~S cannot be called: this is a static binary, which runs no C code; \
use a procedure in Scheme, or run a program with (ice-9 popen)"
                           (list pointer) #f))
              (call-with-values
                  (lambda ()
                    (apply (c-function-procedure function) arguments))
                (lambda* (value #:optional (errno 0))
                  (let ((value (convert "pointer->procedure" 0 return-type
                                        value)))
                    (if return-errno? (values value errno) value))))))))
    (case n
      ((0) (lambda () (call)))
      ((1) (lambda (a) (call a)))
      ((2) (lambda (a b) (call a b)))
      ((3) (lambda (a b c) (call a b c)))
      ((4) (lambda (a b c d) (call a b c d)))
      (else
       (lambda arguments
         (unless (= n (length arguments))
           (scm-error 'wrong-number-of-args "pointer->procedure"
                      "Wrong number of arguments to ~A" (list pointer) #f))
         (apply call arguments))))))
