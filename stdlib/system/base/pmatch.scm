;;; Commentary:
;;;
;;; A small pattern matcher: (pmatch EXPR (PATTERN [(guard TEST...)] BODY...)
;;; ... [(else BODY...)]).  In a pattern ,var binds, other pairs match pairs, _
;;; matches all, other data match what is eqv? (equal? for strings).
;;;
;;; Code:

(define-module (system base pmatch)
  #:export (pmatch))

(define-syntax pmatch
  (syntax-rules ()
    ((_ expr clause ...)
     (let ((value expr))
       (pmatch-clauses value clause ...)))))

(define-syntax pmatch-clauses
  (syntax-rules (else guard)
    ((_ value) (if #f #f))
    ((_ value (else body ...)) (let () body ...))
    ((_ value (pattern (guard test ...) body ...) clause ...)
     (let ((fail (lambda () (pmatch-clauses value clause ...))))
       (pmatch-pattern value pattern
                       (if (and test ...) (let () body ...) (fail))
                       (fail))))
    ((_ value (pattern body ...) clause ...)
     (let ((fail (lambda () (pmatch-clauses value clause ...))))
       (pmatch-pattern value pattern (let () body ...) (fail))))))

(define-syntax pmatch-pattern
  (syntax-rules (_ quote unquote)
    ((__ value _ success failure) success)
    ((__ value (unquote var) success failure)
     (let ((var value)) success))
    ((__ value (quote datum) success failure)
     (if (equal? value 'datum) success failure))
    ((__ value () success failure)
     (if (null? value) success failure))
    ((__ value (first . rest) success failure)
     (if (pair? value)
         (let ((a (car value)) (d (cdr value)))
           (pmatch-pattern a first
                           (pmatch-pattern d rest success failure)
                           failure))
         failure))
    ((__ value datum success failure)
     (if (equal? value 'datum) success failure))))
