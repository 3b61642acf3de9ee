;;; Nix's base32.
;;;
;;; Commentary:
;;;
;;; The encoding of hashes in store paths and origins (Guix manual, "origin
;;; Reference"): digits 0-9 a-z without e, o, u and t, the last bits first.
;;;
;;; Code:

(define-module (guix base32)
  #:use-module (rnrs bytevectors)
  #:use-module (fruix native store)
  #:export (bytevector->nix-base32-string
            nix-base32-string->bytevector
            base32
            base16-string->bytevector
            bytevector->base16-string))

(define (bytevector->nix-base32-string bv)
  "Return BV in base32."
  (%bytevector->nix-base32 bv))

(define (nix-base32-string->bytevector str)
  "Return the bytes that STR stands for; raise an error for a bad digit."
  (%nix-base32->bytevector str))

(define (bytevector->base16-string bv)
  "Return BV in hexadecimal."
  (%bytevector->base16 bv))

(define (base16-string->bytevector str)
  "Return the bytes of the hexadecimal STR."
  (%base16->bytevector str))

(eval-when (expand load eval)
  (define (base32-fault text)
    "Return what is wrong with TEXT, which is no hash."
    (let ((bad (string-index text
                             (lambda (c)
                               (not (string-index
                                     "0123456789abcdfghijklmnpqrsvwxyz" c))))))
      (cond (bad
             (format #f "~s is no digit of nix-base32, which has 0-9 and a-z \
without e, o, u and t" (string (string-ref text bad))))
            ((memv (string-length text) '(26 32 52 103))
             "not a hash in nix-base32: its first digit is too large")
            (else
             (format #f "~a digits are not the length of any hash; sha256 has \
52" (string-length text)))))))

(define-syntax base32
  (lambda (s)
    "Return the bytevector of STR, in base32; a literal is checked when the
form is expanded, so that a mistyped hash is reported where it stands."
    (syntax-case s ()
      ((_ str)
       (string? (syntax->datum #'str))
       (let* ((text  (syntax->datum #'str))
              (bytes (catch #t
                       (lambda () (nix-base32-string->bytevector text))
                       (lambda _
                         (syntax-violation 'base32 (base32-fault text)
                                           s #'str)))))
         (unless (memv (bytevector-length bytes) '(16 20 32 64))
           (syntax-violation 'base32 (base32-fault text) s #'str))
         #`(quote #,(datum->syntax s bytes))))
      ((_ exp) #'(nix-base32-string->bytevector exp))
      (id (identifier? #'id) #'nix-base32-string->bytevector))))
