;;; SRFI 1: lists.  What calls no procedure is native in (guile); the rest is
;;; here, in Scheme, so that continuations may pass through it.

(define-module (srfi srfi-1)
  #:export (xcons list-tabulate circular-list proper-list? circular-list?
            dotted-list? not-pair? null-list? list= first second third fourth
            fifth sixth seventh eighth ninth tenth car+cdr take drop take-right
            drop-right take! drop-right! split-at split-at! last concatenate
            concatenate! append-reverse! zip unzip1 unzip2 unzip3 unzip4 unzip5
            count fold fold-right pair-fold pair-fold-right reduce reduce-right
            unfold unfold-right append-map append-map! map! pair-for-each
            filter-map partition partition! remove remove! find find-tail
            take-while take-while! drop-while span span! break break! any every
            delete-duplicates delete-duplicates! alist-cons
            alist-copy alist-delete alist-delete! lset<= lset= lset-adjoin
            lset-union lset-union! lset-intersection lset-intersection!
            lset-difference lset-difference! lset-xor lset-xor!
            lset-diff+intersection lset-diff+intersection!)
  #:re-export (cons list cons* make-list list-copy iota pair? null? length
               length+ append append! append-reverse reverse reverse! map
               for-each map-in-order filter filter! memq memv assq assv car cdr
               last-pair set-car! set-cdr! list-ref
               caar cadr cdar cddr caaar caadr cadar caddr cdaar cdadr cddar
               cdddr caaaar caaadr caadar caaddr cadaar cadadr caddar cadddr
               cdaaar cdaadr cdadar cdaddr cddaar cddadr cdddar cddddr)
  #:replace (member assoc delete delete! list-index))

;; The procedures of the core, which compare by equal?.
(define core-member (@ (guile) member))
(define core-assoc (@ (guile) assoc))
(define core-delete (@ (guile) delete))
(define core-delete! (@ (guile) delete!))

(define* (member x l #:optional (same? equal?))
  "The part of L that begins with the first element Y for which (SAME? X Y)."
  (cond ((eq? same? equal?) (core-member x l))
        ((eq? same? eqv?) (memv x l))
        ((eq? same? eq?) (memq x l))
        (else
         (%check-procedure "member" 3 same?)
         (let loop ((rest l))
           (cond ((pair? rest) (if (same? x (car rest)) rest (loop (cdr rest))))
                 ((null? rest) #f)
                 (else (%bad "member" 2 l)))))))

(define* (assoc key alist #:optional (same? equal?))
  "The first pair of ALIST for whose car (SAME? KEY CAR)."
  (cond ((eq? same? equal?) (core-assoc key alist))
        ((eq? same? eqv?) (assv key alist))
        ((eq? same? eq?) (assq key alist))
        (else
         (%check-procedure "assoc" 3 same?)
         (let loop ((rest alist))
           (cond ((pair? rest)
                  (unless (pair? (car rest)) (%bad "assoc" 2 alist))
                  (if (same? key (caar rest)) (car rest) (loop (cdr rest))))
                 ((null? rest) #f)
                 (else (%bad "assoc" 2 alist)))))))

(define* (delete x l #:optional (same? equal?))
  "L without the elements Y for which (SAME? X Y)."
  (if (eq? same? equal?)
      (core-delete x l)
      (begin
        (%check-procedure "delete" 3 same?)
        (filter (lambda (y) (not (same? x y))) l))))

(define* (delete! x l #:optional (same? equal?))
  "delete; the pairs of L may be reused."
  (if (eq? same? equal?)
      (core-delete! x l)
      (delete x l same?)))

(define (%check-procedure who position x)
  (unless (procedure? x) (%bad who position x)))

(define (%bad who position value)
  (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
             (list position value) (list value)))

;; RESULT, when the list that WHO got as its argument number POSITION ended
;; well, in REST.
(define-syntax-rule (%ended who position rest result)
  (if (null? rest) result (%bad who position rest)))

;; One of several lists has to end.
(define (%check-finite who lists)
  (unless (or-map (lambda (l)
                    (cond ((list? l) #t)
                          ((circular-list? l) #f)
                          (else (%bad who 2 l))))
                  lists)
    (scm-error 'wrong-type-arg who "Args do not contain a proper (finite) list: ~S"
               (list lists) #f)))

(define (xcons d a)
  "Return the pair (A . D)."
  (cons a d))

(define (list-tabulate n proc)
  "Return the list of (PROC 0) to (PROC N-1)."
  (unless (and (exact-integer? n) (>= n 0)) (%bad "list-tabulate" 1 n))
  (let loop ((i (- n 1)) (out '()))
    (if (< i 0) out (loop (- i 1) (cons (proc i) out)))))

(define (circular-list . items)
  "Return an endless list of the arguments."
  (when (pair? items) (set-cdr! (last-pair items) items))
  items)

(define (proper-list? x)
  "Tell whether X is a list that ends with the empty list."
  (list? x))

(define (circular-list? x)
  "Tell whether X is a list without end."
  (let loop ((slow x) (fast x))
    (and (pair? fast)
         (let ((fast (cdr fast)))
           (and (pair? fast)
                (let ((fast (cdr fast)) (slow (cdr slow)))
                  (or (eq? fast slow) (loop slow fast))))))))

(define (dotted-list? x)
  "Tell whether X is a list that ends with something else than the empty list."
  (and (not (list? x)) (not (circular-list? x))))

(define (not-pair? x)
  "Tell whether X is no pair."
  (not (pair? x)))

(define (null-list? l)
  "Tell whether the list L is empty."
  (cond ((pair? l) #f)
        ((null? l) #t)
        (else (%bad "null-list?" 1 l))))

(define (list= same? . lists)
  "Tell whether LISTS have the same elements, as SAME? compares them."
  (define (same-lists? a b)
    (cond ((null? a) (null? b))
          ((null? b) #f)
          (else (and (same? (car a) (car b)) (same-lists? (cdr a) (cdr b))))))
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (same-lists? a (car rest))
                 (loop (car rest) (cdr rest)))))))

;; (car (cddddr l)) and the like, by the names of places.
(define-syntax define-places
  (syntax-rules ()
    ((_ (name doc expr l) ...) (begin (define (name l) doc expr) ...))))

(define-places
  (first "Return the first element of L." (car l) l)
  (second "Return the second element of L." (cadr l) l)
  (third "Return the third element of L." (caddr l) l)
  (fourth "Return the fourth element of L." (cadddr l) l)
  (fifth "Return the fifth element of L." (car (cddddr l)) l)
  (sixth "Return the sixth element of L." (cadr (cddddr l)) l)
  (seventh "Return the seventh element of L." (caddr (cddddr l)) l)
  (eighth "Return the eighth element of L." (cadddr (cddddr l)) l)
  (ninth "Return the ninth element of L." (car (cddddr (cddddr l))) l)
  (tenth "Return the tenth element of L." (cadr (cddddr (cddddr l))) l))

(define (car+cdr p)
  "Return the car and the cdr of P."
  (values (car p) (cdr p)))

(define (take l n)
  "Return the first N elements of L."
  (list-head l n))
(define (drop l n)
  "Return L without its first N elements."
  (list-tail l n))
(define (take! l n)
  "As take, changing L."
  (if (zero? n)
      '()
      (let ((last (list-tail l (- n 1))))
        (set-cdr! last '())
        l)))

(define (take-right l n)
  "Return the last N elements of L, with what it ends with."
  (let loop ((lag l) (lead (list-tail l n)))
    (if (pair? lead) (loop (cdr lag) (cdr lead)) lag)))

(define (drop-right l n)
  "Return L without its last N elements."
  (let loop ((lag l) (lead (list-tail l n)) (out '()))
    (if (pair? lead)
        (loop (cdr lag) (cdr lead) (cons (car lag) out))
        (reverse! out))))
(define (drop-right! l n)
  "As drop-right, changing L."
  (let ((lead (list-tail l n)))
    (if (pair? lead)
        (let loop ((lag l) (lead (cdr lead)))
          (cond ((pair? lead) (loop (cdr lag) (cdr lead)))
                (else (set-cdr! lag '()) l)))
        '())))

(define (split-at l n)
  "Return the first N elements of L, and the others."
  (values (list-head l n) (list-tail l n)))
(define (split-at! l n)
  "As split-at, changing L."
  (if (zero? n)
      (values '() l)
      (let* ((last (list-tail l (- n 1))) (rest (cdr last)))
        (set-cdr! last '())
        (values l rest))))

(define (last l)
  "Return the last element of L."
  (if (pair? l) (car (last-pair l)) (%bad "last" 1 l)))

(define (concatenate lists)
  "Return the elements of all LISTS in one."
  (apply append lists))
(define (concatenate! lists)
  "As concatenate, changing LISTS."
  (apply append! lists))
(define (append-reverse! l tail)
  "As append-reverse, changing L."
  (append-reverse l tail))

(define (zip l . rest)
  "Return the list of lists of the elements at the same place."
  (apply map list l rest))
(define (unzip1 l)
  "Return the first elements of the lists in L."
  (map first l))
(define (unzip2 l)
  "Return the first and the second elements of the lists in L."
  (values (map first l) (map second l)))
(define (unzip3 l)
  "Return the first three elements of the lists in L, each in a list."
  (values (map first l) (map second l) (map third l)))
(define (unzip4 l)
  "Return the first four elements of the lists in L, each in a list."
  (values (map first l) (map second l) (map third l) (map fourth l)))
(define (unzip5 l)
  "Return the first five elements of the lists in L, each in a list."
  (values (map first l) (map second l) (map third l) (map fourth l) (map fifth l)))

(define (%any-null? lists)
  (and (pair? lists)
       (cond ((pair? (car lists)) (%any-null? (cdr lists)))
             ((null? (car lists)) #t)
             (else (%bad #f 2 (car lists))))))
(define (%cars lists) (map car lists))
(define (%cdrs lists) (map cdr lists))

(define count
  (case-lambda
    "Return how often PRED is true for the elements of lists."
    ((pred l)
     (let loop ((l l) (n 0))
       (if (pair? l)
           (loop (cdr l) (if (pred (car l)) (+ n 1) n))
           (%ended "count" 2 l n))))
    ((pred l . lists)
     (%check-finite "count" (cons l lists))
     (let loop ((ls (cons l lists)) (n 0))
       (if (%any-null? ls)
           n
           (loop (%cdrs ls) (if (apply pred (%cars ls)) (+ n 1) n)))))))

(define fold
  (case-lambda
    "Return the last value of KONS, called with the elements of lists and its
value so far, KNIL first."
    ((kons knil l)
     (let loop ((l l) (acc knil))
       (cond ((pair? l) (loop (cdr l) (kons (car l) acc)))
             ((null? l) acc)
             (else (%bad "fold" 3 l)))))
    ((kons knil l1 l2)
     (let loop ((l1 l1) (l2 l2) (acc knil))
       (if (and (pair? l1) (pair? l2))
           (loop (cdr l1) (cdr l2) (kons (car l1) (car l2) acc))
           (%ended "fold" 3 (if (pair? l1) l2 l1) acc))))
    ((kons knil l . lists)
     (%check-finite "fold" (cons l lists))
     (let loop ((ls (cons l lists)) (acc knil))
       (if (%any-null? ls)
           acc
           (loop (%cdrs ls) (apply kons (append (%cars ls) (list acc)))))))))

(define fold-right
  (case-lambda
    "As fold, from the ends of the lists."
    ((kons knil l)
     (let loop ((l (reverse l)) (acc knil))
       (if (pair? l) (loop (cdr l) (kons (car l) acc)) acc)))
    ((kons knil l . lists)
     (%check-finite "fold-right" (cons l lists))
     (let loop ((ls (cons l lists)))
       (if (%any-null? ls)
           knil
           (apply kons (append (%cars ls) (list (loop (%cdrs ls))))))))))

(define pair-fold
  (case-lambda
    "As fold, KONS getting the lists from each element on."
    ((kons knil l)
     (let loop ((l l) (acc knil))
       (if (pair? l)
           (let ((next (cdr l))) (loop next (kons l acc)))
           (%ended "pair-fold" 3 l acc))))
    ((kons knil . lists)
     (let loop ((ls lists) (acc knil))
       (if (%any-null? ls)
           acc
           (let ((next (%cdrs ls)))
             (loop next (apply kons (append ls (list acc))))))))))

(define (pair-fold-right kons knil . lists)
  "As fold-right, KONS getting the lists from each element on."
  (let loop ((ls lists))
    (if (%any-null? ls)
        knil
        (apply kons (append ls (list (loop (%cdrs ls))))))))

(define (reduce f ridentity l)
  "As fold from the first element; RIDENTITY for an empty list."
  (if (pair? l)
      (fold f (car l) (cdr l))
      (%ended "reduce" 3 l ridentity)))

(define (reduce-right f ridentity l)
  "As fold-right from the last element; RIDENTITY for an empty list."
  (if (pair? l)
      (let loop ((l l))
        (if (pair? (cdr l)) (f (car l) (loop (cdr l))) (car l)))
      (%ended "reduce-right" 3 l ridentity)))

(define* (unfold stop? mapper successor seed #:optional (tail-gen (lambda (x) '())))
  "Return the list of (MAPPER SEED), (MAPPER (SUCCESSOR SEED)), ... until STOP?
is true of the seed, and what TAIL-GEN gives for that."
  (let loop ((seed seed) (out '()))
    (if (stop? seed)
        (append-reverse out (tail-gen seed))
        (loop (successor seed) (cons (mapper seed) out)))))

(define* (unfold-right stop? mapper successor seed #:optional (tail '()))
  "As unfold, the elements in reverse order in front of TAIL."
  (let loop ((seed seed) (out tail))
    (if (stop? seed)
        out
        (loop (successor seed) (cons (mapper seed) out)))))

(define (append-map f l . rest)
  "Return the lists that F gives for the elements of lists, in one."
  (concatenate (apply map f l rest)))
(define (append-map! f l . rest)
  "As append-map, changing the lists that F gives."
  (concatenate! (apply map f l rest)))
(define (map! f l . rest)
  "As map; the first list may be changed."
  (if (null? rest)
      (let loop ((pair l))
        (cond ((pair? pair)
               (set-car! pair (f (car pair)))
               (loop (cdr pair)))
              (else (%ended "map!" 2 pair l))))
      (apply map f l rest)))

(define (pair-for-each f l . rest)
  "Call F with the lists from each element on."
  (if (null? rest)
      (let loop ((l l))
        (when (pair? l)
          (let ((next (cdr l))) (f l) (loop next))))
      (let loop ((ls (cons l rest)))
        (unless (%any-null? ls)
          (let ((next (%cdrs ls))) (apply f ls) (loop next))))))

(define filter-map
  (case-lambda
    "Return the list of the true values of F for the elements of lists."
    ((f l)
     (let loop ((l l) (out '()))
       (if (pair? l)
           (let ((x (f (car l))))
             (loop (cdr l) (if x (cons x out) out)))
           (%ended "filter-map" 2 l (reverse! out)))))
    ((f l . lists)
     (%check-finite "filter-map" (cons l lists))
     (let loop ((ls (cons l lists)) (out '()))
       (if (%any-null? ls)
           (reverse! out)
           (let ((x (apply f (%cars ls))))
             (loop (%cdrs ls) (if x (cons x out) out))))))))

(define (partition pred l)
  "Return the elements of L that PRED is true of, and the others."
  (let loop ((l l) (in '()) (out '()))
    (if (pair? l)
        (if (pred (car l))
            (loop (cdr l) (cons (car l) in) out)
            (loop (cdr l) in (cons (car l) out)))
        (%ended "partition" 2 l (values (reverse! in) (reverse! out))))))
(define partition! partition)

(define (remove pred l)
  "Return the elements of L that PRED is false of."
  (%check-procedure "remove" 1 pred)
  (filter (lambda (x) (not (pred x))) l))
(define remove! remove)

(define (find pred l)
  "Return the first element of L that PRED is true of, or #f."
  (let loop ((l l))
    (cond ((pair? l) (if (pred (car l)) (car l) (loop (cdr l))))
          (else (%ended "find" 2 l #f)))))

(define (find-tail pred l)
  "Return the part of L from the first element that PRED is true of, or #f."
  (let loop ((l l))
    (if (pair? l)
        (if (pred (car l)) l (loop (cdr l)))
        (%ended "find-tail" 2 l #f))))

(define (take-while pred l)
  "Return the elements of L before the first that PRED is false of."
  (call-with-values (lambda () (%span "take-while" pred l))
    (lambda (head rest) head)))

(define (take-while! pred l)
  "As take-while; L may be changed."
  (call-with-values (lambda () (span! pred l))
    (lambda (head rest) head)))

(define (drop-while pred l)
  "Return L from the first element that PRED is false of."
  (let loop ((l l))
    (cond ((not (pair? l)) (%ended "drop-while" 2 l '()))
          ((pred (car l)) (loop (cdr l)))
          (else l))))

(define (%span who pred l)
  (let loop ((l l) (out '()))
    (cond ((not (pair? l)) (%ended who 2 l (values (reverse! out) '())))
          ((pred (car l)) (loop (cdr l) (cons (car l) out)))
          (else (values (reverse! out) l)))))

(define (span pred l)
  "Return what take-while and drop-while return."
  (%span "span" pred l))

(define (span! pred l)
  "As span; L may be changed."
  (let loop ((last #f) (rest l))
    (cond ((and (pair? rest) (pred (car rest))) (loop rest (cdr rest)))
          ((not (or (pair? rest) (null? rest))) (%bad "span!" 2 l))
          (last (set-cdr! last '()) (values l rest))
          (else (values '() l)))))

(define (break pred l)
  "As span, up to the first element that PRED is true of."
  (%span "break" (lambda (x) (not (pred x))) l))
(define (break! pred l)
  "As break; L may be changed."
  (span! (lambda (x) (not (pred x))) l))

(define any
  (case-lambda
    "Return the first true value of PRED for the elements of lists, or #f."
    ((pred l)
     (if (pair? l)
         (let loop ((l l))
           (if (pair? (cdr l))
               (or (pred (car l)) (loop (cdr l)))
               (if (null? (cdr l))
                   (pred (car l))
                   (or (pred (car l)) (%bad "any" 2 (cdr l))))))
         (%ended "any" 2 l #f)))
    ((pred . lists)
     (let loop ((ls lists))
       (and (not (%any-null? ls))
            (or (apply pred (%cars ls)) (loop (%cdrs ls))))))))

(define every
  (case-lambda
    "Return the last value of PRED for the elements of lists if all are true,
else #f."
    ((pred l)
     (if (pair? l)
         (let loop ((l l))
           (if (pair? (cdr l))
               (and (pred (car l)) (loop (cdr l)))
               (if (null? (cdr l))
                   (pred (car l))
                   (and (pred (car l)) (%bad "every" 2 (cdr l))))))
         (%ended "every" 2 l #t)))
    ((pred . lists)
     (let loop ((ls lists) (last #t))
       (if (%any-null? ls)
           last
           (let ((x (apply pred (%cars ls))))
             (and x (loop (%cdrs ls) x))))))))

(define (list-index pred l . rest)
  "The place in L of the first element that PRED is true of, or of the first
elements of the lists together, or #f."
  (if (null? rest)
      (let loop ((l l) (i 0))
        (if (pair? l)
            (if (pred (car l)) i (loop (cdr l) (+ i 1)))
            (%ended "list-index" 2 l #f)))
      (let loop ((ls (cons l rest)) (i 0))
        (and (not (%any-null? ls))
             (if (apply pred (%cars ls)) i (loop (%cdrs ls) (+ i 1)))))))

;; The usual equalities go through a hash table, so that long lists do not
;; take quadratic time.
(define* (delete-duplicates l #:optional (same? equal?))
  "Return the elements of L, those that are SAME? as an earlier one left out."
  (define (by ref set)
    (let ((seen (make-hash-table)))
      (let loop ((l l) (out '()))
        (if (pair? l)
            (if (ref seen (car l))
                (loop (cdr l) out)
                (begin (set seen (car l) #t)
                       (loop (cdr l) (cons (car l) out))))
            (%ended "delete-duplicates" 1 l (reverse! out))))))
  (%check-procedure "delete-duplicates" 2 same?)
  (cond ((eq? same? equal?) (by hash-ref hash-set!))
        ((eq? same? eq?) (by hashq-ref hashq-set!))
        ((eq? same? eqv?) (by hashv-ref hashv-set!))
        ((eq? same? string=?) (by hash-ref hash-set!))
        (else
         (let loop ((l l) (out '()))
           (if (pair? l)
               (loop (cdr l)
                     (if (any (lambda (x) (same? x (car l))) out)
                         out
                         (cons (car l) out)))
               (%ended "delete-duplicates" 1 l (reverse! out)))))))
(define delete-duplicates! delete-duplicates)

(define (alist-cons key value alist)
  "Return ALIST with the pair of KEY and VALUE in front."
  (cons (cons key value) alist))

(define (alist-copy alist)
  "Return a copy of ALIST, its pairs new."
  (map (lambda (x) (if (pair? x) (cons (car x) (cdr x)) x)) alist))

(define* (alist-delete key alist #:optional (same? equal?))
  "Return ALIST without the pairs whose car is SAME? as KEY."
  (remove (lambda (x) (and (pair? x) (same? key (car x)))) alist))
(define alist-delete! alist-delete)

(define (%in? same? x l)
  (let loop ((l l))
    (and (pair? l) (or (same? x (car l)) (loop (cdr l))))))

(define (lset<= same? . lists)
  "Tell whether each of the sets is a subset of the next one."
  (define (subset? a b)
    (every (lambda (x) (%in? same? x b)) a))
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (subset? a (car rest)) (loop (car rest) (cdr rest)))))))

(define (lset= same? . lists)
  "Tell whether all sets are equal."
  (define (subset? a b)
    (every (lambda (x) (%in? same? x b)) a))
  (define (superset? a b)
    (every (lambda (x) (%in? (lambda (x y) (same? y x)) x a)) b))
  (%check-procedure "lset=" 1 same?)
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (subset? a (car rest)) (superset? a (car rest))
                 (loop (car rest) (cdr rest)))))))

(define (lset-adjoin same? l . items)
  "Return L with those items in front that it lacks."
  (fold (lambda (x l) (if (%in? (lambda (a b) (same? b a)) x l) l (cons x l)))
        l items))

(define (lset-union same? . lists)
  "Return the union of the sets: the first one with what it lacks in front."
  (reduce (lambda (l acc)
            (cond ((null? l) acc)
                  ((null? acc) l)
                  ((eq? l acc) acc)
                  (else
                   (fold (lambda (x acc)
                           (if (any (lambda (y) (same? y x)) acc) acc (cons x acc)))
                         acc l))))
          '() lists))
(define lset-union! lset-union)

(define (lset-intersection same? l . rest)
  "Return the elements of L that are in all other sets."
  (filter (lambda (x) (every (lambda (other) (%in? same? x other)) rest)) l))
(define lset-intersection! lset-intersection)

(define (lset-difference same? l . rest)
  "Return the elements of L that are in no other set."
  (%check-procedure "lset-difference" 1 same?)
  (filter (lambda (x) (every (lambda (other) (not (%in? same? x other))) rest)) l))
(define lset-difference! lset-difference)

(define (lset-xor same? . lists)
  "Return the elements that are in an odd number of the sets."
  (reduce (lambda (b a)
            (append (filter (lambda (x) (not (%in? same? x a))) b)
                    (filter (lambda (x) (not (%in? same? x b))) a)))
          '() lists))
(define lset-xor! lset-xor)

(define (lset-diff+intersection same? l . rest)
  "Return the elements of L that are in no other set, and the others."
  (partition (lambda (x) (every (lambda (other) (not (%in? same? x other))) rest)) l))
(define lset-diff+intersection! lset-diff+intersection)
