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
               caar cadr cdar cddr)
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

(define (xcons d a) (cons a d))

(define (list-tabulate n proc)
  (unless (and (exact-integer? n) (>= n 0)) (%bad "list-tabulate" 1 n))
  (let loop ((i (- n 1)) (out '()))
    (if (< i 0) out (loop (- i 1) (cons (proc i) out)))))

(define (circular-list . items)
  (when (pair? items) (set-cdr! (last-pair items) items))
  items)

(define (proper-list? x) (list? x))

(define (circular-list? x)
  (let loop ((slow x) (fast x))
    (and (pair? fast)
         (let ((fast (cdr fast)))
           (and (pair? fast)
                (let ((fast (cdr fast)) (slow (cdr slow)))
                  (or (eq? fast slow) (loop slow fast))))))))

(define (dotted-list? x)
  (and (not (list? x)) (not (circular-list? x))))

(define (not-pair? x) (not (pair? x)))

(define (null-list? l)
  (cond ((pair? l) #f)
        ((null? l) #t)
        (else (%bad "null-list?" 1 l))))

(define (list= same? . lists)
  (define (same-lists? a b)
    (cond ((null? a) (null? b))
          ((null? b) #f)
          (else (and (same? (car a) (car b)) (same-lists? (cdr a) (cdr b))))))
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (same-lists? a (car rest))
                 (loop (car rest) (cdr rest)))))))

(define (first l) (car l))
(define (second l) (cadr l))
(define (third l) (caddr l))
(define (fourth l) (cadddr l))
(define (fifth l) (car (cddddr l)))
(define (sixth l) (cadr (cddddr l)))
(define (seventh l) (caddr (cddddr l)))
(define (eighth l) (cadddr (cddddr l)))
(define (ninth l) (car (cddddr (cddddr l))))
(define (tenth l) (cadr (cddddr (cddddr l))))

(define (car+cdr p) (values (car p) (cdr p)))

(define (take l n) (list-head l n))
(define (drop l n) (list-tail l n))
(define (take! l n)
  (if (zero? n)
      '()
      (let ((last (list-tail l (- n 1))))
        (set-cdr! last '())
        l)))

(define (take-right l n)
  (let loop ((lag l) (lead (list-tail l n)))
    (if (pair? lead) (loop (cdr lag) (cdr lead)) lag)))

(define (drop-right l n)
  (let loop ((lag l) (lead (list-tail l n)) (out '()))
    (if (pair? lead)
        (loop (cdr lag) (cdr lead) (cons (car lag) out))
        (reverse! out))))
(define (drop-right! l n)
  (let ((lead (list-tail l n)))
    (if (pair? lead)
        (let loop ((lag l) (lead (cdr lead)))
          (cond ((pair? lead) (loop (cdr lag) (cdr lead)))
                (else (set-cdr! lag '()) l)))
        '())))

(define (split-at l n) (values (list-head l n) (list-tail l n)))
(define (split-at! l n)
  (if (zero? n)
      (values '() l)
      (let* ((last (list-tail l (- n 1))) (rest (cdr last)))
        (set-cdr! last '())
        (values l rest))))

(define (last l)
  (if (pair? l) (car (last-pair l)) (%bad "last" 1 l)))

(define (concatenate lists) (apply append lists))
(define (concatenate! lists) (apply append! lists))
(define (append-reverse! l tail) (append-reverse l tail))

(define (zip l . rest) (apply map list l rest))
(define (unzip1 l) (map first l))
(define (unzip2 l) (values (map first l) (map second l)))
(define (unzip3 l) (values (map first l) (map second l) (map third l)))
(define (unzip4 l)
  (values (map first l) (map second l) (map third l) (map fourth l)))
(define (unzip5 l)
  (values (map first l) (map second l) (map third l) (map fourth l) (map fifth l)))

(define (%any-null? lists)
  (and (pair? lists)
       (cond ((pair? (car lists)) (%any-null? (cdr lists)))
             ((null? (car lists)) #t)
             (else (%bad "a procedure of lists" 2 (car lists))))))
(define (%cars lists) (map car lists))
(define (%cdrs lists) (map cdr lists))

(define count
  (case-lambda
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
    ((kons knil l)
     (let loop ((l l) (acc knil))
       (cond ((pair? l) (loop (cdr l) (kons (car l) acc)))
             ((null? l) acc)
             (else (%bad "fold" 3 l)))))
    ((kons knil l1 l2)
     (let loop ((l1 l1) (l2 l2) (acc knil))
       (if (and (pair? l1) (pair? l2))
           (loop (cdr l1) (cdr l2) (kons (car l1) (car l2) acc))
           (begin (%any-null? (list l1 l2)) acc))))
    ((kons knil l . lists)
     (%check-finite "fold" (cons l lists))
     (let loop ((ls (cons l lists)) (acc knil))
       (if (%any-null? ls)
           acc
           (loop (%cdrs ls) (apply kons (append (%cars ls) (list acc)))))))))

(define fold-right
  (case-lambda
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
  (let loop ((ls lists))
    (if (%any-null? ls)
        knil
        (apply kons (append ls (list (loop (%cdrs ls))))))))

(define (reduce f ridentity l)
  (if (pair? l)
      (fold f (car l) (cdr l))
      (%ended "reduce" 3 l ridentity)))

(define (reduce-right f ridentity l)
  (if (pair? l)
      (let loop ((l l))
        (if (pair? (cdr l)) (f (car l) (loop (cdr l))) (car l)))
      (%ended "reduce-right" 3 l ridentity)))

(define* (unfold stop? mapper successor seed #:optional (tail-gen (lambda (x) '())))
  (let loop ((seed seed) (out '()))
    (if (stop? seed)
        (append-reverse out (tail-gen seed))
        (loop (successor seed) (cons (mapper seed) out)))))

(define* (unfold-right stop? mapper successor seed #:optional (tail '()))
  (let loop ((seed seed) (out tail))
    (if (stop? seed)
        out
        (loop (successor seed) (cons (mapper seed) out)))))

(define (append-map f l . rest) (concatenate (apply map f l rest)))
(define (append-map! f l . rest) (concatenate! (apply map f l rest)))
(define (map! f l . rest)
  (if (null? rest)
      (let loop ((pair l))
        (cond ((pair? pair)
               (set-car! pair (f (car pair)))
               (loop (cdr pair)))
              (else (%ended "map!" 2 pair l))))
      (apply map f l rest)))

(define (pair-for-each f l . rest)
  (if (null? rest)
      (let loop ((l l))
        (when (pair? l)
          (let ((next (cdr l))) (f l) (loop next))))
      (let loop ((ls (cons l rest)))
        (unless (%any-null? ls)
          (let ((next (%cdrs ls))) (apply f ls) (loop next))))))

(define filter-map
  (case-lambda
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
  (let loop ((l l) (in '()) (out '()))
    (if (pair? l)
        (if (pred (car l))
            (loop (cdr l) (cons (car l) in) out)
            (loop (cdr l) in (cons (car l) out)))
        (%ended "partition" 2 l (values (reverse! in) (reverse! out))))))
(define partition! partition)

(define (remove pred l)
  (%check-procedure "remove" 1 pred)
  (filter (lambda (x) (not (pred x))) l))
(define remove! remove)

(define (find pred l)
  (let loop ((l l))
    (cond ((pair? l) (if (pred (car l)) (car l) (loop (cdr l))))
          (else (%ended "find" 2 l #f)))))

(define (find-tail pred l)
  (let loop ((l l))
    (if (pair? l)
        (if (pred (car l)) l (loop (cdr l)))
        (%ended "find-tail" 2 l #f))))

(define (take-while pred l)
  (call-with-values (lambda () (%span "take-while" pred l))
    (lambda (head rest) head)))

(define (take-while! pred l)
  (call-with-values (lambda () (span! pred l))
    (lambda (head rest) head)))

(define (drop-while pred l)
  (let loop ((l l))
    (cond ((not (pair? l)) (%ended "drop-while" 2 l '()))
          ((pred (car l)) (loop (cdr l)))
          (else l))))

(define (%span who pred l)
  (let loop ((l l) (out '()))
    (cond ((not (pair? l)) (%ended who 2 l (values (reverse! out) '())))
          ((pred (car l)) (loop (cdr l) (cons (car l) out)))
          (else (values (reverse! out) l)))))

(define (span pred l) (%span "span" pred l))

(define (span! pred l)
  (let loop ((last #f) (rest l))
    (cond ((and (pair? rest) (pred (car rest))) (loop rest (cdr rest)))
          ((not (or (pair? rest) (null? rest))) (%bad "span!" 2 l))
          (last (set-cdr! last '()) (values l rest))
          (else (values '() l)))))

(define (break pred l) (%span "break" (lambda (x) (not (pred x))) l))
(define (break! pred l) (span! (lambda (x) (not (pred x))) l))

(define any
  (case-lambda
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

(define (alist-cons key value alist) (cons (cons key value) alist))

(define (alist-copy alist)
  (map (lambda (x) (if (pair? x) (cons (car x) (cdr x)) x)) alist))

(define* (alist-delete key alist #:optional (same? equal?))
  (remove (lambda (x) (and (pair? x) (same? key (car x)))) alist))
(define alist-delete! alist-delete)

(define (%in? same? x l)
  (let loop ((l l))
    (and (pair? l) (or (same? x (car l)) (loop (cdr l))))))

(define (lset<= same? . lists)
  (define (subset? a b)
    (every (lambda (x) (%in? same? x b)) a))
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (subset? a (car rest)) (loop (car rest) (cdr rest)))))))

(define (lset= same? . lists)
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
  (fold (lambda (x l) (if (%in? (lambda (a b) (same? b a)) x l) l (cons x l)))
        l items))

(define (lset-union same? . lists)
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
  (filter (lambda (x) (every (lambda (other) (%in? same? x other)) rest)) l))
(define lset-intersection! lset-intersection)

(define (lset-difference same? l . rest)
  (%check-procedure "lset-difference" 1 same?)
  (filter (lambda (x) (every (lambda (other) (not (%in? same? x other))) rest)) l))
(define lset-difference! lset-difference)

(define (lset-xor same? . lists)
  (reduce (lambda (b a)
            (append (filter (lambda (x) (not (%in? same? x a))) b)
                    (filter (lambda (x) (not (%in? same? x b))) a)))
          '() lists))
(define lset-xor! lset-xor)

(define (lset-diff+intersection same? l . rest)
  (partition (lambda (x) (every (lambda (other) (not (%in? same? x other))) rest)) l))
(define lset-diff+intersection! lset-diff+intersection)
