;;; Commentary:
;;;
;;; Bytes in hexadecimal (RFC 4648, section 8), under Guile-Gcrypt's interface.
;;;
;;; Code:

(define-module (gcrypt base16)
  #:use-module (rnrs bytevectors)
  #:export (bytevector->base16-string
            base16-string->bytevector))

(define digits "0123456789abcdef")

(define (bytevector->base16-string bv)
  "Return the bytes of BV as a string of lower-case hexadecimal digits."
  (let* ((n      (bytevector-length bv))
         (result (make-string (* 2 n))))
    (let loop ((i 0))
      (if (= i n)
          result
          (let ((byte (bytevector-u8-ref bv i)))
            (string-set! result (* 2 i) (string-ref digits (ash byte -4)))
            (string-set! result (+ 1 (* 2 i))
                         (string-ref digits (logand byte 15)))
            (loop (+ i 1)))))))

(define (base16-string->bytevector text)
  "Return the bytes that TEXT, a string of hexadecimal digits, stands for."
  (define (digit i)
    (let ((c (string-ref text i)))
      (cond ((char<=? #\0 c #\9) (- (char->integer c) 48))
            ((char<=? #\a c #\f) (- (char->integer c) 87))
            ((char<=? #\A c #\F) (- (char->integer c) 55))
            (else
             (scm-error 'misc-error "base16-string->bytevector"
                        "~S is no hexadecimal digit" (list c) #f)))))
  (let ((n (string-length text)))
    (unless (even? n)
      (scm-error 'misc-error "base16-string->bytevector"
                 "~S has an odd number of digits" (list text) #f))
    (let ((result (make-bytevector (quotient n 2))))
      (let loop ((i 0))
        (if (= i n)
            result
            (begin
              (bytevector-u8-set! result (quotient i 2)
                                  (+ (* 16 (digit i)) (digit (+ i 1))))
              (loop (+ i 2))))))))
