;;; SRFI 171: transducers, transformations of reducers that do not know where
;;; the data come from or go to.

(define-module (srfi srfi-171)
  #:use-module (srfi srfi-171 meta)
  #:use-module ((srfi srfi-69) #:prefix srfi69:)
  #:use-module ((rnrs hashtables) #:prefix rnrs:)
  #:export (rcons reverse-rcons rcount rany revery
            list-transduce vector-transduce string-transduce
            bytevector-u8-transduce generator-transduce port-transduce
            tmap tfilter tremove treplace tfilter-map tdrop tdrop-while ttake
            ttake-while tconcatenate tappend-map tdelete-neighbor-duplicates
            tdelete-duplicates tflatten tsegment tpartition tadd-between
            tenumerate tlog))

;;; Reducers.

(define rcons
  (case-lambda
    "A reducer that makes a list."
    (() '())
    ((lst) (reverse! lst))
    ((lst x) (cons x lst))))

(define reverse-rcons
  (case-lambda
    "A reducer that makes a list in reverse order."
    (() '())
    ((lst) lst)
    ((lst x) (cons x lst))))

(define rcount
  (case-lambda
    "A reducer that counts."
    (() 0)
    ((n) n)
    ((n x) (+ n 1))))

(define (rany pred)
  "Return a reducer that gives the first true value of PRED, or #f."
  (case-lambda
    (() #f)
    ((result) result)
    ((result x)
     (let ((test (pred x)))
       (if test (reduced test) #f)))))

(define (revery pred)
  "Return a reducer that gives the last value of PRED, or #f after the first
false one."
  (case-lambda
    (() #t)
    ((result) result)
    ((result x)
     (let ((test (pred x)))
       (if (and result test) test (reduced #f))))))

;;; Reductions.

(define-syntax define-transduction
  (syntax-rules ()
    ((_ name reduce doc)
     (define name
       (case-lambda
         doc
         ((xform f source) (name xform f (f) source))
         ((xform f init source)
          (let ((step (xform f)))
            (step (reduce step init source)))))))))

(define-transduction list-transduce list-reduce
  "Reduce a list by a reducer behind a transducer: (list-transduce transducer
reducer [initial] list).")
(define-transduction vector-transduce vector-reduce
  "Reduce a vector, as list-transduce.")
(define-transduction string-transduce string-reduce
  "Reduce the characters of a string, as list-transduce.")
(define-transduction bytevector-u8-transduce bytevector-u8-reduce
  "Reduce the bytes of a bytevector, as list-transduce.")
(define-transduction generator-transduce generator-reduce
  "Reduce what a procedure gives until the end-of-file object.")

(define port-transduce
  (case-lambda
    "Reduce what a reader reads from a port: (port-transduce transducer reducer
[initial] reader port)."
    ((xform f by) (generator-transduce xform f by))
    ((xform f by port) (port-transduce xform f (f) by port))
    ((xform f init by port)
     (let ((step (xform f)))
       (step (port-reduce step init by port))))))

;;; Transducers.

;; A transducer from the body of a step; STATE is set up for each reduction.
(define-syntax transducer
  (syntax-rules ()
    ((_ (f result x) state step)
     (transducer (f result x) state (f result) step))
    ((_ (f result x) ((var init) ...) completion step)
     (lambda (f)
       (let ((var init) ...)
         (case-lambda
           (() (f))
           ((result) completion)
           ((result x) step)))))))

(define (tmap proc)
  "Give on what PROC makes of each element."
  (transducer (f result x) () (f result (proc x))))

(define (tfilter pred)
  "Give on the elements that PRED is true of."
  (transducer (f result x) () (if (pred x) (f result x) result)))

(define (tremove pred)
  "Give on the elements that PRED is false of."
  (transducer (f result x) () (if (pred x) result (f result x))))

(define (tfilter-map proc)
  "Give on what PROC makes of each element unless it is #f."
  (transducer (f result x) ()
    (let ((y (proc x)))
      (if y (f result y) result))))

(define (treplace mapping)
  "Give on what MAPPING, an alist, a hash table or a procedure, has for each
element, the element itself if it has nothing."
  (define replace
    (cond ((list? mapping)
           (lambda (x)
             (let ((entry (assoc x mapping)))
               (if entry (cdr entry) x))))
          ((hash-table? mapping) (lambda (x) (hash-ref mapping x x)))
          ((srfi69:hash-table? mapping)
           (lambda (x) (srfi69:hash-table-ref/default mapping x x)))
          ((rnrs:hashtable? mapping)
           (lambda (x) (rnrs:hashtable-ref mapping x x)))
          ((procedure? mapping) mapping)
          (else
           (error "treplace: expected an alist, a hash table or a procedure, got" mapping))))
  (tmap replace))

(define (tdrop n)
  "Leave out the first N elements."
  (transducer (f result x) ((left n))
    (if (zero? left)
        (f result x)
        (begin (set! left (- left 1)) result))))

(define (tdrop-while pred)
  "Leave out the elements before the first that PRED is false of."
  (transducer (f result x) ((dropping #t))
    (if (and dropping (pred x))
        result
        (begin (set! dropping #f) (f result x)))))

(define (ttake n)
  "Give on the first N elements, and end."
  (transducer (f result x) ((left n))
    (cond ((zero? left) (reduced result))
          (else
           (set! left (- left 1))
           (let ((result (f result x)))
             (if (zero? left) (ensure-reduced result) result))))))

(define* (ttake-while pred #:optional (last (lambda (result x) result)))
  "Give on the elements before the first that PRED is false of, and end; LAST
makes the final result from the result and that element."
  (transducer (f result x) ((taking #t))
    (if (and taking (pred x))
        (f result x)
        (begin (set! taking #f) (reduced (last result x))))))

(define (tconcatenate f)
  "Give on the elements of lists."
  (let ((step (preserving-reduced f)))
    (case-lambda
      (() (f))
      ((result) (f result))
      ((result x) (list-reduce step result x)))))

(define (tappend-map proc)
  "Give on the elements of the lists that PROC makes."
  (lambda (f) ((tmap proc) (tconcatenate f))))

(define (tflatten f)
  "Give on the elements of lists, at any depth, that are no lists."
  (case-lambda
    (() (f))
    ((result) (f result))
    ((result x)
     (if (list? x)
         (list-reduce (preserving-reduced (tflatten f)) result x)
         (f result x)))))

(define* (tdelete-neighbor-duplicates #:optional (same? equal?))
  "Leave out elements that are SAME? as the one before."
  (let ((none (list 'none)))
    (transducer (f result x) ((before none))
      (if (and (not (eq? before none)) (same? before x))
          result
          (begin (set! before x) (f result x))))))

(define* (tdelete-duplicates #:optional (same? equal?))
  "Leave out elements that are SAME? as one before."
  (if (memq same? (list eq? eqv? equal?))
      (transducer (f result x) ((seen (make-hash-table)))
        (if (hash-ref seen x)
            result
            (begin (hash-set! seen x #t) (f result x))))
      (transducer (f result x) ((seen '()))
        (if (or-map (lambda (y) (same? y x)) seen)
            result
            (begin (set! seen (cons x seen)) (f result x))))))

;; Ends a reduction whose transducer holds back something.
(define (finish f result)
  (f (if (reduced? result) (unreduce result) result)))

(define (tsegment n)
  "Give on lists of N elements, the last one maybe of fewer."
  (unless (and (exact-integer? n) (positive? n))
    (error "tsegment: expected a positive exact integer, got" n))
  (transducer (f result x) ((count 0) (held '()))
    (if (null? held)
        (f result)
        (let ((last (reverse! held)))
          (set! held '())
          (set! count 0)
          (finish f (f result last))))
    (begin
      (set! held (cons x held))
      (set! count (+ count 1))
      (if (< count n)
          result
          (let ((segment (reverse! held)))
            (set! held '())
            (set! count 0)
            (f result segment))))))

(define (tpartition proc)
  "Give on lists of neighbours for which PROC has the same value."
  (let ((none (list 'none)))
    (transducer (f result x) ((before none) (held '()))
      (if (null? held)
          (f result)
          (let ((last (reverse! held)))
            (set! held '())
            (finish f (f result last))))
      (let ((value (proc x)))
        (cond ((or (eq? before none) (equal? before value))
               (set! before value)
               (set! held (cons x held))
               result)
              (else
               (let ((part (reverse! held)))
                 (set! before value)
                 (set! held (list x))
                 (f result part))))))))

(define (tadd-between separator)
  "Give on SEPARATOR between the elements."
  (transducer (f result x) ((later? #f))
    (if later?
        (let ((result (f result separator)))
          (if (reduced? result) result (f result x)))
        (begin (set! later? #t) (f result x)))))

(define* (tenumerate #:optional (start 0))
  "Give on pairs of a number, counted from START, and the element."
  (transducer (f result x) ((n start))
    (let ((pair (cons n x)))
      (set! n (+ n 1))
      (f result pair))))

(define* (tlog #:optional (log (lambda (result x) (write x) (newline))))
  "Call LOG with the result so far and each element, which is given on."
  (transducer (f result x) ()
    (begin (log result x) (f result x))))
