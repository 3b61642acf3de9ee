;;; Commentary:
;;;
;;; Errors as Libgcrypt numbers them, under Guile-Gcrypt's interface.  Nothing
;;; here raises them.
;;;
;;; Code:

(define-module (gcrypt common)
  #:export (gcrypt-version
            error-source
            error-string
            error-code
            error-code=?
            error-code/no-error
            error-code/bad-mpi
            error-code/not-found
            error-code/bad-signature
            error-code/no-secret-key
            error-code/inv-value))

(define (gcrypt-version)
  "Return the version of Libgcrypt whose interface this follows."
  "1.10.0")

(define error-code/no-error 0)
(define error-code/bad-signature 8)
(define error-code/no-secret-key 17)
(define error-code/not-found 27)
(define error-code/bad-mpi 30)
(define error-code/inv-value 55)

(define (error-code err)
  "Return the code in ERR, an error number."
  (logand err #xffff))
(define (error-code=? a b)
  "Return true if the error numbers A and B have the same code."
  (= (error-code a) (error-code b)))
(define (error-source err)
  "Return the name of the part that raised ERR."
  "gcrypt")
(define (error-string err)
  "Return a text for ERR."
  (string-append "error " (number->string (error-code err))))
