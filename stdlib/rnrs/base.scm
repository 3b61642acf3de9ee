;;; R6RS (rnrs base), on top of (guile).

(define-module (rnrs base)
  #:use-module ((scheme base) #:select (vector-map vector-for-each))
  #:export (boolean=? symbol=? infinite? finite? div mod div-and-mod div0 mod0
            div0-and-mod0 exact-integer-sqrt real-valued? rational-valued?
            integer-valued? assertion-violation)
  #:re-export (vector-map vector-for-each))

(define (div a b) (euclidean-quotient a b))
(define (mod a b) (euclidean-remainder a b))
(define (div-and-mod a b) (euclidean/ a b))
(define (div0 a b) (centered-quotient a b))
(define (mod0 a b) (centered-remainder a b))
(define (div0-and-mod0 a b) (centered/ a b))
(define (real-valued? x) (and (number? x) (zero? (imag-part x))))
(define (rational-valued? x) (and (real-valued? x) (rational? (real-part x))))
(define (integer-valued? x) (and (real-valued? x) (integer? (real-part x))))

(define (assertion-violation who message . irritants)
  (scm-error 'misc-error (if (symbol? who) (symbol->string who) who)
             (apply string-append message (map (lambda (x) " ~S") irritants))
             irritants #f))
