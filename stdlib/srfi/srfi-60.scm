;;; SRFI 60: integers as bits.

(define-module (srfi srfi-60)
  #:export (bitwise-and bitwise-ior bitwise-xor bitwise-not any-bits-set?
            bit-count bitwise-if bitwise-merge log2-binary-factors
            first-set-bit bit-set? copy-bit bit-field copy-bit-field
            rotate-bit-field reverse-bit-field integer->list list->integer
            booleans->integer)
  #:re-export (logand logior logxor lognot logtest logcount integer-length
               logbit? ash arithmetic-shift))

(define bitwise-and logand)
(define bitwise-ior logior)
(define bitwise-xor logxor)
(define bitwise-not lognot)
(define any-bits-set? logtest)
(define bit-count logcount)
(define bit-set? logbit?)

(define (bitwise-if mask a b)
  (logior (logand mask a) (logand (lognot mask) b)))
(define bitwise-merge bitwise-if)

(define (log2-binary-factors n)
  (if (zero? n)
      -1
      (- (integer-length (logand n (- n))) 1)))
(define first-set-bit log2-binary-factors)

(define (copy-bit index n bit)
  (if bit
      (logior n (ash 1 index))
      (logand n (lognot (ash 1 index)))))

(define (%mask width) (- (ash 1 width) 1))

(define (bit-field n start end)
  (logand (ash n (- start)) (%mask (- end start))))

(define (copy-bit-field to from start end)
  (let ((mask (ash (%mask (- end start)) start)))
    (logior (logand to (lognot mask))
            (logand (ash from start) mask))))

(define (rotate-bit-field n count start end)
  (let ((width (- end start)))
    (if (zero? width)
        n
        (let* ((field (bit-field n start end))
               (k (modulo count width)))
          (copy-bit-field n
                          (logior (logand (ash field k) (%mask width))
                                  (ash field (- k width)))
                          start end)))))

(define (reverse-bit-field n start end)
  (let loop ((i 0) (field (bit-field n start end)) (out 0))
    (if (= i (- end start))
        (copy-bit-field n out start end)
        (loop (+ i 1) (ash field -1) (logior (ash out 1) (logand field 1))))))

(define* (integer->list n #:optional (width (integer-length n)))
  (let loop ((i 0) (n n) (out '()))
    (if (= i width)
        out
        (loop (+ i 1) (ash n -1) (cons (odd? n) out)))))

(define (list->integer bits)
  (let loop ((bits bits) (n 0))
    (if (pair? bits)
        (loop (cdr bits) (logior (ash n 1) (if (car bits) 1 0)))
        n)))

(define (booleans->integer . bits) (list->integer bits))
