;;; Guile's (ice-9 common-list): list procedures after those of Common Lisp.
;;;
;;; Commentary:
;;; Elements are compared with eqv?.  (srfi srfi-1) has nearly all of these
;;; under other names.
;;; Code:

(define-module (ice-9 common-list)
  #:export (adjoin union intersection set-difference reduce-init reduce
            some every notany notevery count-if find-if member-if remove-if
            remove-if-not delete-if! delete-if-not! butlast and? or?
            has-duplicates? pick pick-mappings uniq))

(define (adjoin e l)
  "L with the element E, unless it has it already."
  (if (memv e l) l (cons e l)))

(define (union l1 l2)
  "The elements of L1 and of L2: those of L2 that L1 lacks are put before it."
  (let loop ((l2 l2) (out l1))
    (if (null? l2)
        out
        (loop (cdr l2) (adjoin (car l2) out)))))

(define (intersection l1 l2)
  "The elements of L1 that L2 has, too."
  (filter (lambda (e) (memv e l2)) l1))

(define (set-difference l1 l2)
  "The elements of L1 that L2 lacks."
  (filter (lambda (e) (not (memv e l2))) l1))

(define (reduce-init f init l)
  "Combine INIT and the elements of L with F from left to right."
  (let loop ((acc init) (l l))
    (if (null? l)
        acc
        (loop (f acc (car l)) (cdr l)))))

(define (reduce f l)
  "Combine the elements of L with F from left to right."
  (if (or (null? l) (null? (cdr l)))
      l
      (reduce-init f (car l) (cdr l))))

;; Call PRED with the first elements of LISTS, the second and so on until STOP?
;; is true of the result, which is returned; END is the result without one.
(define (walk pred lists stop? end)
  (let loop ((lists lists) (last end))
    (if (or-map null? lists)
        last
        (let ((x (apply pred (map car lists))))
          (if (stop? x) x (loop (map cdr lists) x))))))

(define (some pred l . rest)
  "The first true result of PRED on the elements of the lists, or #f."
  (walk pred (cons l rest) identity #f))

(define (every pred l . rest)
  "Whether PRED is true of all elements of the lists: its last result, or #f."
  (walk pred (cons l rest) not #t))

(define (notany pred . lists)
  "Whether PRED is true of no elements of the lists."
  (not (apply some pred lists)))

(define (notevery pred . lists)
  "Whether PRED is false of some elements of the lists."
  (not (apply every pred lists)))

(define (count-if pred l)
  "How many elements of L PRED is true of."
  (length (filter pred l)))

(define (find-if pred l)
  "The first element of L that PRED is true of, or #f."
  (let ((tail (member-if pred l)))
    (and tail (car tail))))

(define (member-if pred l)
  "L from the first element on that PRED is true of, or #f."
  (cond ((null? l) #f)
        ((pred (car l)) l)
        (else (member-if pred (cdr l)))))

(define (remove-if pred l)
  "The elements of L that PRED is false of."
  (filter (lambda (e) (not (pred e))) l))

(define (remove-if-not pred l)
  "The elements of L that PRED is true of."
  (filter pred l))

(define (delete-if! pred l)
  "The same as remove-if; the pairs of L may be reused."
  (filter! (lambda (e) (not (pred e))) l))

(define (delete-if-not! pred l)
  "The same as remove-if-not; the pairs of L may be reused."
  (filter! pred l))

(define (butlast l n)
  "L without its last N elements."
  (list-head l (max 0 (- (length l) n))))

(define (and? . args) "Whether all ARGS are true." (and-map identity args))

(define (or? . args) "Whether one of ARGS is true." (or-map identity args))

(define (has-duplicates? l)
  "Whether an element of L occurs twice in it."
  (and (pair? l)
       (or (and (memv (car l) (cdr l)) #t)
           (has-duplicates? (cdr l)))))

(define (pick pred l)
  "The elements of L that PRED is true of."
  (filter pred l))

(define (pick-mappings f l)
  "The true results of F on the elements of L."
  (filter identity (map f l)))

(define (uniq l)
  "L without the elements that occur again later."
  (if (null? l)
      '()
      (let ((rest (uniq (cdr l))))
        (if (memq (car l) rest) rest (cons (car l) rest)))))
