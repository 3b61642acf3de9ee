;;; R6RS (rnrs arithmetic fixnums).
;;;
;;; Commentary:
;;; Arithmetic on exact integers that fit a machine word, 62 bits as in Guile.
;;; The operations check that their arguments are fixnums, which is an
;;; &assertion otherwise, and that results are, which is an
;;; &implementation-restriction otherwise (an &assertion for fx-, as the report
;;; wants it), unless the report defines a result that wraps around.
;;; Code:

(define-module (rnrs arithmetic fixnums)
  #:use-module ((rnrs base) #:select (assertion-violation div mod div0 mod0))
  #:use-module ((rnrs arithmetic bitwise) #:prefix bits:)
  #:use-module (rnrs conditions)
  #:use-module ((rnrs exceptions) #:select (raise))
  #:export (fixnum? fixnum-width least-fixnum greatest-fixnum
            fx=? fx>? fx<? fx>=? fx<=?
            fxzero? fxpositive? fxnegative? fxodd? fxeven? fxmax fxmin
            fx+ fx* fx- fxdiv-and-mod fxdiv fxmod fxdiv0-and-mod0 fxdiv0 fxmod0
            fx+/carry fx-/carry fx*/carry fxnot fxand fxior fxxor fxif
            fxbit-count fxlength fxfirst-bit-set fxbit-set? fxcopy-bit
            fxbit-field fxcopy-bit-field fxarithmetic-shift
            fxarithmetic-shift-left fxarithmetic-shift-right
            fxrotate-bit-field fxreverse-bit-field))

(define %least most-negative-fixnum)
(define %greatest most-positive-fixnum)
(define %width (+ 1 (integer-length %greatest)))

(define (fixnum-width) "The number of bits of a fixnum." %width)
(define (least-fixnum) "The smallest fixnum." %least)
(define (greatest-fixnum) "The largest fixnum." %greatest)

(define (fixnum? x)
  "True if X is an exact integer between the least and the greatest fixnum."
  (and (exact-integer? x) (<= %least x %greatest)))

(define (%not-a-fixnum who x) (assertion-violation who "not a fixnum" x))

(define-syntax-rule (check who x ...)
  (begin (unless (fixnum? x) (%not-a-fixnum 'who x)) ...))

(define-syntax-rule (in-range who expression)
  (let ((value expression))
    (if (fixnum? value) value (%no-fixnum 'who value))))

(define (%no-fixnum who value)
  (raise (condition (make-implementation-restriction-violation)
                    (make-who-condition who)
                    (make-message-condition "the result is not a fixnum")
                    (make-irritants-condition (list value)))))

(define-syntax-rule (define-comparison name op)
  (define name
    (case-lambda
      ((a b) (check name a b) (op a b))
      ((a b . rest)
       (check name a b)
       (for-each (lambda (x) (check name x)) rest)
       (apply op a b rest)))))
(define-comparison fx=? =)
(define-comparison fx<? <)
(define-comparison fx>? >)
(define-comparison fx<=? <=)
(define-comparison fx>=? >=)

(define-syntax-rule (define-test name op)
  (define (name x) (check name x) (op x)))
(define-test fxzero? zero?)
(define-test fxpositive? positive?)
(define-test fxnegative? negative?)
(define-test fxodd? odd?)
(define-test fxeven? even?)

(define-syntax-rule (define-extreme name op)
  (define (name a . rest)
    (check name a)
    (for-each (lambda (x) (check name x)) rest)
    (apply op a rest)))
(define-extreme fxmax max)
(define-extreme fxmin min)

(define (fx+ a b) "A + B." (check fx+ a b) (in-range fx+ (+ a b)))
(define (fx* a b) "A × B." (check fx* a b) (in-range fx* (* a b)))
(define fx-
  (case-lambda
    ((a) (check fx- a) (%difference (- a)))
    ((a b) (check fx- a b) (%difference (- a b)))))

;; For this operation the report wants an &assertion.
(define (%difference x)
  (if (fixnum? x) x (assertion-violation 'fx- "the result is not a fixnum" x)))

(define (%check-divisor who b)
  (when (eqv? b 0) (assertion-violation who "division by zero")))

(define-syntax-rule (define-division name op)
  (define (name a b)
    (check name a b)
    (%check-divisor 'name b)
    (in-range name (op a b))))
(define-division fxdiv div)
(define-division fxmod mod)
(define-division fxdiv0 div0)
(define-division fxmod0 mod0)

(define (fxdiv-and-mod a b) "Both fxdiv and fxmod." (values (fxdiv a b) (fxmod a b)))
(define (fxdiv0-and-mod0 a b)
  "Both fxdiv0 and fxmod0." (values (fxdiv0 a b) (fxmod0 a b)))

;; The two values s0 and s1 with value = s0 + s1 × 2^width, s0 a fixnum.
(define (%carry value)
  (let* ((modulus (ash 1 %width))
         (low (mod0 value modulus)))
    (values low (div0 value modulus))))

(define (fx+/carry a b c)
  "A + B + C as low part and carry." (check fx+/carry a b c) (%carry (+ a b c)))
(define (fx-/carry a b c)
  "A − B − C as low part and carry." (check fx-/carry a b c) (%carry (- a b c)))
(define (fx*/carry a b c)
  "A × B + C as low part and carry." (check fx*/carry a b c) (%carry (+ (* a b) c)))

(define (fxnot x) "The bitwise complement of X." (check fxnot x) (lognot x))

(define-syntax-rule (define-logic name op)
  (define name
    (case-lambda
      ((a b) (check name a b) (op a b))
      (args (for-each (lambda (x) (check name x)) args) (apply op args)))))
(define-logic fxand logand)
(define-logic fxior logior)
(define-logic fxxor logxor)

(define (fxif a b c)
  "The bits of B where A has ones, and those of C where it has zeros."
  (check fxif a b c)
  (bits:bitwise-if a b c))
(define (fxbit-count x)
  "The number of ones in X, or of zeros, negated and less one, if X is negative."
  (check fxbit-count x)
  (bits:bitwise-bit-count x))
(define (fxlength x) "The number of bits that X needs." (check fxlength x) (integer-length x))
(define (fxfirst-bit-set x)
  "The index of the lowest one in X, or -1."
  (check fxfirst-bit-set x)
  (bits:bitwise-first-bit-set x))

;; Bit indices and shifts must lie within a fixnum.
(define (%check-index who k limit)
  (unless (and (fixnum? k) (<= 0 k) (< k limit))
    (assertion-violation who "bad bit index or shift" k)))
(define (%check-field who start end)
  (%check-index who start %width)
  (%check-index who end %width)
  (when (> start end)
    (assertion-violation who "the field ends before it starts" start end)))

;; The fixnum that has the low bits of x.
(define (%wrap x) (mod0 x (ash 1 %width)))

(define (fxbit-set? x k)
  "True if bit K of X is one."
  (check fxbit-set? x)
  (%check-index 'fxbit-set? k %width)
  (logbit? k x))
(define (fxcopy-bit x k bit)
  "X with its bit K replaced by BIT."
  (check fxcopy-bit x bit)
  (%check-index 'fxcopy-bit k %width)
  (%wrap (bits:bitwise-copy-bit x k bit)))
(define (fxbit-field x start end)
  "The bits of X from START to before END."
  (check fxbit-field x)
  (%check-field 'fxbit-field start end)
  (bit-extract x start end))
(define (fxcopy-bit-field to start end from)
  "TO with its bits from START to before END replaced by the low bits of FROM."
  (check fxcopy-bit-field to from)
  (%check-field 'fxcopy-bit-field start end)
  (%wrap (bits:bitwise-copy-bit-field to start end from)))
(define (fxarithmetic-shift x k)
  "X shifted left by K, or right by −K."
  (check fxarithmetic-shift x)
  (%check-index 'fxarithmetic-shift (abs k) %width)
  (in-range fxarithmetic-shift (ash x k)))
(define (fxarithmetic-shift-left x k)
  "X shifted left by K."
  (check fxarithmetic-shift-left x)
  (%check-index 'fxarithmetic-shift-left k %width)
  (in-range fxarithmetic-shift-left (ash x k)))
(define (fxarithmetic-shift-right x k)
  "X shifted right by K."
  (check fxarithmetic-shift-right x)
  (%check-index 'fxarithmetic-shift-right k %width)
  (ash x (- k)))
(define (fxrotate-bit-field x start end k)
  "X with its bits from START to before END rotated left by K."
  (check fxrotate-bit-field x)
  (%check-field 'fxrotate-bit-field start end)
  (%wrap (bits:bitwise-rotate-bit-field x start end k)))
(define (fxreverse-bit-field x start end)
  "X with its bits from START to before END in reverse order."
  (check fxreverse-bit-field x)
  (%check-field 'fxreverse-bit-field start end)
  (%wrap (bits:bitwise-reverse-bit-field x start end)))
