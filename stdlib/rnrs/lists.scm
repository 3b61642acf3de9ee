;;; R6RS (rnrs lists).

(define-module (rnrs lists)
  #:use-module ((srfi srfi-1) #:prefix srfi-1:)
  #:export (find for-all exists partition fold-left fold-right remp remove remv
            remq memp assp)
  #:re-export (filter member memv memq assoc assv assq cons*))

(define find srfi-1:find)
(define for-all srfi-1:every)
(define exists srfi-1:any)
(define partition srfi-1:partition)
(define fold-right srfi-1:fold-right)
(define (fold-left f init . lists)
  (apply srfi-1:fold (lambda args
                       (let ((n (- (length args) 1)))
                         (apply f (list-ref args n) (list-head args n))))
         init lists))
(define (remp pred l) (srfi-1:remove pred l))
(define (remove x l) (srfi-1:remove (lambda (y) (equal? x y)) l))
(define (remv x l) (srfi-1:remove (lambda (y) (eqv? x y)) l))
(define (remq x l) (srfi-1:remove (lambda (y) (eq? x y)) l))
(define (memp pred l) (srfi-1:find-tail pred l))
(define (assp pred l) (srfi-1:find (lambda (entry) (pred (car entry))) l))
