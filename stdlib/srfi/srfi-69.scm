;;; SRFI 69: hash tables with their own equivalence.
;;;
;;; Commentary:
;;; A table for one of the usual equivalences (eq?, eqv?, equal?, string=?) is
;;; one of Guile's.  Any other is keyed by the hash of the key and holds, for
;;; each hash, an association list; its entries are counted as they come and go.
;;; Code:

(define-module (srfi srfi-69)
  #:export (alist->hash-table hash-table-equivalence-function
            hash-table-hash-function hash-table-ref hash-table-ref/default
            hash-table-set! hash-table-delete! hash-table-exists?
            hash-table-update! hash-table-update!/default hash-table-size
            hash-table-keys hash-table-values hash-table-walk hash-table-fold
            hash-table->alist hash-table-copy hash-table-merge!
            hash-by-identity)
  #:replace (make-hash-table hash-table? hash string-hash string-ci-hash))

(define %type
  (make-record-type 'srfi-69:hash-table
                    '(table same? hash weakness ref set remove count)
                    (lambda (t port)
                      (format port "#<srfi-69-hash-table ~a>" (hash-table-size t)))))
(define %make (record-constructor %type))
(define hash-table? (record-predicate %type))
(define %table (record-accessor %type 'table))
(define hash-table-equivalence-function (record-accessor %type 'same?))
(define hash-table-hash-function (record-accessor %type 'hash))
(define %weakness (record-accessor %type 'weakness))
(define %ref (record-accessor %type 'ref))
(define %set (record-accessor %type 'set))
(define %remove (record-accessor %type 'remove))
;; The number of entries, or #f where the table itself knows.
(define %count (record-accessor %type 'count))
(define %set-count! (record-modifier %type 'count))

(define %absent (list 'absent))
(define %bound (ash 1 60))

(define* (hash x #:optional (bound %bound))
  "A hash of X for equal?, below BOUND."
  ((@ (guile) hash) x bound))
(define* (string-hash s #:optional (bound %bound))
  "A hash of the string S, below BOUND."
  ((@ (guile) hash) s bound))
(define* (string-ci-hash s #:optional (bound %bound))
  "A hash of the string S without regard to case, below BOUND."
  ((@ (guile) hash) (string-foldcase s) bound))
(define* (hash-by-identity x #:optional (bound %bound))
  "A hash of X for eq?, below BOUND."
  (hashq x bound))

(define (%bucket t key)
  (hashv-ref (%table t) ((hash-table-hash-function t) key %bound) '()))

(define (%entry t key)
  (let ((same? (hash-table-equivalence-function t)))
    (let loop ((bucket (%bucket t key)))
      (and (pair? bucket)
           (if (same? key (caar bucket)) (car bucket) (loop (cdr bucket)))))))

(define (%general-ref t key default)
  (let ((entry (%entry t key))) (if entry (cdr entry) default)))

(define (%general-set! t key value)
  (let ((entry (%entry t key)))
    (if entry
        (set-cdr! entry value)
        (begin
          (hashv-set! (%table t) ((hash-table-hash-function t) key %bound)
                      (cons (cons key value) (%bucket t key)))
          (%set-count! t (+ (%count t) 1))))))

(define (%general-remove! t key)
  (let ((entry (%entry t key)))
    (when entry
      (let ((h ((hash-table-hash-function t) key %bound))
            (bucket (delq entry (%bucket t key))))
        (if (null? bucket)
            (hashv-remove! (%table t) h)
            (hashv-set! (%table t) h bucket))
        (%set-count! t (- (%count t) 1))))))

(define (%equal-ref t key default) (hash-ref (%table t) key default))
(define (%equal-set! t key value) (hash-set! (%table t) key value))
(define (%equal-remove! t key) (hash-remove! (%table t) key))
(define (%eq-ref t key default) (hashq-ref (%table t) key default))
(define (%eq-set! t key value) (hashq-set! (%table t) key value))
(define (%eq-remove! t key) (hashq-remove! (%table t) key))
(define (%eqv-ref t key default) (hashv-ref (%table t) key default))
(define (%eqv-set! t key value) (hashv-set! (%table t) key value))
(define (%eqv-remove! t key) (hashv-remove! (%table t) key))

(define (%guile-table weakness)
  (case weakness
    ((#f) ((@ (guile) make-hash-table)))
    ((key) (make-weak-key-hash-table))
    ((value) (make-weak-value-hash-table))
    ((key-or-value) (make-doubly-weak-hash-table))
    (else (scm-error 'misc-error "make-hash-table" "Invalid weak hash table type: ~S"
                     (list weakness) #f))))

;; The value behind #:weak in options, or #f.
(define (%weak options)
  (let ((tail (memq #:weak options)))
    (and tail (pair? (cdr tail)) (cadr tail))))

(define (make-hash-table . options)
  "A table for keys that are the same by the first of OPTIONS, equal? by default,
with the second as hash function; #:weak key, value or key-or-value makes
entries go with what they hold."
  (define (procedure-at k default)
    (if (and (> (length options) k) (procedure? (list-ref options k)))
        (list-ref options k)
        default))
  (let* ((same? (procedure-at 0 equal?))
         (hash* (procedure-at 1 #f))
         (weakness (%weak options))
         (table (%guile-table weakness)))
    (define (usual hash ref set remove)
      (%make table same? (or hash* hash) weakness ref set remove #f))
    (cond ((or (eq? same? equal?) (eq? same? string=?))
           (usual hash %equal-ref %equal-set! %equal-remove!))
          ((eq? same? eq?) (usual hash-by-identity %eq-ref %eq-set! %eq-remove!))
          ((or (eq? same? eqv?) (eq? same? char=?))
           (usual hash %eqv-ref %eqv-set! %eqv-remove!))
          (else
           (%make ((@ (guile) make-hash-table)) same?
                  (cond (hash* hash*)
                        ((eq? same? string-ci=?) string-ci-hash)
                        (else hash))
                  #f %general-ref %general-set! %general-remove! 0)))))

(define (%entries t)
  (if (%count t)
      (hash-fold (lambda (h bucket all)
                   (%fold-bucket bucket all))
                 '() (%table t))
      (hash-map->list cons (%table t))))

(define (%fold-bucket bucket all)
  (if (pair? bucket)
      (%fold-bucket (cdr bucket) (cons (cons (caar bucket) (cdar bucket)) all))
      all))

(define (%no-key key)
  (lambda ()
    (scm-error 'misc-error "hash-table-ref" "no value for key ~S" (list key) #f)))

(define* (hash-table-ref t key #:optional (fail (%no-key key)) succeed)
  "What SUCCEED gives for the value of KEY in T, or the value; without one, what
FAIL gives."
  (let ((x ((%ref t) t key %absent)))
    (cond ((eq? x %absent) (fail))
          (succeed (succeed x))
          (else x))))

(define (hash-table-ref/default t key default)
  "The value of KEY in T, or DEFAULT."
  ((%ref t) t key default))
(define (hash-table-set! t key value)
  "Make VALUE the value of KEY in T."
  ((%set t) t key value)
  (if #f #f))
(define (hash-table-delete! t key)
  "Remove the entry of KEY from T."
  ((%remove t) t key)
  (if #f #f))
(define (hash-table-exists? t key)
  "True if T has an entry of KEY."
  (not (eq? %absent ((%ref t) t key %absent))))

(define* (hash-table-update! t key f #:optional (fail (%no-key key)))
  "Replace the value of KEY in T, or what FAIL gives, by what F makes of it."
  (hash-table-set! t key (f (hash-table-ref t key fail))))
(define (hash-table-update!/default t key f default)
  "Replace the value of KEY in T, or DEFAULT, by what F makes of it."
  (hash-table-set! t key (f (hash-table-ref/default t key default))))

(define (hash-table->alist t) "A fresh association list of T's entries." (%entries t))
(define (hash-table-size t)
  "The number of T's entries."
  (or (%count t) (hash-table-count-entries (%table t))))
(define (hash-table-keys t) "The keys of T." (map car (%entries t)))
(define (hash-table-values t) "The values of T." (map cdr (%entries t)))
(define (hash-table-walk t f)
  "Call F with key and value of each of T's entries."
  (for-each (lambda (entry) (f (car entry) (cdr entry))) (%entries t)))
(define (hash-table-fold t f init)
  "Fold F, which takes key, value and what was so far, over T's entries."
  (let loop ((entries (%entries t)) (acc init))
    (if (pair? entries)
        (loop (cdr entries) (f (caar entries) (cdar entries) acc))
        acc)))

(define (alist->hash-table alist . options)
  "A table of ALIST's entries, the first of each key; OPTIONS as for make-hash-table."
  (let ((t (apply make-hash-table options)))
    (%add-missing! t alist)
    t))

(define (%add-missing! t entries)
  (for-each (lambda (entry)
              (unless (hash-table-exists? t (car entry))
                (hash-table-set! t (car entry) (cdr entry))))
            entries))

(define* (hash-table-copy t #:optional mutable?)
  "A table with the same entries as T."
  (let ((copy (make-hash-table (hash-table-equivalence-function t)
                               (hash-table-hash-function t)
                               #:weak (%weakness t))))
    (%add-missing! copy (%entries t))
    copy))

(define (hash-table-merge! to from)
  "Add to TO the entries of FROM whose keys it lacks."
  (%add-missing! to (%entries from))
  to)
