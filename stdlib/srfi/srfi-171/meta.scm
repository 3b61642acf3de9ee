;;; SRFI 171: what transducers are made of.
;;;
;;; Commentary:
;;; A reducer is a procedure of no, one and two arguments: the identity, the
;;; completion of a result, and a step.  A step may wrap its result by reduced
;;; to say that no more is wanted.
;;; Code:

(define-module (srfi srfi-171 meta)
  #:use-module (srfi srfi-9)
  #:use-module (rnrs bytevectors)
  #:export (reduced reduced? unreduce ensure-reduced preserving-reduced
            list-reduce vector-reduce string-reduce bytevector-u8-reduce
            port-reduce generator-reduce))

(define-record-type <reduced>
  (reduced value) reduced? (value unreduce))

(define (ensure-reduced x)
  "Return X, wrapped as the last result unless it is."
  (if (reduced? x) x (reduced x)))

(define (preserving-reduced reducer)
  "Return a step that keeps the wrapping of REDUCER's last result through an
inner reduction."
  (lambda (acc x)
    (let ((result (reducer acc x)))
      (if (reduced? result) (reduced result) result))))

(define (list-reduce f identity lst)
  "Step F through the elements of LST, from IDENTITY."
  (let loop ((acc identity) (l lst))
    (if (null? l)
        acc
        (let ((acc (f acc (car l))))
          (if (reduced? acc) (unreduce acc) (loop acc (cdr l)))))))

(define (%indexed-reduce f identity object ref n)
  (let loop ((acc identity) (i 0))
    (if (= i n)
        acc
        (let ((acc (f acc (ref object i))))
          (if (reduced? acc) (unreduce acc) (loop acc (+ i 1)))))))

(define (vector-reduce f identity vec)
  "Step F through the elements of VEC, from IDENTITY."
  (%indexed-reduce f identity vec vector-ref (vector-length vec)))

(define (string-reduce f identity str)
  "Step F through the characters of STR, from IDENTITY."
  (%indexed-reduce f identity str string-ref (string-length str)))

(define (bytevector-u8-reduce f identity bv)
  "Step F through the bytes of BV, from IDENTITY."
  (%indexed-reduce f identity bv bytevector-u8-ref (bytevector-length bv)))

(define (generator-reduce f identity gen)
  "Step F through what GEN gives until the end-of-file object, from IDENTITY."
  (let loop ((acc identity))
    (let ((x (gen)))
      (if (eof-object? x)
          acc
          (let ((acc (f acc x)))
            (if (reduced? acc) (unreduce acc) (loop acc)))))))

(define (port-reduce f identity reader port)
  "Step F through what READER reads from PORT, from IDENTITY."
  (generator-reduce f identity (lambda () (reader port))))
