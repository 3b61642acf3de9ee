;;; SRFI 69: hash tables with their own equivalence.
;;;
;;; The usual equivalences are those of Guile's tables.  For any other one the
;;; table is keyed by hash value and holds association lists.

(define-module (srfi srfi-69)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-1)
  #:export (alist->hash-table hash-table-equivalence-function
            hash-table-hash-function hash-table-ref hash-table-ref/default
            hash-table-set! hash-table-delete! hash-table-exists?
            hash-table-update! hash-table-update!/default hash-table-size
            hash-table-keys hash-table-values hash-table-walk hash-table-fold
            hash-table->alist hash-table-copy hash-table-merge!
            hash-by-identity)
  #:re-export (string-hash)
  #:replace (make-hash-table hash-table? hash string-ci-hash))

(define-record-type <srfi-69-hash-table>
  (%make table same? hash ref set remove)
  hash-table?
  (table %table)
  (same? hash-table-equivalence-function)
  (hash hash-table-hash-function)
  (ref %ref) (set %set) (remove %remove))

(define %absent (list 'absent))
(define %big (ash 1 60))

(define* (hash x #:optional (bound %big)) ((@ (guile) hash) x bound))
(define* (string-ci-hash s #:optional (bound %big)) (string-hash (string-foldcase s) bound))
(define* (hash-by-identity x #:optional (bound %big)) (hashq x bound))

(define (%general same? hash)
  (values
   (lambda (table key default)
     (let ((entry (find (lambda (e) (same? key (car e)))
                        (hashv-ref table (hash key %big) '()))))
       (if entry (cdr entry) default)))
   (lambda (table key value)
     (let* ((h (hash key %big))
            (bucket (hashv-ref table h '()))
            (entry (find (lambda (e) (same? key (car e))) bucket)))
       (if entry
           (set-cdr! entry value)
           (hashv-set! table h (cons (cons key value) bucket)))))
   (lambda (table key)
     (let* ((h (hash key %big))
            (bucket (remove (lambda (e) (same? key (car e)))
                            (hashv-ref table h '()))))
       (if (null? bucket) (hashv-remove! table h) (hashv-set! table h bucket))))))

(define* (make-hash-table #:optional (same? equal?) (hash* hash) #:rest ignored)
  (let ((table ((@ (guile) make-hash-table))))
    (cond ((or (eq? same? equal?) (eq? same? string=?))
           (%make table same? hash* hash-ref hash-set! hash-remove!))
          ((eq? same? eq?) (%make table same? hash* hashq-ref hashq-set! hashq-remove!))
          ((or (eq? same? eqv?) (eq? same? char=?))
           (%make table same? hash* hashv-ref hashv-set! hashv-remove!))
          (else
           (let ((hash* (if (and (eq? hash* hash) (eq? same? string-ci=?))
                            string-ci-hash
                            hash*)))
             (call-with-values (lambda () (%general same? hash*))
               (lambda (ref set remove)
                 (%make table same? hash* ref set remove))))))))

(define (%plain? t) (memq (%ref t) (list hash-ref hashq-ref hashv-ref)))

(define (%entries t)
  (if (%plain? t)
      (hash-map->list cons (%table t))
      (append-map (lambda (bucket) (map (lambda (e) (cons (car e) (cdr e))) (reverse bucket)))
                  (hash-map->list (lambda (h bucket) bucket) (%table t)))))

(define* (hash-table-ref t key #:optional
                         (fail (lambda ()
                                 (scm-error 'misc-error "hash-table-ref"
                                            "key not found: ~S" (list key) #f)))
                         (succeed (lambda (x) x)))
  (let ((x ((%ref t) (%table t) key %absent)))
    (if (eq? x %absent) (fail) (succeed x))))

(define (hash-table-ref/default t key default) ((%ref t) (%table t) key default))
(define (hash-table-set! t key value) ((%set t) (%table t) key value) (if #f #f))
(define (hash-table-delete! t key) ((%remove t) (%table t) key) (if #f #f))
(define (hash-table-exists? t key)
  (not (eq? %absent ((%ref t) (%table t) key %absent))))

(define* (hash-table-update! t key f #:optional
                             (fail (lambda ()
                                     (scm-error 'misc-error "hash-table-update!"
                                                "key not found: ~S" (list key) #f))))
  (hash-table-set! t key (f (hash-table-ref t key fail))))

(define (hash-table-update!/default t key f default)
  (hash-table-set! t key (f (hash-table-ref/default t key default))))

(define (hash-table->alist t) (%entries t))
(define (hash-table-size t) (length (%entries t)))
(define (hash-table-keys t) (map car (%entries t)))
(define (hash-table-values t) (map cdr (%entries t)))
(define (hash-table-walk t f) (for-each (lambda (e) (f (car e) (cdr e))) (%entries t)))
(define (hash-table-fold t f init)
  (fold (lambda (e acc) (f (car e) (cdr e) acc)) init (%entries t)))

(define (alist->hash-table alist . options)
  (let ((t (apply make-hash-table options)))
    (for-each (lambda (e)
                (unless (hash-table-exists? t (car e))
                  (hash-table-set! t (car e) (cdr e))))
              alist)
    t))

(define* (hash-table-copy t #:optional mutable?)
  (let ((copy (make-hash-table (hash-table-equivalence-function t)
                               (hash-table-hash-function t))))
    (hash-table-merge! copy t)))

(define (hash-table-merge! to from)
  (for-each (lambda (e)
              (unless (hash-table-exists? to (car e))
                (hash-table-set! to (car e) (cdr e))))
            (%entries from))
  to)
