;;; Nix's base32.
;;;
;;; Commentary:
;;;
;;; The encoding of hashes in store paths and origins (Guix manual, "origin
;;; Reference"): digits 0-9 a-z without e, o, u and t, the last bits first.
;;;
;;; Code:

(define-module (guix base32)
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

(define-syntax base32
  (lambda (s)
    "Return the bytevector of STR, in base32; a literal is checked when the
form is expanded, so that a mistyped hash is reported where it stands."
    (syntax-case s ()
      ((_ str)
       (string? (syntax->datum #'str))
       (catch #t
         (lambda ()
           (let ((bytes (nix-base32-string->bytevector
                         (syntax->datum #'str))))
             #`(quote #,(datum->syntax s bytes))))
         (lambda (key . args)
           (syntax-violation 'base32
                             "not a hash in nix-base32"
                             s #'str))))
      ((_ exp) #'(nix-base32-string->bytevector exp))
      (id (identifier? #'id) #'nix-base32-string->bytevector))))
