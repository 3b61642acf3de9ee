;;; SRFI 14: character sets.  What calls no procedure is native.

(define-module (srfi srfi-14)
  #:export (char-set-fold char-set-unfold char-set-unfold! char-set-for-each
            char-set-map char-set-count char-set-every char-set-any
            char-set-filter char-set-filter! char-set-cursor char-set-ref
            char-set-cursor-next end-of-char-set? char-set-diff+intersection)
  #:re-export (char-set? char-set= char-set<= char-set-hash char-set
               char-set-copy list->char-set list->char-set! string->char-set
               string->char-set! ucs-range->char-set ucs-range->char-set!
               ->char-set char-set-size char-set->list char-set->string
               char-set-contains? char-set-adjoin char-set-delete
               char-set-adjoin! char-set-delete! char-set-complement
               char-set-union char-set-intersection char-set-difference
               char-set-xor char-set-complement! char-set-union!
               char-set-intersection! char-set-difference! char-set-xor!
               char-set:lower-case char-set:upper-case char-set:title-case
               char-set:letter char-set:digit char-set:letter+digit
               char-set:graphic char-set:printing char-set:whitespace
               char-set:iso-control char-set:punctuation char-set:symbol
               char-set:hex-digit char-set:blank char-set:ascii
               char-set:empty char-set:full char-set:designated))

(define (char-set-fold kons knil cs)
  (let loop ((l (char-set->list cs)) (acc knil))
    (if (pair? l) (loop (cdr l) (kons (car l) acc)) acc)))

(define* (char-set-unfold stop? mapper successor seed
                          #:optional (base char-set:empty))
  (let loop ((seed seed) (chars '()))
    (if (stop? seed)
        (list->char-set chars base)
        (loop (successor seed) (cons (mapper seed) chars)))))

(define char-set-unfold! char-set-unfold)

(define (char-set-for-each proc cs) (for-each proc (char-set->list cs)))

(define (char-set-map proc cs) (list->char-set (map proc (char-set->list cs))))

(define (char-set-count pred cs)
  (char-set-fold (lambda (c n) (if (pred c) (+ n 1) n)) 0 cs))

(define (char-set-every pred cs) (and-map pred (char-set->list cs)))

(define (char-set-any pred cs) (or-map pred (char-set->list cs)))

(define* (char-set-filter pred cs #:optional (base char-set:empty))
  (list->char-set (filter pred (char-set->list cs)) base))

(define char-set-filter! char-set-filter)

;; A cursor is the list of the members that are left.
(define (char-set-cursor cs) (char-set->list cs))
(define (char-set-ref cs cursor) (car cursor))
(define (char-set-cursor-next cs cursor) (cdr cursor))
(define (end-of-char-set? cursor) (null? cursor))

(define (char-set-diff+intersection a . rest)
  (let ((b (apply char-set-union rest)))
    (values (char-set-difference a b) (char-set-intersection a b))))
