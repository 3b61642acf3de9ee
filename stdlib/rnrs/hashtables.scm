;;; R6RS (rnrs hashtables), on top of SRFI 69's tables.

(define-module (rnrs hashtables)
  #:use-module ((srfi srfi-69) #:prefix t:)
  #:export (make-eq-hashtable make-eqv-hashtable make-hashtable hashtable?
            hashtable-size hashtable-ref hashtable-set! hashtable-delete!
            hashtable-contains? hashtable-update! hashtable-copy
            hashtable-clear! hashtable-keys hashtable-entries
            hashtable-equivalence-function hashtable-mutable? equal-hash
            symbol-hash string-ci-hash)
  #:re-export (string-hash))

(define (make-eq-hashtable . size) (t:make-hash-table eq?))
(define (make-eqv-hashtable . size) (t:make-hash-table eqv?))
(define (make-hashtable hash same? . size)
  (t:make-hash-table same? (lambda (x . bound) (hash x))))
(define hashtable? t:hash-table?)
(define hashtable-size t:hash-table-size)
(define hashtable-ref t:hash-table-ref/default)
(define hashtable-set! t:hash-table-set!)
(define hashtable-delete! t:hash-table-delete!)
(define hashtable-contains? t:hash-table-exists?)
(define hashtable-update! t:hash-table-update!/default)
(define* (hashtable-copy t #:optional mutable?) (t:hash-table-copy t))
(define (hashtable-clear! t . size)
  (for-each (lambda (key) (t:hash-table-delete! t key)) (t:hash-table-keys t)))
(define (hashtable-keys t) (list->vector (t:hash-table-keys t)))
(define (hashtable-entries t)
  (let ((entries (t:hash-table->alist t)))
    (values (list->vector (map car entries)) (list->vector (map cdr entries)))))
(define hashtable-equivalence-function t:hash-table-equivalence-function)
(define (hashtable-mutable? t) #t)
(define (equal-hash x) (hash x (ash 1 60)))
(define (symbol-hash s) (hashq s (ash 1 60)))
(define (string-ci-hash s) (t:string-ci-hash s))
