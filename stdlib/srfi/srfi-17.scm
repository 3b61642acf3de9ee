;;; SRFI 17: set! of what procedures compute.
;;;
;;; Commentary:
;;; (set! (proc arg ...) value) calls the setter of proc; that is part of the
;;; language.  This module gives the standard selectors their setters.
;;; Code:

(define-module (srfi srfi-17)
  #:use-module ((guile) #:prefix g:)
  #:export (getter-with-setter)
  #:replace (setter car cdr caar cadr cdar cddr
             caaar caadr cadar caddr cdaar cdadr cddar cdddr
             caaaar caaadr caadar caaddr cadaar cadadr caddar cadddr
             cdaaar cdaadr cdadar cdaddr cddaar cddadr cdddar cddddr
             string-ref vector-ref))

(define (getter-with-setter getter setter)
  "Return a procedure that does what GETTER does and has SETTER as its setter."
  (make-procedure-with-setter getter setter))

(define setter
  (getter-with-setter
   g:setter
   (lambda args (error "the setter of a procedure cannot be changed:" (g:car args)))))

(define-syntax define-pair-selectors
  (syntax-rules ()
    ((_ (name original set inner) ...)
     (begin
       (define name
         (getter-with-setter original
                             (lambda (pair value) (set (inner pair) value))))
       ...))))

(define car (getter-with-setter g:car set-car!))
(define cdr (getter-with-setter g:cdr set-cdr!))

(define-pair-selectors
  (caar g:caar set-car! g:car) (cadr g:cadr set-car! g:cdr)
  (cdar g:cdar set-cdr! g:car) (cddr g:cddr set-cdr! g:cdr)
  (caaar g:caaar set-car! g:caar) (caadr g:caadr set-car! g:cadr)
  (cadar g:cadar set-car! g:cdar) (caddr g:caddr set-car! g:cddr)
  (cdaar g:cdaar set-cdr! g:caar) (cdadr g:cdadr set-cdr! g:cadr)
  (cddar g:cddar set-cdr! g:cdar) (cdddr g:cdddr set-cdr! g:cddr)
  (caaaar g:caaaar set-car! g:caaar) (caaadr g:caaadr set-car! g:caadr)
  (caadar g:caadar set-car! g:cadar) (caaddr g:caaddr set-car! g:caddr)
  (cadaar g:cadaar set-car! g:cdaar) (cadadr g:cadadr set-car! g:cdadr)
  (caddar g:caddar set-car! g:cddar) (cadddr g:cadddr set-car! g:cdddr)
  (cdaaar g:cdaaar set-cdr! g:caaar) (cdaadr g:cdaadr set-cdr! g:caadr)
  (cdadar g:cdadar set-cdr! g:cadar) (cdaddr g:cdaddr set-cdr! g:caddr)
  (cddaar g:cddaar set-cdr! g:cdaar) (cddadr g:cddadr set-cdr! g:cdadr)
  (cdddar g:cdddar set-cdr! g:cddar) (cddddr g:cddddr set-cdr! g:cdddr))

(define string-ref (getter-with-setter g:string-ref string-set!))
(define vector-ref (getter-with-setter g:vector-ref vector-set!))
