;;; VLists and VHashes: persistent lists and hash tables.
;;;
;;; A vlist here is a list with its length; a vhash is a persistent hash trie
;;; whose buckets keep the entries newest first, so that looking up and adding
;;; take logarithmic time at worst and old versions stay as they are.

(define-module (ice-9 vlist)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:export (vlist? vlist-cons vlist-head vlist-tail vlist-null? vlist-null
            list->vlist vlist-ref vlist-drop vlist-take vlist-length
            vlist-fold vlist-fold-right vlist-map vlist-unfold
            vlist-unfold-right vlist-append vlist-reverse vlist-filter
            vlist-delete vlist->list vlist-for-each
            vhash? vhash-cons vhash-consq vhash-consv vhash-assoc vhash-assq
            vhash-assv vhash-delete vhash-delq vhash-delv vhash-fold
            vhash-fold-right vhash-fold* vhash-foldq* vhash-foldv*
            alist->vhash block-growth-factor))

(define block-growth-factor (make-fluid 2))

;; trie is #f for a plain vlist, else the index of a vhash's entries.
(define-record-type <vlist>
  (%make-vlist items size trie)
  %vlist?
  (items %items)
  (size %size)
  (trie %trie))

(define vlist-null (%make-vlist '() 0 #f))
(define (vlist? x) (%vlist? x))
(define (vlist-null? v) (null? (%items v)))
(define (vlist-cons x v) (%make-vlist (cons x (%items v)) (+ (%size v) 1) #f))
(define (vlist-head v) (car (%items v)))
(define (vlist-tail v)
  (if (%trie v)
      (let ((items (cdr (%items v))))
        (fold-right (lambda (e h) (vhash-cons (car e) (cdr e) h)) vlist-null items))
      (%make-vlist (cdr (%items v)) (- (%size v) 1) #f)))
(define (list->vlist l) (%make-vlist l (length l) #f))
(define (vlist->list v) (%items v))
(define (vlist-length v) (%size v))
(define (vlist-ref v i) (list-ref (%items v) i))
(define (vlist-drop v n) (%make-vlist (list-tail (%items v) n) (- (%size v) n) #f))
(define (vlist-take v n) (list->vlist (list-head (%items v) n)))
(define (vlist-fold f init v) (fold f init (%items v)))
(define (vlist-fold-right f init v) (fold-right f init (%items v)))
(define (vlist-map f v) (list->vlist (map f (%items v))))
(define (vlist-for-each f v) (for-each f (%items v)))
(define (vlist-reverse v) (%make-vlist (reverse (%items v)) (%size v) #f))
(define (vlist-filter pred v) (list->vlist (filter pred (%items v))))
(define* (vlist-delete x v #:optional (same? equal?))
  (list->vlist (remove (lambda (y) (same? x y)) (%items v))))
(define (vlist-append . vs) (list->vlist (append-map %items vs)))
(define* (vlist-unfold stop? f next seed #:optional (tail (lambda (x) vlist-null)))
  (list->vlist (unfold stop? f next seed (lambda (x) (vlist->list (tail x))))))
(define* (vlist-unfold-right stop? f next seed #:optional (tail vlist-null))
  (list->vlist (unfold-right stop? f next seed (vlist->list tail))))

;;; The trie: a node is a vector of 16; a leaf is a list of (hash . entry).

(define %width 4)
(define %fan 16)

(define (%trie-add trie hash entry shift)
  (cond ((vector? trie)
         (let ((i (logand (ash hash (- shift)) (- %fan 1)))
               (copy (vector-copy trie)))
           (vector-set! copy i (%trie-add (vector-ref trie i) hash entry (+ shift %width)))
           copy))
        ((or (null? trie) (= hash (caar trie)) (> shift 56))
         (cons (cons hash entry) trie))
        (else
         (let ((node (make-vector %fan '())))
           ;; The leaf's entries go in oldest first.
           (%trie-add (fold-right (lambda (e node) (%trie-add node (car e) (cdr e) shift))
                                  node trie)
                      hash entry shift)))))

(define (%trie-leaf trie hash shift)
  (if (vector? trie)
      (%trie-leaf (vector-ref trie (logand (ash hash (- shift)) (- %fan 1)))
                  hash (+ shift %width))
      trie))

(define %size-of-hash (ash 1 60))

(define (vhash? x) (and (%vlist? x) (or (%trie x) (null? (%items x))) #t))

(define* (vhash-cons key value vhash #:optional (hash hash))
  (let ((entry (cons key value)))
    (%make-vlist (cons entry (%items vhash))
                 (+ (%size vhash) 1)
                 (%trie-add (or (%trie vhash) '()) (hash key %size-of-hash) entry 0))))
(define (vhash-consq key value vhash) (vhash-cons key value vhash hashq))
(define (vhash-consv key value vhash) (vhash-cons key value vhash hashv))

(define* (vhash-assoc key vhash #:optional (same? equal?) (hash hash))
  (let ((h (hash key %size-of-hash)))
    (let loop ((leaf (%trie-leaf (or (%trie vhash) '()) h 0)))
      (cond ((null? leaf) #f)
            ((and (= h (caar leaf)) (same? key (cadr (car leaf)))) (cdar leaf))
            (else (loop (cdr leaf)))))))
(define (vhash-assq key vhash) (vhash-assoc key vhash eq? hashq))
(define (vhash-assv key vhash) (vhash-assoc key vhash eqv? hashv))

(define* (vhash-delete key vhash #:optional (same? equal?) (hash hash))
  (if (vhash-assoc key vhash same? hash)
      (fold-right (lambda (e h)
                    (if (same? key (car e)) h (vhash-cons (car e) (cdr e) h hash)))
                  vlist-null (%items vhash))
      vhash))
(define (vhash-delq key vhash) (vhash-delete key vhash eq? hashq))
(define (vhash-delv key vhash) (vhash-delete key vhash eqv? hashv))

(define (vhash-fold f init vhash)
  (fold (lambda (e acc) (f (car e) (cdr e) acc)) init (%items vhash)))
(define (vhash-fold-right f init vhash)
  (fold-right (lambda (e acc) (f (car e) (cdr e) acc)) init (%items vhash)))

(define* (vhash-fold* f init key vhash #:optional (same? equal?) (hash hash))
  (let ((h (hash key %size-of-hash)))
    (let loop ((leaf (%trie-leaf (or (%trie vhash) '()) h 0)) (acc init))
      (cond ((null? leaf) acc)
            ((and (= h (caar leaf)) (same? key (cadr (car leaf))))
             (loop (cdr leaf) (f (cddr (car leaf)) acc)))
            (else (loop (cdr leaf) acc))))))
(define (vhash-foldq* f init key vhash) (vhash-fold* f init key vhash eq? hashq))
(define (vhash-foldv* f init key vhash) (vhash-fold* f init key vhash eqv? hashv))

(define* (alist->vhash alist #:optional (hash hash))
  (fold-right (lambda (e h) (vhash-cons (car e) (cdr e) h hash)) vlist-null alist))
