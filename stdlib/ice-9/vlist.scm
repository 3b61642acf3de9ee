;;; VLists: lists in blocks of growing size, and association lists with hash tables
;;; in the blocks (Bagwell, "Fast Functional Lists, Hash-Lists, Deques and Variable
;;; Length Arrays", 2002).
;;;
;;; Commentary:
;;; A vlist is a block and the index of its first element in it; the elements before
;;; it in the block come next, and then those of the vlist behind the block.  Consing
;;; onto the newest element of a block that has room fills the block; others share it.
;;; A vhash is a vlist of pairs whose blocks also chain the elements that have the same
;;; hash, so that finding a key looks into a few places of each block.
;;; Code:

(define-module (ice-9 vlist)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module ((srfi srfi-1) #:select (fold fold-right))
  #:export (vlist? vlist-cons vlist-head vlist-tail vlist-null? vlist-null
            list->vlist vlist-ref vlist-drop vlist-take vlist-length vlist-fold
            vlist-fold-right vlist-map vlist-unfold vlist-unfold-right vlist-append
            vlist-reverse vlist-filter vlist-delete vlist->list vlist-for-each
            block-growth-factor
            vhash? vhash-cons vhash-consq vhash-consv vhash-assoc vhash-assq
            vhash-assv vhash-delete vhash-delq vhash-delv vhash-fold
            vhash-fold-right vhash-fold* vhash-foldq* vhash-foldv* alist->vhash))

;; By how much each block is larger than the one behind it.
(define block-growth-factor (make-fluid 2))

;; The elements, the vlist behind them, how many there are in use, how many elements
;; that vlist has, and, in a vhash, the hashes, the last index of each bucket and for
;; each index the one before it in its bucket.
(define-record-type <block>
  (make-block items next used below hashes buckets chain)
  block?
  (items block-items)
  (next block-next)
  (used block-used set-block-used!)
  (below block-below)
  (hashes block-hashes)
  (buckets block-buckets)
  (chain block-chain))

(define-record-type <vlist>
  (make-vlist block index)
  vlist?
  (block vlist-block)
  (index vlist-index))

(set-record-type-printer!
 <vlist>
 (lambda (v port)
   (if (vhash? v)
       (begin
         (display "#<vhash " port)
         (display (number->string (object-address v) 16) port)
         (display " " port)
         (display (vlist-length v) port)
         (display " pairs>" port))
       (begin
         (display "#<vlist " port)
         (write (vlist->list v) port)
         (display ">" port)))))

;; The empty vlist.
(define vlist-null (make-vlist #f -1))

(define (vlist-null? v)
  "Tell whether the vlist V is empty."
  (not (check v)))

;; The block of V, #f if it is empty.
(define (check v)
  (unless (vlist? v)
    (scm-error 'wrong-type-arg #f "Not a vlist: ~S" (list v) (list v)))
  (vlist-block v))

(define (need v)
  (or (check v)
      (scm-error 'wrong-type-arg #f "Not a non-empty vlist: ~S" (list v) (list v))))

(define (new-block size next hashed?)
  (make-block (make-vector size #f) next 0 (vlist-length next)
              (and hashed? (make-vector size 0))
              (and hashed? (make-vector size -1))
              (and hashed? (make-vector size -1))))

;; The vlist of X and V, in the block of V if that has room and holds what is asked.
(define (add x v hash)
  (let* ((block (check v))
         (size (if block (vector-length (block-items block)) 0))
         (room? (and block
                     (= (+ (vlist-index v) 1) (block-used block))
                     (< (block-used block) size)
                     (eq? (->bool hash) (->bool (block-hashes block)))))
         (block (if room?
                    block
                    (new-block (cond ((not block) 1)
                                     ((= (block-used block) size)
                                      (* size (fluid-ref block-growth-factor)))
                                     (else 1))
                               v hash)))
         (i (block-used block)))
    (set-block-used! block (+ i 1))
    (vector-set! (block-items block) i x)
    (when hash
      (let ((bucket (modulo hash (vector-length (block-items block)))))
        (vector-set! (block-hashes block) i hash)
        (vector-set! (block-chain block) i (vector-ref (block-buckets block) bucket))
        (vector-set! (block-buckets block) bucket i)))
    (make-vlist block i)))

(define (vlist-cons x v)
  "Return the vlist of X and the elements of V."
  (add x v #f))

(define (vlist-head v)
  "Return the first element of V."
  (vector-ref (block-items (need v)) (vlist-index v)))

(define (vlist-tail v)
  "Return V without its first element."
  (let ((block (need v)))
    (if (zero? (vlist-index v))
        (block-next block)
        (make-vlist block (- (vlist-index v) 1)))))

(define (vlist-length v)
  "Return the number of elements of V."
  (let ((block (check v)))
    (if block (+ (block-below block) (vlist-index v) 1) 0)))

(define (vlist-ref v i)
  "Return element I of V, the first being 0."
  (let ((rest (and (exact-integer? i) (>= i 0) (vlist-drop* v i))))
    (if (and rest (vlist-block rest))
        (vlist-head rest)
        (scm-error 'out-of-range "vlist-ref" "Argument 2 out of range: ~S" (list i) (list i)))))

;; V without its first N elements, #f if there are fewer.
(define (vlist-drop* v n)
  (let loop ((v v) (n n))
    (let ((block (check v)))
      (cond ((zero? n) v)
            ((not block) #f)
            ((<= n (vlist-index v)) (make-vlist block (- (vlist-index v) n)))
            (else (loop (block-next block) (- n (vlist-index v) 1)))))))

(define (vlist-drop v n)
  "Return V without its first N elements."
  (or (vlist-drop* v n)
      (scm-error 'out-of-range "vlist-drop" "Argument 2 out of range: ~S" (list n) (list n))))

(define (vlist-take v n)
  "Return the vlist of the first N elements of V."
  (list->vlist (list-head (vlist->list v) n)))

(define (list->vlist l)
  "Return the vlist of the elements of L."
  (vlist-unfold-right null? car cdr (reverse l)))

;;; Folds.

(define (vlist-fold f init v)
  "Fold F, of an element and the value so far, over V from its first element."
  (let loop ((v v) (acc init))
    (let ((block (check v)))
      (if block
          (let ((items (block-items block)))
            (let inner ((i (vlist-index v)) (acc acc))
              (if (< i 0)
                  (loop (block-next block) acc)
                  (inner (- i 1) (f (vector-ref items i) acc)))))
          acc))))

(define (vlist->list v)
  "Return the list of the elements of V."
  (reverse! (vlist-fold cons '() v)))

(define (vlist-fold-right f init v)
  "Fold F over V from its last element."
  (fold f init (vlist-fold cons '() v)))

(define (vlist-reverse v)
  "Return the vlist of the elements of V in reverse order."
  (vlist-fold vlist-cons vlist-null v))

(define (vlist-map f v)
  "Return the vlist of what F gives for the elements of V."
  (vlist-fold-right (lambda (x out) (vlist-cons (f x) out)) vlist-null v))

(define (vlist-for-each f v)
  "Call F with each element of V."
  (vlist-fold (lambda (x unused) (f x)) #f v)
  (if #f #f))

(define (vlist-filter pred v)
  "Return the vlist of the elements of V that PRED is true of."
  (vlist-fold-right (lambda (x out) (if (pred x) (vlist-cons x out) out)) vlist-null v))

(define* (vlist-delete x v #:optional (same? equal?))
  "Return V without the elements that are SAME? as X."
  (vlist-filter (lambda (y) (not (same? x y))) v))

(define (vlist-append . vlists)
  "Return the elements of all VLISTS in one."
  (if (null? vlists)
      vlist-null
      (fold-right (lambda (v out) (vlist-fold-right vlist-cons out v))
                  (car (last-pair vlists))
                  (list-head vlists (- (length vlists) 1)))))

(define* (vlist-unfold stop? f next seed #:optional (tail-gen (lambda (x) vlist-null)))
  "Return the vlist of (F SEED), (F (NEXT SEED)), ... until STOP? is true of the
seed, and what TAIL-GEN gives for that."
  (let loop ((seed seed) (out '()))
    (if (stop? seed)
        (fold vlist-cons (tail-gen seed) out)
        (loop (next seed) (cons (f seed) out)))))

(define* (vlist-unfold-right stop? f next seed #:optional (tail vlist-null))
  "As vlist-unfold, the elements in reverse order in front of TAIL."
  (let loop ((seed seed) (out tail))
    (if (stop? seed)
        out
        (loop (next seed) (vlist-cons (f seed) out)))))

;;; VHashes.

(define size-of-hash (ash 1 60))

(define (vhash? x)
  "Tell whether X is a vhash; the empty vlist is one."
  (and (vlist? x)
       (or (not (vlist-block x)) (block-hashes (vlist-block x)))
       #t))

(define* (vhash-cons key value vhash #:optional (hash hash))
  "Return VHASH with KEY and VALUE; HASH must be the one that the vhash was made
with, and that keys are looked up with."
  (add (cons key value) vhash (hash key size-of-hash)))

(define (vhash-consq key value vhash)
  "As vhash-cons, for eq?."
  (vhash-cons key value vhash hashq))

(define (vhash-consv key value vhash)
  "As vhash-cons, for eqv?."
  (vhash-cons key value vhash hashv))

(define* (vhash-fold* f init key vhash #:optional (same? equal?) (hash hash))
  "Fold F, of a value and the one so far, over the values of KEY in VHASH, the
newest first."
  (let ((h (hash key size-of-hash)))
    (let loop ((v vhash) (acc init))
      (let ((block (check v)))
        (if (not block)
            acc
            (let walk ((i (first-index block h)) (acc acc))
              (cond ((< i 0) (loop (block-next block) acc))
                    ((matching block i v h key same?)
                     => (lambda (entry) (walk (vector-ref (block-chain block) i)
                                              (f (cdr entry) acc))))
                    (else (walk (vector-ref (block-chain block) i) acc)))))))))

;; The last index of the bucket of the hash H.
(define (first-index block h)
  (vector-ref (block-buckets block) (modulo h (vector-length (block-items block)))))

;; The entry at I if it is part of V, which begins in BLOCK, and has KEY.
(define (matching block i v h key same?)
  (and (<= i (vlist-index v))
       (eqv? h (vector-ref (block-hashes block) i))
       (let ((entry (vector-ref (block-items block) i)))
         (and (same? key (car entry)) entry))))

(define (vhash-foldq* f init key vhash)
  "As vhash-fold*, for eq?."
  (vhash-fold* f init key vhash eq? hashq))

(define (vhash-foldv* f init key vhash)
  "As vhash-fold*, for eqv?."
  (vhash-fold* f init key vhash eqv? hashv))

(define* (vhash-assoc key vhash #:optional (same? equal?) (hash hash))
  "Return the newest pair of KEY in VHASH, or #f."
  (let ((h (hash key size-of-hash)))
    (let loop ((v vhash))
      (let ((block (check v)))
        (and block
             (let walk ((i (first-index block h)))
               (if (< i 0)
                   (loop (block-next block))
                   (or (matching block i v h key same?)
                       (walk (vector-ref (block-chain block) i))))))))))

(define (vhash-assq key vhash)
  "As vhash-assoc, for eq?."
  (vhash-assoc key vhash eq? hashq))

(define (vhash-assv key vhash)
  "As vhash-assoc, for eqv?."
  (vhash-assoc key vhash eqv? hashv))

(define* (vhash-delete key vhash #:optional (same? equal?) (hash hash))
  "Return VHASH without the pairs of KEY."
  (if (vhash-assoc key vhash same? hash)
      (vlist-fold-right (lambda (entry out)
                          (if (same? key (car entry))
                              out
                              (vhash-cons (car entry) (cdr entry) out hash)))
                        vlist-null
                        vhash)
      vhash))

(define (vhash-delq key vhash)
  "As vhash-delete, for eq?."
  (vhash-delete key vhash eq? hashq))

(define (vhash-delv key vhash)
  "As vhash-delete, for eqv?."
  (vhash-delete key vhash eqv? hashv))

(define (vhash-fold f init vhash)
  "Fold F, of a key, a value and the value so far, over VHASH, the newest first."
  (vlist-fold (lambda (entry acc) (f (car entry) (cdr entry) acc)) init vhash))

(define (vhash-fold-right f init vhash)
  "As vhash-fold, the oldest first."
  (vlist-fold-right (lambda (entry acc) (f (car entry) (cdr entry) acc)) init vhash))

(define* (alist->vhash alist #:optional (hash hash))
  "Return the vhash of the pairs of ALIST."
  (fold-right (lambda (entry out) (vhash-cons (car entry) (cdr entry) out hash))
              vlist-null
              alist))
