;;; R6RS (rnrs base).
;;;
;;; Commentary:
;;; Exactly the names of the report's chapter 11, so that a library that imports
;;; (rnrs base) alone sees nothing else.  Most are the core's; division that
;;; rounds toward negative infinity has other names there, and error and
;;; assertion-violation raise conditions of R6RS.
;;; Code:

(define-module (rnrs base)
  #:use-module ((scheme base) #:select (vector-map vector-for-each string-for-each
                                        vector->list))
  #:use-module ((rnrs conditions) #:select (condition make-assertion-violation
                                            make-error
                                            make-message-condition
                                            make-irritants-condition
                                            make-who-condition))
  #:use-module ((rnrs exceptions) #:select (raise))
  #:export (infinite? finite? div mod div-and-mod div0 mod0
            div0-and-mod0 real-valued? rational-valued?
            integer-valued? assertion-violation assert)
  #:replace ((r6:error . error) (r6:vector-map . vector-map)
             (r6:vector-for-each . vector-for-each)
             (r6:string-for-each . string-for-each)
             boolean=? symbol=?)
  #:re-export (
   * + - ... / < <= = => > >= _ abs acos and angle append apply asin atan begin
   boolean? caaaar caaadr caaar caadar caaddr caadr caar cadaar cadadr
   cadar caddar cadddr caddr cadr call-with-current-continuation
   call-with-values call/cc car case cdaaar cdaadr cdaar cdadar cdaddr cdadr
   cdar cddaar cddadr cddar cdddar cddddr cdddr cddr cdr ceiling char->integer
   char<=? char<? char=? char>=? char>? char? complex? cond cons cos define
   define-syntax denominator dynamic-wind else eq? equal? eqv? even? exact
   exact-integer-sqrt exact? exp expt floor for-each gcd identifier-syntax if
   imag-part inexact inexact? integer->char integer? lambda lcm length let let*
   let*-values let-syntax let-values letrec letrec* letrec-syntax list
   list->string list->vector list-ref list-tail list? log magnitude make-polar
   make-rectangular make-string make-vector map max min nan? negative? not null?
   number->string number? numerator odd? or pair? positive? procedure?
   quasiquote quote rational? rationalize real-part real? reverse round set! sin
   sqrt string string->list string->number string->symbol string-append
   string-copy string-length string-ref string<=? string<?
   string=? string>=? string>? string? substring symbol->string symbol?
   syntax-rules tan truncate unquote unquote-splicing values vector vector->list
   vector-fill! vector-length vector-ref vector-set!
   vector? zero?))

(define (div a b)
  "The integer q with A = q×B + r and 0 ≤ r < |B|."
  (euclidean-quotient a b))
(define (mod a b) "A − (div A B) × B." (euclidean-remainder a b))
(define (div-and-mod a b) "Both div and mod of A and B." (euclidean/ a b))
(define (div0 a b)
  "The integer q with A = q×B + r and −|B/2| ≤ r < |B/2|."
  (centered-quotient a b))
(define (mod0 a b) "A − (div0 A B) × B." (centered-remainder a b))
(define (div0-and-mod0 a b) "Both div0 and mod0 of A and B." (centered/ a b))

(define (infinite? x)
  "True if the number X is an infinity, or has one as a part."
  ((@ (scheme inexact) infinite?) x))
(define (finite? x)
  "True if the number X is neither infinite nor not a number."
  ((@ (scheme inexact) finite?) x))

(define (real-valued? x)
  "True if X is a number that equals a real one in the sense of =."
  (and (number? x) (or (real? x) (zero? (imag-part x)))))
(define (rational-valued? x)
  "True if X is a number that equals a rational one in the sense of =."
  (and (real-valued? x) (rational? (real-part x))))
(define (integer-valued? x)
  "True if X is a number that equals an integer in the sense of =."
  (and (real-valued? x) (integer? (real-part x))))

(define (%all-same? x rest) (and-map (lambda (y) (eq? x y)) rest))

(define (boolean=? . xs)
  "True if all XS are booleans and the same."
  (or (null? xs)
      (and (boolean? (car xs)) (%all-same? (car xs) (cdr xs)))))

(define (symbol=? . xs)
  "True if all XS are symbols and the same."
  (or (null? xs)
      (and (symbol? (car xs)) (%all-same? (car xs) (cdr xs)))))

(define (%check-lengths who size sequence more)
  (let ((n (size sequence)))
    (unless (and-map (lambda (other) (= (size other) n)) more)
      (apply assertion-violation who "sequences of different lengths" sequence more))))

(define (r6:vector-map f vector . more)
  "The vector of what F gives for the elements of VECTOR and MORE, all of one
length."
  (%check-lengths 'vector-map vector-length vector more)
  (apply vector-map f vector more))

(define (r6:vector-for-each f vector . more)
  "Call F with the elements of VECTOR and MORE, all of one length."
  (%check-lengths 'vector-for-each vector-length vector more)
  (apply vector-for-each f vector more))

(define (r6:string-for-each f string . more)
  "Call F with the characters of STRING and MORE, all of one length."
  (%check-lengths 'string-for-each string-length string more)
  (apply string-for-each f string more))

(define (%raise kind who message irritants)
  (raise
   (apply condition
          (append (list kind)
                  (if who (list (make-who-condition who)) '())
                  (list (make-message-condition message)
                        (make-irritants-condition irritants))))))

(define (r6:error who message . irritants)
  "Raise an &error in WHO (a string, a symbol or #f), with a message and IRRITANTS."
  (%raise (make-error) who message irritants))

(define (assertion-violation who message . irritants)
  "Raise an &assertion in WHO (a string, a symbol or #f), with a message and IRRITANTS."
  (%raise (make-assertion-violation) who message irritants))

(define (%assertion-failed form)
  (raise (condition (make-assertion-violation)
                    (make-message-condition
                     (call-with-output-string
                      (lambda (port)
                        (display "assertion failed: " port)
                        (write form port)))))))

(define-syntax assert
  (syntax-rules ()
    ((_ expression) (or expression (%assertion-failed 'expression)))))
