;;; SRFI 67: procedures that compare, giving -1, 0 or 1.

(define-module (srfi srfi-67)
  #:export (boolean-compare char-compare char-compare-ci string-compare
            string-compare-ci symbol-compare integer-compare rational-compare
            real-compare complex-compare number-compare vector-compare
            vector-compare-as-list list-compare list-compare-as-vector
            pair-compare-car pair-compare-cdr pair-compare default-compare
            refine-compare select-compare cond-compare
            if3 if=? if<? if>? if<=? if>=? if-not=?
            =? <? >? <=? >=? not=?
            </<? </<=? <=/<? <=/<=? >/>? >/>=? >=/>? >=/>=?
            chain=? chain<? chain>? chain<=? chain>=? pairwise-not=?
            min-compare max-compare kth-largest
            compare-by< compare-by> compare-by<= compare-by>= compare-by=/<
            compare-by=/> debug-compare))

;;; Choosing by a comparison.

(define (%bad c)
  (error "expected a comparison of -1, 0 or 1, got" c))

(define-syntax if3
  (syntax-rules ()
    "Evaluate one of three expressions as the first gives -1, 0 or 1."
    ((_ c less equal greater)
     (case c
       ((-1) less)
       ((0) equal)
       ((1) greater)
       (else => %bad)))))

(define-syntax if=?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives 0 or not."
    ((_ c yes) (if=? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) 0) yes no))))
(define-syntax if<?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives -1 or not."
    ((_ c yes) (if<? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) -1) yes no))))
(define-syntax if>?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives 1 or not."
    ((_ c yes) (if>? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) 1) yes no))))
(define-syntax if<=?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives no 1 or does."
    ((_ c yes) (if<=? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) 1) no yes))))
(define-syntax if>=?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives no -1 or does."
    ((_ c yes) (if>=? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) -1) no yes))))
(define-syntax if-not=?
  (syntax-rules ()
    "Evaluate one of two expressions as a comparison gives no 0 or does."
    ((_ c yes) (if-not=? c yes (if #f #f)))
    ((_ c yes no) (if (eqv? (%checked c) 0) no yes))))

(define (%checked c)
  (if (memv c '(-1 0 1)) c (%bad c)))

;;; Combining comparisons.

(define-syntax refine-compare
  (syntax-rules ()
    "Return the first comparison that is not 0, or 0."
    ((_) 0)
    ((_ c) c)
    ((_ c more ...) (if3 c -1 (refine-compare more ...) 1))))

(define-syntax select-compare
  (syntax-rules (else)
    "Compare two objects by the first clause (type? comparison ...) whose type
one of them has; the one that has it alone comes first."
    ((_ x y clause ...)
     (let ((a x) (b y)) (%select a b clause ...)))))

(define-syntax %select
  (syntax-rules (else)
    ((_ a b) 0)
    ((_ a b (else c ...)) (refine-compare c ...))
    ((_ a b (type? c ...) clause ...)
     (let ((test type?))
       (if (test a)
           (if (test b) (refine-compare c ...) -1)
           (if (test b) 1 (%select a b clause ...)))))))

(define-syntax cond-compare
  (syntax-rules (else)
    "Compare by the first clause ((test1 test2) comparison ...) one of whose
tests is true; when it is one alone, it decides."
    ((_) 0)
    ((_ (else c ...)) (refine-compare c ...))
    ((_ ((t1 t2) c ...) clause ...)
     (let ((a t1) (b t2))
       (if a
           (if b (refine-compare c ...) -1)
           (if b 1 (cond-compare clause ...)))))))

;;; Comparisons of atoms.

(define (%check who ok? x)
  (unless (ok? x)
    (error (string-append (symbol->string who) ": wrong type of argument:") x)))

(define-syntax define-atomic
  (syntax-rules ()
    ((_ (name ok? (x y) equal less doc) ...)
     (begin
       (define (name x y)
         doc
         (%check 'name ok? x)
         (%check 'name ok? y)
         (cond (equal 0) (less -1) (else 1)))
       ...))))

(define-atomic
  (boolean-compare boolean? (x y) (eq? x y) y "Compare booleans, #f first.")
  (char-compare char? (x y) (char=? x y) (char<? x y) "Compare characters.")
  (char-compare-ci char? (x y) (char-ci=? x y) (char-ci<? x y)
                   "Compare characters without regard to case.")
  (string-compare string? (x y) (string=? x y) (string<? x y) "Compare strings.")
  (string-compare-ci string? (x y) (string-ci=? x y) (string-ci<? x y)
                     "Compare strings without regard to case.")
  (symbol-compare symbol? (x y) (eq? x y)
                  (string<? (symbol->string x) (symbol->string y))
                  "Compare symbols by their names.")
  (integer-compare integer? (x y) (= x y) (< x y) "Compare integers.")
  (rational-compare rational? (x y) (= x y) (< x y) "Compare rational numbers.")
  (real-compare real? (x y) (= x y) (< x y) "Compare real numbers."))

(define (complex-compare x y)
  "Compare complex numbers by their real, then by their imaginary parts."
  (%check 'complex-compare complex? x)
  (%check 'complex-compare complex? y)
  (if (and (real? x) (real? y))
      (real-compare x y)
      (refine-compare (real-compare (real-part x) (real-part y))
                      (real-compare (imag-part x) (imag-part y)))))

(define (number-compare x y)
  "Compare numbers."
  (%check 'number-compare number? x)
  (%check 'number-compare number? y)
  (complex-compare x y))

;;; Comparisons of compound data.

;; Compares elements 0 up to N of X and Y, and gives LAST when all are equal.
(define (%compare-elements compare x y ref n last)
  (let loop ((i 0))
    (if (= i n)
        last
        (if3 (compare (ref x i) (ref y i)) -1 (loop (+ i 1)) 1))))

(define-syntax define-vector-comparison
  (syntax-rules ()
    ((_ name (compare x y size ref) body doc)
     (define name
       (case-lambda
         doc
         ((x y) (name default-compare x y vector-length vector-ref))
         ((compare x y) (name compare x y vector-length vector-ref))
         ((x y size ref) (name default-compare x y size ref))
         ((compare x y size ref) body))))))

(define-vector-comparison vector-compare (compare x y size ref)
  (let ((n (size x)) (m (size y)))
    (refine-compare (integer-compare n m)
                    (%compare-elements compare x y ref n 0)))
  "Compare vectors, shorter ones first, then element by element:
(vector-compare [compare] x y [size ref]).")

(define-vector-comparison vector-compare-as-list (compare x y size ref)
  (let ((n (size x)) (m (size y)))
    (%compare-elements compare x y ref (min n m) (integer-compare n m)))
  "Compare vectors as words in a dictionary are.")

(define-syntax define-list-comparison
  (syntax-rules ()
    ((_ name (compare x y empty? head tail) body doc)
     (define name
       (case-lambda
         doc
         ((x y) (name default-compare x y null? car cdr))
         ((compare x y) (name compare x y null? car cdr))
         ((x y empty? head tail) (name default-compare x y empty? head tail))
         ((compare x y empty? head tail) body))))))

(define-list-comparison list-compare (compare x y empty? head tail)
  (let loop ((x x) (y y))
    (if (empty? x)
        (if (empty? y) 0 -1)
        (if (empty? y)
            1
            (if3 (compare (head x) (head y)) -1 (loop (tail x) (tail y)) 1))))
  "Compare lists as words in a dictionary are:
(list-compare [compare] x y [empty? head tail]).")

(define-list-comparison list-compare-as-vector (compare x y empty? head tail)
  (refine-compare
   (let loop ((x x) (y y))
     (if (empty? x)
         (if (empty? y) 0 -1)
         (if (empty? y) 1 (loop (tail x) (tail y)))))
   (list-compare compare x y empty? head tail))
  "Compare lists, shorter ones first, then element by element.")

(define (pair-compare-car compare)
  "Return a comparison of pairs by their cars."
  (lambda (x y) (compare (car x) (car y))))

(define (pair-compare-cdr compare)
  "Return a comparison of pairs by their cdrs."
  (lambda (x y) (compare (cdr x) (cdr y))))

(define pair-compare
  (case-lambda
    "Compare pairs: (pair-compare compare-car compare-cdr x y); or lists, proper
or not: (pair-compare [compare] x y)."
    ((x y) (pair-compare default-compare x y))
    ((compare x y)
     (select-compare x y
       (null? 0)
       (pair? (compare (car x) (car y))
              (pair-compare compare (cdr x) (cdr y)))
       (else (compare x y))))
    ((compare-car compare-cdr x y)
     (refine-compare (compare-car (car x) (car y))
                     (compare-cdr (cdr x) (cdr y))))))

(define (default-compare x y)
  "Compare any two data: the empty list, pairs, booleans, characters, strings,
symbols, numbers, vectors, in this order."
  (select-compare x y
    (null? 0)
    (pair? (default-compare (car x) (car y))
           (default-compare (cdr x) (cdr y)))
    (boolean? (boolean-compare x y))
    (char? (char-compare x y))
    (string? (string-compare x y))
    (symbol? (symbol-compare x y))
    (number? (number-compare x y))
    (vector? (vector-compare default-compare x y))
    (else (error "default-compare: unrecognized type:" x y))))

;;; Predicates.

(define-syntax define-predicates
  (syntax-rules ()
    ((_ (name if? doc) ...)
     (begin
       (define name
         (case-lambda
           doc
           (() (lambda (x y) (if? (default-compare x y) #t #f)))
           ((compare)
            (%check 'name procedure? compare)
            (lambda (x y) (if? (compare x y) #t #f)))
           ((x y) (if? (default-compare x y) #t #f))
           ((compare x y)
            (%check 'name procedure? compare)
            (if? (compare x y) #t #f))))
       ...))))

(define-predicates
  (=? if=? "Tell whether two objects are equal: (=? [compare] [x y]); without
objects, return the predicate.")
  (<? if<? "As =?, for less.")
  (>? if>? "As =?, for greater.")
  (<=? if<=? "As =?, for less or equal.")
  (>=? if>=? "As =?, for greater or equal.")
  (not=? if-not=? "As =?, for not equal."))

(define-syntax define-between
  (syntax-rules ()
    ((_ (name if1? if2? doc) ...)
     (begin
       (define name
         (case-lambda
           doc
           (() (lambda (x y z) (name default-compare x y z)))
           ((compare)
            (%check 'name procedure? compare)
            (lambda (x y z) (name compare x y z)))
           ((x y z) (name default-compare x y z))
           ((compare x y z)
            (%check 'name procedure? compare)
            (let ((c1 (compare x y)) (c2 (compare y z)))
              (if1? c1 (if2? c2 #t #f) #f)))))
       ...))))

(define-between
  (</<? if<? if<? "Tell whether y lies between x and z: (</<? [compare] [x y z]).")
  (</<=? if<? if<=? "As </<?, for < and <=.")
  (<=/<? if<=? if<? "As </<?, for <= and <.")
  (<=/<=? if<=? if<=? "As </<?, for <= and <=.")
  (>/>? if>? if>? "As </<?, for > and >.")
  (>/>=? if>? if>=? "As </<?, for > and >=.")
  (>=/>? if>=? if>? "As </<?, for >= and >.")
  (>=/>=? if>=? if>=? "As </<?, for >= and >="))

(define-syntax define-chains
  (syntax-rules ()
    ((_ (name if? doc) ...)
     (begin
       (define (name compare . objects)
         doc
         (%check 'name procedure? compare)
         (cond ((null? objects) #t)
               ((null? (cdr objects)) (compare (car objects) (car objects)) #t)
               (else
                ;; All are compared, so that all are checked.
                (let loop ((x (car objects)) (l (cdr objects)) (result #t))
                  (if (null? l)
                      result
                      (let ((c (compare x (car l))))
                        (loop (car l) (cdr l) (and (if? c #t #f) result))))))))
       ...))))

(define-chains
  (chain=? if=? "Tell whether all OBJECTS are equal.")
  (chain<? if<? "Tell whether OBJECTS ascend.")
  (chain>? if>? "Tell whether OBJECTS descend.")
  (chain<=? if<=? "Tell whether OBJECTS never descend.")
  (chain>=? if>=? "Tell whether OBJECTS never ascend."))

(define (%sorted compare objects)
  (sort objects (lambda (x y) (if<? (compare x y) #t #f))))

(define (pairwise-not=? compare . objects)
  "Tell whether no two of OBJECTS are equal."
  (%check 'pairwise-not=? procedure? compare)
  (cond ((null? objects) #t)
        ((null? (cdr objects)) (compare (car objects) (car objects)) #t)
        (else
         (let loop ((l (%sorted compare objects)))
           (or (null? (cdr l))
               (if=? (compare (car l) (cadr l)) #f (loop (cdr l))))))))

(define (min-compare compare x . more)
  "Return the least of the objects, the first of those that are equal."
  (if (null? more)
      (begin (compare x x) x)
      (let loop ((x x) (l more))
        (if (null? l)
            x
            (loop (if<=? (compare x (car l)) x (car l)) (cdr l))))))

(define (max-compare compare x . more)
  "Return the greatest of the objects, the first of those that are equal."
  (if (null? more)
      (begin (compare x x) x)
      (let loop ((x x) (l more))
        (if (null? l)
            x
            (loop (if>=? (compare x (car l)) x (car l)) (cdr l))))))

(define (kth-largest compare k x . more)
  "Return object K of all sorted in ascending order; negative K counts from the
end."
  (let* ((objects (cons x more)) (n (length objects)))
    (%check 'kth-largest exact-integer? k)
    (unless (< -1 (modulo k n) n) (error "kth-largest: bad index:" k))
    (when (null? more) (compare x x))
    (list-ref (stable-sort objects (lambda (a b) (if<? (compare a b) #t #f)))
              (modulo k n))))

;;; Comparisons from predicates.

(define-syntax define-from-predicates
  (syntax-rules ()
    ((_ (name (pred ...) (x y) expr doc) ...)
     (begin
       (define name
         (case-lambda
           doc
           ((pred ...) (lambda (x y) expr))
           ((pred ... x y) expr)))
       ...))))

(define-from-predicates
  (compare-by< (lt) (x y) (cond ((lt x y) -1) ((lt y x) 1) (else 0))
               "Compare by a predicate for less.")
  (compare-by> (gt) (x y) (cond ((gt x y) 1) ((gt y x) -1) (else 0))
               "Compare by a predicate for greater.")
  (compare-by<= (le) (x y) (if (le x y) (if (le y x) 0 -1) 1)
                "Compare by a predicate for less or equal.")
  (compare-by>= (ge) (x y) (if (ge x y) (if (ge y x) 0 1) -1)
                "Compare by a predicate for greater or equal.")
  (compare-by=/< (eq lt) (x y) (cond ((eq x y) 0) ((lt x y) -1) (else 1))
                 "Compare by predicates for equal and less.")
  (compare-by=/> (eq gt) (x y) (cond ((eq x y) 0) ((gt x y) 1) (else -1))
                 "Compare by predicates for equal and greater."))

(define (debug-compare compare)
  "Return a comparison that compares by COMPARE and raises an error when COMPARE
turns out to be no order, as far as single calls tell."
  (define (checked x y)
    (let ((c (compare x y)))
      (unless (memv c '(-1 0 1))
        (error "compare: the value is none of -1, 0, 1:" c x y))
      c))
  (define (expect what ok? . objects)
    (unless ok? (apply error (string-append "compare: not " what ":") objects)))
  (let ((last #f) (known? #f))
    (lambda (x y)
      (expect "reflexive" (= 0 (checked x x)) x)
      (expect "reflexive" (= 0 (checked y y)) y)
      (let ((xy (checked x y)) (yx (checked y x)))
        (expect "antisymmetric" (= xy (- yx)) x y)
        (when known?
          (let ((xz (checked x last)) (zx (checked last x))
                (yz (checked y last)) (zy (checked last y)))
            (expect "antisymmetric" (= xz (- zx)) x last)
            (expect "antisymmetric" (= yz (- zy)) y last)
            ;; Of three objects in a row the ends are ordered as the middle
            ;; tells.
            (expect "transitive"
                    (not (or (and (<= xy 0) (<= yz 0) (> xz 0))
                             (and (>= xy 0) (>= yz 0) (< xz 0))
                             (and (<= xz 0) (<= zy 0) (> xy 0))
                             (and (>= xz 0) (>= zy 0) (< xy 0))
                             (and (<= yx 0) (<= xz 0) (> yz 0))
                             (and (>= yx 0) (>= xz 0) (< yz 0))))
                    x y last)))
        (set! last (if (odd? (random 2)) x y))
        (set! known? #t)
        xy))))
