;;; Guile's (ice-9 q): queues (manual, "Queues").
;;;
;;; Commentary:
;;; A queue is a pair of the list of its elements and the last pair of that
;;; list, #f while it is empty.  What takes an element from an empty queue
;;; throws q-empty.
;;; Code:

(define-module (ice-9 q)
  #:export (sync-q! make-q q? q-empty? q-empty-check q-front q-rear q-remove!
            q-push! enq! q-pop! deq! q-length))

(define (sync-q! q)
  "Make the last pair of Q right after its list was changed; return Q."
  (set-cdr! q (and (pair? (car q)) (last-pair (car q))))
  q)

(define (make-q)
  "Make an empty queue."
  (cons '() #f))

(define (q? obj)
  "Whether OBJ is a queue in good order."
  (and (pair? obj)
       (if (pair? (car obj))
           (eq? (cdr obj) (last-pair (car obj)))
           (and (null? (car obj)) (not (cdr obj))))))

(define (q-empty? q) "Whether Q has no elements." (null? (car q)))

(define (q-empty-check q)
  "Throw q-empty when Q has no elements."
  (when (q-empty? q) (throw 'q-empty q)))

(define (q-front q) "The first element of Q." (q-empty-check q) (caar q))

(define (q-rear q) "The last element of Q." (q-empty-check q) (cadr q))

(define (q-remove! q obj)
  "Take every OBJ out of Q; return Q."
  (set-car! q (delq! obj (car q)))
  (sync-q! q))

(define (q-push! q obj)
  "Put OBJ before the first element of Q; return Q."
  (set-car! q (cons obj (car q)))
  (unless (cdr q) (set-cdr! q (car q)))
  q)

(define (enq! q obj)
  "Put OBJ behind the last element of Q; return Q."
  (let ((last (list obj)))
    (if (q-empty? q)
        (set-car! q last)
        (set-cdr! (cdr q) last))
    (set-cdr! q last)
    q))

(define (q-pop! q)
  "Take the first element out of Q and return it."
  (q-empty-check q)
  (let ((first (caar q)))
    (set-car! q (cdar q))
    (when (q-empty? q) (set-cdr! q #f))
    first))

(define deq! q-pop!)

(define (q-length q) "How many elements Q has." (length (car q)))
