;;; R6RS (rnrs arithmetic bitwise).
;;;
;;; Commentary:
;;; Operations on the bits of exact integers, which are seen as two's complement
;;; numbers without end on the left.
;;; Code:

(define-module (rnrs arithmetic bitwise)
  #:export (bitwise-not bitwise-and bitwise-ior bitwise-xor bitwise-if
            bitwise-bit-count bitwise-length bitwise-first-bit-set
            bitwise-bit-set? bitwise-copy-bit bitwise-bit-field
            bitwise-copy-bit-field bitwise-arithmetic-shift
            bitwise-arithmetic-shift-left bitwise-arithmetic-shift-right
            bitwise-rotate-bit-field bitwise-reverse-bit-field))

(define bitwise-not lognot)
(define bitwise-and logand)
(define bitwise-ior logior)
(define bitwise-xor logxor)
(define bitwise-length integer-length)
(define bitwise-bit-field bit-extract)
(define bitwise-arithmetic-shift ash)

(define (bitwise-if a b c)
  "The bits of B where A has ones, and those of C where it has zeros."
  (logior (logand a b) (logand (lognot a) c)))

(define (bitwise-bit-count x)
  "The number of ones in X, or of zeros, negated and less one, if X is negative."
  (if (negative? x) (lognot (logcount (lognot x))) (logcount x)))

(define (bitwise-first-bit-set x)
  "The index of the lowest one in X, or -1."
  (if (zero? x) -1 (- (integer-length (logxor x (- x 1))) 1)))

(define (bitwise-bit-set? x k) "True if bit K of X is one." (logbit? k x))

(define (%mask start end)
  (unless (<= 0 start end)
    (scm-error 'out-of-range #f "bit field ~S to ~S" (list start end) (list start end)))
  (ash (- (ash 1 (- end start)) 1) start))

(define (bitwise-copy-bit x k bit)
  "X with its bit K replaced by BIT."
  (bitwise-copy-bit-field x k (+ k 1) bit))

(define (bitwise-copy-bit-field to start end from)
  "TO with its bits from START to before END replaced by the low bits of FROM."
  (bitwise-if (%mask start end) (ash from start) to))

(define (bitwise-arithmetic-shift-left x k) "X shifted left by K." (ash x k))
(define (bitwise-arithmetic-shift-right x k) "X shifted right by K." (ash x (- k)))

(define (bitwise-rotate-bit-field x start end count)
  "X with its bits from START to before END rotated left by COUNT."
  (let ((width (- end start)))
    (if (positive? width)
        (let* ((count (modulo count width))
               (field (bit-extract x start end)))
          (bitwise-copy-bit-field
           x start end
           (logior (ash field count) (ash field (- count width)))))
        x)))

(define (bitwise-reverse-bit-field x start end)
  "X with its bits from START to before END in reverse order."
  (let loop ((i start) (out 0))
    (if (< i end)
        (loop (+ i 1) (logior (ash out 1) (bit-extract x i (+ i 1))))
        (bitwise-copy-bit-field x start end out))))
