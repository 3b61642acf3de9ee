;;; R7RS (scheme base).
;;;
;;; Most names are those of (guile).  The few that differ are defined here:
;;; bytevector-copy! takes its arguments in another order, and vector and
;;; string procedures take several sequences and ranges, member and assoc
;;; compare by a given procedure, error keeps message and irritants apart, and
;;; let-syntax makes a scope for definitions.

(define-module (scheme base)
  #:use-module ((srfi srfi-34) #:select ((raise . srfi-34:raise)))
  #:use-module ((srfi srfi-1) #:select (member assoc))
  #:export (raise-continuable error-object? error-object-message
            error-object-irritants read-error? file-error? features
            string-map string-for-each vector-map vector-for-each
            exact-integer-sqrt truncate/ floor/ list-set! string->vector
            vector->string syntax-error)
  #:replace ((r7rs:bytevector-copy! . bytevector-copy!)
             (r7rs:let-syntax . let-syntax)
             (r7rs:expt . expt)
             (r7rs:letrec-syntax . letrec-syntax)
             (srfi-34:raise . raise)
             (r7rs:error . error))
  #:re-export (
   * + - ... / < <= = => > >= _ abs and append apply assoc assq assv
   begin binary-port? boolean=? boolean? bytevector bytevector-append
   bytevector-copy bytevector-length bytevector-u8-ref
   bytevector-u8-set! bytevector? caar cadr
   call-with-current-continuation call-with-port call-with-values
   call/cc car case cdar cddr cdr ceiling char->integer char-ready?
   char<=? char<? char=? char>=? char>? char? close-input-port
   close-output-port close-port complex? cond cond-expand cons
   current-error-port current-input-port current-output-port define
   define-record-type define-syntax define-values denominator do
   dynamic-wind else eof-object eof-object? eq? equal? eqv? even?
   exact exact-integer? exact? floor floor-quotient
   floor-remainder flush-output-port for-each gcd
   get-output-bytevector get-output-string guard if include include-ci
   inexact inexact? input-port-open? input-port? integer->char
   integer? lambda lcm length let let* let*-values    let-values letrec letrec* list list->string
   list->vector list-copy list-ref list-tail list? make-bytevector
   make-list make-parameter make-string make-vector map max member
   memq memv min modulo negative? newline not null? number->string
   number? numerator odd? open-input-bytevector open-input-string
   open-output-bytevector open-output-string or output-port-open?
   output-port? pair? parameterize peek-char peek-u8 port? positive?
   procedure? quasiquote quote quotient rational? rationalize
   read-bytevector read-bytevector! read-char read-line read-string
   read-u8 real? remainder reverse round set! set-car! set-cdr! square
   string string->list string->number string->symbol string->utf8
   string-append string-copy string-copy! string-fill! string-length
   string-ref string-set! string<=? string<? string=? string>=?
   string>? string? substring symbol->string symbol=? symbol?
   syntax-rules textual-port? truncate truncate-quotient
   truncate-remainder u8-ready? unless unquote unquote-splicing
   utf8->string values vector vector->list vector-append vector-copy
   vector-copy! vector-fill! vector-length vector-ref vector-set!
   vector? when with-exception-handler write-bytevector write-char
   write-string write-u8 zero?))

(define (raise-continuable object) (raise-exception object #:continuable? #t))

(define (r7rs:error message . irritants)
  "Raise an error object of MESSAGE, usually a string, and IRRITANTS."
  (raise-exception
   (make-exception (make-error)
                   (make-exception-with-message message)
                   (make-exception-with-irritants irritants))))

;; Zero to the power of zero is as inexact as the base.
(define (r7rs:expt z1 z2)
  (if (eqv? z1 0.0) (exact->inexact (expt z1 z2)) (expt z1 z2)))

(define-syntax-rule (r7rs:let-syntax (binding ...) form ...)
  (let-syntax (binding ...) (let () form ...)))
(define-syntax-rule (r7rs:letrec-syntax (binding ...) form ...)
  (letrec-syntax (binding ...) (let () form ...)))

(define (error-object? x) (exception? x))
(define (error-object-message x)
  (and (exception-with-message? x) (exception-message x)))
(define (error-object-irritants x)
  (and (exception-with-irritants? x) (exception-irritants x)))

(define (read-error? x) (lexical-error? x))
(define (file-error? x) (and (exception? x) (eq? (exception-kind x) 'system-error)))

(define (features) %cond-expand-features)

(define (string-map f s . rest)
  (list->string (apply map f (string->list s) (map string->list rest))))
(define (string-for-each f s . rest)
  (apply for-each f (string->list s) (map string->list rest)))
(define (vector-map f v . rest)
  (list->vector (apply map f (vector->list v) (map vector->list rest))))
(define (vector-for-each f v . rest)
  (apply for-each f (vector->list v) (map vector->list rest)))
