;;; Guile's (ice-9 list): association lists looked up by their values.

(define-module (ice-9 list)
  #:export (rassoc rassv rassq))

(define (lookup same? value alist)
  (cond ((null? alist) #f)
        ((same? value (cdar alist)) (car alist))
        (else (lookup same? value (cdr alist)))))

(define* (rassoc value alist #:optional (same? equal?))
  "The first pair of ALIST whose cdr is SAME? as VALUE, or #f."
  (lookup same? value alist))

(define (rassv value alist) "rassoc by eqv?." (lookup eqv? value alist))

(define (rassq value alist) "rassoc by eq?." (lookup eq? value alist))
