;;; SRFI 71: let, let* and letrec for multiple values.
;;;
;;; Commentary:
;;; A binding is (variable ... expression), or ((values variable ... . rest)
;;; expression); a single variable is an ordinary binding.
;;; Code:

(define-module (srfi srfi-71)
  #:use-module ((guile) #:select ((let . %let) (letrec . %letrec)))
  #:export (uncons uncons-2 uncons-3 uncons-4 uncons-cons unlist unvector
            values->list values->vector)
  #:replace (let let* letrec))

(define-syntax let
  (lambda (x)
    (define (plain? binding)
      (syntax-case binding ()
        ((name expr) (identifier? #'name) #t)
        (_ #f)))
    (syntax-case x ()
      ((_ (binding ...) body0 body ...)
       (and-map plain? #'(binding ...))
       #'(%let (binding ...) body0 body ...))
      ((_ name (binding ...) body0 body ...)
       (identifier? #'name)
       #'(%let name (binding ...) body0 body ...))
      ((_ (binding ...) body0 body ...)
       #'(%let-values (binding ...) () (begin body0 body ...))))))

;; Evaluates the expressions into temporaries, then binds all variables at
;; once.
(define-syntax %let-values
  (lambda (x)
    (syntax-case x ()
      ((_ () ((var temp) ...) (begin body0 body ...))
       #'(%let ((var temp) ...) body0 body ...))
      ((_ (((values . formals) expr) binding ...) pairs body)
       (and (identifier? #'values) (eq? (syntax->datum #'values) 'values))
       #'(%receive formals () expr (binding ...) pairs body))
      ((_ ((var ... expr) binding ...) pairs body)
       #'(%receive (var ...) () expr (binding ...) pairs body)))))

(define-syntax %receive
  (lambda (x)
    (syntax-case x ()
      ((_ () ((var temp) ...) expr bindings (pair ...) body)
       #'(call-with-values (lambda () expr)
           (lambda (temp ...)
             (%let-values bindings (pair ... (var temp) ...) body))))
      ((_ (var . rest) (done ...) expr bindings pairs body)
       #'(%receive rest (done ... (var t)) expr bindings pairs body))
      ((_ last ((var temp) ...) expr bindings (pair ...) body)
       (identifier? #'last)
       #'(call-with-values (lambda () expr)
           (lambda (temp ... . t)
             (%let-values bindings (pair ... (var temp) ... (last t)) body)))))))

(define-syntax let*
  (lambda (x)
    (syntax-case x ()
      ((_ () body0 body ...)
       #'(%let () body0 body ...))
      ((_ (binding) body0 body ...)
       #'(let (binding) body0 body ...))
      ((_ (binding rest ...) body0 body ...)
       #'(let (binding) (let* (rest ...) body0 body ...))))))

(define-syntax letrec
  (lambda (x)
    (define (plain? binding)
      (syntax-case binding ()
        ((name expr) (identifier? #'name) #t)
        (_ #f)))
    (syntax-case x ()
      ((_ (binding ...) body0 body ...)
       (and-map plain? #'(binding ...))
       #'(%letrec (binding ...) body0 body ...))
      ((_ ((var ... expr) ...) body0 body ...)
       #'(%let ()
           (define-values (var ...) expr) ...
           (%let () body0 body ...))))))

(define-syntax values->list
  (syntax-rules ()
    ((_ expr) (call-with-values (lambda () expr) list))))

(define-syntax values->vector
  (syntax-rules ()
    ((_ expr) (call-with-values (lambda () expr) vector))))

(define (uncons l)
  "Return the car and the cdr of L."
  (values (car l) (cdr l)))
(define (uncons-2 l)
  "Return the first two elements of L and the rest."
  (values (car l) (cadr l) (cddr l)))
(define (uncons-3 l)
  "Return the first three elements of L and the rest."
  (values (car l) (cadr l) (caddr l) (cdddr l)))
(define (uncons-4 l)
  "Return the first four elements of L and the rest."
  (values (car l) (cadr l) (caddr l) (cadddr l) (cddddr l)))
(define (uncons-cons l)
  "Return the car and the cdr of the first element of L and the rest."
  (values (caar l) (cdar l) (cdr l)))
(define (unlist l)
  "Return the elements of L as values."
  (apply values l))
(define (unvector v)
  "Return the elements of V as values."
  (apply values (vector->list v)))
