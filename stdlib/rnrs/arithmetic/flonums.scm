;;; R6RS (rnrs arithmetic flonums).
;;;
;;; Commentary:
;;; Arithmetic on inexact real numbers.  Arguments are checked; results are
;;; flonums always, so that what would be complex is not a number.
;;; Code:

(define-module (rnrs arithmetic flonums)
  #:use-module ((rnrs base) #:select (assertion-violation div mod div0 mod0
                                      (infinite? . base:infinite?)
                                      (finite? . base:finite?)))
  #:use-module ((rnrs arithmetic fixnums) #:select (fixnum?))
  #:use-module (rnrs conditions)
  #:export (flonum? real->flonum fl=? fl<? fl<=? fl>? fl>=? flinteger? flzero?
            flpositive? flnegative? flodd? fleven? flfinite? flinfinite? flnan?
            flmax flmin fl+ fl* fl- fl/ flabs fldiv-and-mod fldiv flmod
            fldiv0-and-mod0 fldiv0 flmod0 flnumerator fldenominator flfloor
            flceiling fltruncate flround flexp fllog flsin flcos fltan flasin
            flacos flatan flsqrt flexpt &no-infinities
            make-no-infinities-violation no-infinities-violation? &no-nans
            make-no-nans-violation no-nans-violation? fixnum->flonum))

(define-condition-type &no-infinities &implementation-restriction
  make-no-infinities-violation no-infinities-violation?)
(define-condition-type &no-nans &implementation-restriction
  make-no-nans-violation no-nans-violation?)

(define (flonum? x) "True if X is an inexact real number." (and (real? x) (inexact? x)))

(define (%not-a-flonum who x) (assertion-violation who "not a flonum" x))

(define-syntax-rule (check who x ...)
  (begin (unless (flonum? x) (%not-a-flonum 'who x)) ...))

(define (%check-all who args)
  (for-each (lambda (x) (unless (flonum? x) (%not-a-flonum who x))) args))

(define (real->flonum x)
  "The flonum nearest to the real number X."
  (unless (real? x) (assertion-violation 'real->flonum "not a real number" x))
  (exact->inexact x))

(define (fixnum->flonum x)
  "The flonum nearest to the fixnum X."
  (unless (fixnum? x) (assertion-violation 'fixnum->flonum "not a fixnum" x))
  (exact->inexact x))

(define-syntax-rule (define-comparison name op)
  (define name
    (case-lambda
      ((a b) (check name a b) (op a b))
      (args (%check-all 'name args) (apply op args)))))
(define-comparison fl=? =)
(define-comparison fl<? <)
(define-comparison fl<=? <=)
(define-comparison fl>? >)
(define-comparison fl>=? >=)

(define-syntax-rule (define-unary name op)
  (define (name x) (check name x) (op x)))
(define-unary flinteger? integer?)
(define-unary flzero? zero?)
(define-unary flpositive? positive?)
(define-unary flnegative? negative?)
(define-unary flfinite? base:finite?)
(define-unary flinfinite? base:infinite?)
(define-unary flnan? nan?)
(define-unary flabs abs)
(define-unary flfloor floor)
(define-unary flceiling ceiling)
(define-unary fltruncate truncate)
(define-unary flround round)
(define-unary flexp exp)
(define-unary flsin sin)
(define-unary flcos cos)
(define-unary fltan tan)

(define (%integer who x)
  (unless (and (flonum? x) (integer? x))
    (assertion-violation who "not an integral flonum" x)))
(define (flodd? x) "True if X is an odd integer." (%integer 'flodd? x) (odd? x))
(define (fleven? x) "True if X is an even integer." (%integer 'fleven? x) (even? x))

(define-syntax-rule (define-fold name op)
  (define name
    (case-lambda
      ((a b) (check name a b) (exact->inexact (op a b)))
      (args (%check-all 'name args) (exact->inexact (apply op args))))))
(define-fold fl+ +)
(define-fold fl* *)

(define (flmax a . rest)
  "The greatest of A and REST; not a number if one of them is not."
  (%check-all 'flmax (cons a rest))
  (apply max a rest))
(define (flmin a . rest)
  "The least of A and REST; not a number if one of them is not."
  (%check-all 'flmin (cons a rest))
  (apply min a rest))
(define (fl- a . rest)
  "A less REST, or −A."
  (%check-all 'fl- (cons a rest))
  (apply - a rest))
(define (fl/ a . rest)
  "A divided by REST, or 1/A."
  (%check-all 'fl/ (cons a rest))
  (apply / a rest))

(define-syntax-rule (define-division name op)
  (define (name a b)
    (check name a b)
    (if (or (zero? b) (not (base:finite? a)) (nan? b))
        +nan.0
        (op a b))))
(define-division fldiv div)
(define-division flmod mod)
(define-division fldiv0 div0)
(define-division flmod0 mod0)
(define (fldiv-and-mod a b) "Both fldiv and flmod." (values (fldiv a b) (flmod a b)))
(define (fldiv0-and-mod0 a b)
  "Both fldiv0 and flmod0." (values (fldiv0 a b) (flmod0 a b)))

(define (flnumerator x)
  "The numerator of X in lowest terms."
  (check flnumerator x)
  (if (or (nan? x) (base:infinite? x) (zero? x)) x (numerator x)))
(define (fldenominator x)
  "The denominator of X in lowest terms; 1.0 for infinities."
  (check fldenominator x)
  (cond ((nan? x) x)
        ((base:infinite? x) 1.0)
        (else (denominator x))))

(define (%real x) (if (real? x) x +nan.0))

(define fllog
  (case-lambda
    ((x) (check fllog x) (if (eqv? x -0.0) -inf.0 (%real (log x))))
    ((x base) (check fllog x base) (/ (fllog x) (fllog base)))))
(define (flasin x) "The arc sine of X." (check flasin x) (%real (asin x)))
(define (flacos x) "The arc cosine of X." (check flacos x) (%real (acos x)))
(define flatan
  (case-lambda
    ((x) (check flatan x) (atan x))
    ((y x) (check flatan y x) (atan y x))))
(define (flsqrt x) "The square root of X." (check flsqrt x) (%real (sqrt x)))
(define (flexpt a b) "A to the power B." (check flexpt a b) (%real (expt a b)))
