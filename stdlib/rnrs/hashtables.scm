;;; R6RS (rnrs hashtables).
;;;
;;; Commentary:
;;; The tables are SRFI 69's, with two things more: a table can be immutable,
;;; and it remembers the hash function it was made with, #f for eq? and eqv?.
;;; Code:

(define-module (rnrs hashtables)
  #:use-module ((srfi srfi-69) #:prefix t:)
  #:use-module ((rnrs base) #:select (assertion-violation))
  #:export (make-eq-hashtable make-eqv-hashtable make-hashtable hashtable?
            hashtable-size hashtable-ref hashtable-set! hashtable-delete!
            hashtable-contains? hashtable-update! hashtable-copy
            hashtable-clear! hashtable-keys hashtable-entries
            hashtable-equivalence-function hashtable-hash-function
            hashtable-mutable? equal-hash)
  #:replace (symbol-hash string-hash string-ci-hash))

(define %type
  (make-record-type 'r6rs:hashtable '(table (immutable hash) (immutable mutable?))))
(define %make (record-constructor %type))
(define hashtable? (record-predicate %type))
(define %table (record-accessor %type 'table))
(define %set-table! (record-modifier %type 'table))
(define hashtable-hash-function (record-accessor %type 'hash))
(define hashtable-mutable? (record-accessor %type 'mutable?))

(define (make-eq-hashtable . capacity)
  "A table for keys that are the same by eq?."
  (%make (t:make-hash-table eq?) #f #t))
(define (make-eqv-hashtable . capacity)
  "A table for keys that are the same by eqv?."
  (%make (t:make-hash-table eqv?) #f #t))
(define (make-hashtable hash same? . capacity)
  "A table for keys that are the same by SAME?; HASH maps keys that are the same
to one exact integer."
  (unless (procedure? hash)
    (assertion-violation 'make-hashtable "not a procedure" hash))
  (unless (procedure? same?)
    (assertion-violation 'make-hashtable "not a procedure" same?))
  (%make (%fresh-table hash same?) hash #t))

(define (%fresh-table hash same?)
  (t:make-hash-table same? (lambda (key . bound) (hash key))))

(define (%mutable who table)
  (unless (hashtable-mutable? table)
    (assertion-violation who "the hashtable is immutable" table))
  (%table table))

(define (hashtable-size table) "The number of TABLE's keys." (t:hash-table-size (%table table)))
(define (hashtable-ref table key default)
  "The value of KEY in TABLE, or DEFAULT."
  (t:hash-table-ref/default (%table table) key default))
(define (hashtable-set! table key value)
  "Make VALUE the value of KEY in TABLE."
  (t:hash-table-set! (%mutable 'hashtable-set! table) key value))
(define (hashtable-delete! table key)
  "Remove KEY from TABLE."
  (t:hash-table-delete! (%mutable 'hashtable-delete! table) key))
(define (hashtable-contains? table key)
  "True if TABLE has a value for KEY."
  (t:hash-table-exists? (%table table) key))
(define (hashtable-update! table key proc default)
  "Replace the value of KEY in TABLE, or DEFAULT, by what PROC makes of it."
  (t:hash-table-update!/default (%mutable 'hashtable-update! table) key proc default))

(define* (hashtable-copy table #:optional mutable?)
  "A copy of TABLE, immutable unless MUTABLE?."
  (%make (t:hash-table-copy (%table table))
         (hashtable-hash-function table)
         (and mutable? #t)))

(define* (hashtable-clear! table #:optional capacity)
  "Remove all keys from TABLE."
  (let ((old (%mutable 'hashtable-clear! table)))
    (%set-table! table
                 (t:make-hash-table (t:hash-table-equivalence-function old)
                                    (t:hash-table-hash-function old)))
    (if #f #f)))

(define (hashtable-keys table)
  "A vector of TABLE's keys."
  (list->vector (t:hash-table-keys (%table table))))
(define (hashtable-entries table)
  "A vector of TABLE's keys, and one of their values in the same order."
  (let ((entries (t:hash-table->alist (%table table))))
    (values (list->vector (map car entries)) (list->vector (map cdr entries)))))
(define (hashtable-equivalence-function table)
  "The equivalence of TABLE's keys."
  (t:hash-table-equivalence-function (%table table)))

(define (equal-hash x) "A hash of X for equal?." (t:hash x))
(define (string-hash s) "A hash of the string S." (t:string-hash s))
(define (string-ci-hash s)
  "A hash of the string S without regard to case."
  (t:string-ci-hash s))
(define (symbol-hash s) "A hash of the symbol S." ((@ (guile) symbol-hash) s))
