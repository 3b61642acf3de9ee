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
            list-index delete-duplicates delete-duplicates! alist-cons
            alist-copy alist-delete alist-delete! lset<= lset= lset-adjoin
            lset-union lset-union! lset-intersection lset-intersection!
            lset-difference lset-difference! lset-xor lset-xor!
            lset-diff+intersection lset-diff+intersection!)
  #:re-export (cons list cons* make-list list-copy iota pair? null? length
               length+ append append! append-reverse reverse reverse! map
               for-each map-in-order filter filter! delete delete! member assoc
               memq memv assq assv car cdr last-pair set-car! set-cdr! list-ref
               caar cadr cdar cddr))

(define (%bad who position value)
  (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
             (list position value) (list value)))

(define (xcons d a) (cons a d))

(define (list-tabulate n proc)
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
(define (take! l n) (list-head l n))

(define (take-right l n)
  (let loop ((lag l) (lead (list-tail l n)))
    (if (pair? lead) (loop (cdr lag) (cdr lead)) lag)))

(define (drop-right l n)
  (let loop ((lag l) (lead (list-tail l n)) (out '()))
    (if (pair? lead)
        (loop (cdr lag) (cdr lead) (cons (car lag) out))
        (reverse! out))))
(define drop-right! drop-right)

(define (split-at l n) (values (list-head l n) (list-tail l n)))
(define split-at! split-at)

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
       (or (not (pair? (car lists))) (%any-null? (cdr lists)))))
(define (%cars lists) (map car lists))
(define (%cdrs lists) (map cdr lists))

(define count
  (case-lambda
    ((pred l)
     (let loop ((l l) (n 0))
       (if (pair? l) (loop (cdr l) (if (pred (car l)) (+ n 1) n)) n)))
    ((pred . lists)
     (let loop ((ls lists) (n 0))
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
           acc)))
    ((kons knil . lists)
     (let loop ((ls lists) (acc knil))
       (if (%any-null? ls)
           acc
           (loop (%cdrs ls) (apply kons (append (%cars ls) (list acc)))))))))

(define fold-right
  (case-lambda
    ((kons knil l)
     (let loop ((l (reverse l)) (acc knil))
       (if (pair? l) (loop (cdr l) (kons (car l) acc)) acc)))
    ((kons knil . lists)
     (let loop ((ls lists))
       (if (%any-null? ls)
           knil
           (apply kons (append (%cars ls) (list (loop (%cdrs ls))))))))))

(define pair-fold
  (case-lambda
    ((kons knil l)
     (let loop ((l l) (acc knil))
       (if (pair? l)
           (let ((next (cdr l))) (loop next (kons l acc)))
           acc)))
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
  (if (pair? l) (fold f (car l) (cdr l)) ridentity))

(define (reduce-right f ridentity l)
  (if (pair? l)
      (let loop ((l l))
        (if (pair? (cdr l)) (f (car l) (loop (cdr l))) (car l)))
      ridentity))

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
(define append-map! append-map)
(define (map! f l . rest) (apply map f l rest))

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
           (reverse! out))))
    ((f . lists)
     (let loop ((ls lists) (out '()))
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
        (values (reverse! in) (reverse! out)))))
(define partition! partition)

(define (remove pred l) (filter (lambda (x) (not (pred x))) l))
(define remove! remove)

(define (find pred l)
  (let loop ((l l))
    (cond ((pair? l) (if (pred (car l)) (car l) (loop (cdr l))))
          (else #f))))

(define (find-tail pred l)
  (let loop ((l l))
    (and (pair? l) (if (pred (car l)) l (loop (cdr l))))))

(define (take-while pred l)
  (let loop ((l l) (out '()))
    (if (and (pair? l) (pred (car l)))
        (loop (cdr l) (cons (car l) out))
        (reverse! out))))
(define take-while! take-while)

(define (drop-while pred l)
  (let loop ((l l))
    (if (and (pair? l) (pred (car l))) (loop (cdr l)) l)))

(define (span pred l)
  (let loop ((l l) (out '()))
    (if (and (pair? l) (pred (car l)))
        (loop (cdr l) (cons (car l) out))
        (values (reverse! out) l))))
(define span! span)

(define (break pred l) (span (lambda (x) (not (pred x))) l))
(define break! break)

(define any
  (case-lambda
    ((pred l)
     (and (pair? l)
          (let loop ((l l))
            (if (pair? (cdr l))
                (or (pred (car l)) (loop (cdr l)))
                (pred (car l))))))
    ((pred . lists)
     (let loop ((ls lists))
       (and (not (%any-null? ls))
            (or (apply pred (%cars ls)) (loop (%cdrs ls))))))))

(define every
  (case-lambda
    ((pred l)
     (or (not (pair? l))
         (let loop ((l l))
           (if (pair? (cdr l))
               (and (pred (car l)) (loop (cdr l)))
               (pred (car l))))))
    ((pred . lists)
     (let loop ((ls lists) (last #t))
       (if (%any-null? ls)
           last
           (let ((x (apply pred (%cars ls))))
             (and x (loop (%cdrs ls) x))))))))

(define (list-index pred l . rest)
  (if (null? rest)
      (let loop ((l l) (i 0))
        (and (pair? l) (if (pred (car l)) i (loop (cdr l) (+ i 1)))))
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
            (reverse! out)))))
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
               (reverse! out))))))
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
  (or (null? lists)
      (let loop ((a (car lists)) (rest (cdr lists)))
        (or (null? rest)
            (and (subset? a (car rest)) (subset? (car rest) a)
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
