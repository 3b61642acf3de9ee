;;; Commentary:
;;;
;;; Random bytes under Guile-Gcrypt's interface.  They come from the kernel,
;;; whatever the level.
;;;
;;; Code:

(define-module (gcrypt random)
  #:use-module (gcrypt base64)
  #:use-module (fruix native codec)
  #:export (%gcry-weak-random
            %gcry-strong-random
            %gcry-very-strong-random
            gen-random-bv
            random-token))

(define %gcry-weak-random 0)
(define %gcry-strong-random 1)
(define %gcry-very-strong-random 2)

(define* (gen-random-bv #:optional (bytes 50) (level %gcry-strong-random))
  "Return a bytevector of BYTES random bytes."
  (%random-bytes bytes))

(define* (random-token #:optional (bytes 30) (type 'strong))
  "Return BYTES random bytes as text that can stand in a URL."
  (base64-encode (%random-bytes bytes) 0 bytes #f #t base64url-alphabet))
