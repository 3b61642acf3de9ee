;;; Lists: the procedures of Guile's core that call procedures.
;;;
;;; Commentary:
;;; The files in this folder are the boot library, the part of the module
;;; (guile) that is written in Scheme: procedures that call procedures, so that
;;; continuations pass through them.  A file holds definitions only, each
;;; beginning in the first column; a definition is compiled when its name is
;;; first used.
;;; Code:

(define (%wrong-type who position value)
  (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
             (list position value) (list value)))

(define (%out-of-range who position value)
  (scm-error 'out-of-range who "Argument ~A out of range: ~S"
             (list position value) (list value)))

;; What is left of two lists where the shorter one ends must be of lists, too.
(define (%check-ends who l1 l2)
  (cond ((not (or (pair? l1) (null? l1))) (%wrong-type who 2 l1))
        ((not (or (pair? l2) (null? l2))) (%wrong-type who 3 l2))))

(define map
  (case-lambda
    ((f l)
     (let map1 ((l l))
       (if (pair? l)
           (let ((x (f (car l))))
             (cons x (map1 (cdr l))))
           (if (null? l) '() (%wrong-type "map" 2 l)))))
    ((f l1 l2)
     (%check-finite "map" l1 l2)
     (let map2 ((l1 l1) (l2 l2))
       (if (and (pair? l1) (pair? l2))
           (let ((x (f (car l1) (car l2))))
             (cons x (map2 (cdr l1) (cdr l2))))
           (begin (%check-ends "map" l1 l2) '()))))
    ((f l1 l2 l3 . rest)
     (apply %check-finite "map" l1 l2 l3 rest)
     (let mapn ((ls (cons* l1 l2 l3 rest)))
       (if (%all-pairs? ls)
           (let ((x (apply f (%cars ls))))
             (cons x (mapn (%cdrs ls))))
           '())))))

;; One of several lists has to end.
(define (%check-finite who . lists)
  (if (not (or-map length+ lists))
      (scm-error 'wrong-type-arg who "Args do not contain a proper (finite) list: ~S"
                 (list lists) #f)))

(define (map-in-order f l . rest)
  (apply map f l rest))

(define (%all-pairs? ls)
  (or (null? ls)
      (and (pair? (car ls)) (%all-pairs? (cdr ls)))))

(define (%cars ls)
  (if (pair? ls) (cons (car (car ls)) (%cars (cdr ls))) '()))

(define (%cdrs ls)
  (if (pair? ls) (cons (cdr (car ls)) (%cdrs (cdr ls))) '()))

(define for-each
  (case-lambda
    ((f l)
     (let loop ((l l))
       (if (pair? l)
           (begin (f (car l)) (loop (cdr l)))
           (if (null? l) (if #f #f) (%wrong-type "for-each" 2 l)))))
    ((f l1 l2)
     (%check-finite "for-each" l1 l2)
     (let loop ((l1 l1) (l2 l2))
       (if (and (pair? l1) (pair? l2))
           (begin (f (car l1) (car l2)) (loop (cdr l1) (cdr l2)))
           (%check-ends "for-each" l1 l2))))
    ((f l1 l2 l3 . rest)
     (apply %check-finite "for-each" l1 l2 l3 rest)
     (let loop ((ls (cons* l1 l2 l3 rest)))
       (if (%all-pairs? ls)
           (begin (apply f (%cars ls)) (loop (%cdrs ls))))))))

(define (filter pred l)
  (let loop ((rest l))
    (if (pair? rest)
        (if (pred (car rest))
            (cons (car rest) (loop (cdr rest)))
            (loop (cdr rest)))
        (if (null? rest) '() (%wrong-type "filter" 2 l)))))

(define (filter! pred l) (filter pred l))

(define (and-map pred l)
  (let loop ((result #t) (l l))
    (if (and (pair? l) result)
        (loop (pred (car l)) (cdr l))
        result)))

(define (or-map pred l)
  (let loop ((result #f) (l l))
    (if (and (pair? l) (not result))
        (loop (pred (car l)) (cdr l))
        result)))

(define (list-index l k)
  "Return the place of K in the list L by eq?, or #f.  That of SRFI 1 is
another procedure."
  (let loop ((l l) (i 0))
    (and (pair? l)
         (if (eq? (car l) k) i (loop (cdr l) (+ i 1))))))
