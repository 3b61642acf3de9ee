;;; R6RS (rnrs enums).
;;;
;;; Commentary:
;;; A set of symbols from a universe that is fixed and ordered.  The universe is
;;; kept once, with a table from symbol to place; a set is an exact integer whose
;;; bit k tells whether the symbol at place k belongs to it, so that the algebra
;;; of sets is the algebra of bits.
;;; Code:

(define-module (rnrs enums)
  #:use-module ((rnrs base) #:select (assertion-violation))
  #:export (make-enumeration enum-set-universe enum-set-indexer
            enum-set-constructor enum-set->list enum-set-member?
            enum-set-subset? enum-set=? enum-set-union
            enum-set-intersection enum-set-difference
            enum-set-complement enum-set-projection define-enumeration))

(define %universe (make-record-type 'universe '(symbols places whole)))
(define %make-universe (record-constructor %universe))
(define %symbols (record-accessor %universe 'symbols))
(define %places (record-accessor %universe 'places))
(define %whole (record-accessor %universe 'whole))
(define %set-whole! (record-modifier %universe 'whole))

(define %set (make-record-type 'enum-set '((immutable universe) (immutable bits))))
(define %make-set (record-constructor %set))
(define %set? (record-predicate %set))
(define %universe-of (record-accessor %set 'universe))
(define %bits (record-accessor %set 'bits))

(define (%check who . sets)
  (for-each (lambda (set)
              (unless (%set? set)
                (assertion-violation who "not an enumeration set" set)))
            sets))

(define (%check-symbols who symbols)
  (unless (and (list? symbols) (and-map symbol? symbols))
    (assertion-violation who "not a list of symbols" symbols)))

(define (make-enumeration symbols)
  "The set of all SYMBOLS, which are its universe, in this order."
  (%check-symbols 'make-enumeration symbols)
  (let ((places (make-hash-table)))
    (let loop ((rest symbols) (n 0) (kept '()))
      (cond ((null? rest)
             (let* ((universe (%make-universe (list->vector (reverse kept)) places #f))
                    (whole (%make-set universe (- (ash 1 n) 1))))
               (%set-whole! universe whole)
               whole))
            ((hashq-ref places (car rest)) (loop (cdr rest) n kept))
            (else
             (hashq-set! places (car rest) n)
             (loop (cdr rest) (+ n 1) (cons (car rest) kept)))))))

(define (%make universe bits)
  (let ((whole (%whole universe)))
    (if (= bits (%bits whole)) whole (%make-set universe bits))))

(define (enum-set-universe set)
  "The set of all symbols of SET's universe."
  (%check 'enum-set-universe set)
  (%whole (%universe-of set)))

(define (enum-set-indexer set)
  "A procedure from symbol to its place in SET's universe, or #f."
  (%check 'enum-set-indexer set)
  (let ((places (%places (%universe-of set))))
    (lambda (symbol) (hashq-ref places symbol))))

(define (enum-set-constructor set)
  "A procedure from a list of symbols of SET's universe to the set of them."
  (%check 'enum-set-constructor set)
  (let* ((universe (%universe-of set)) (places (%places universe)))
    (lambda (symbols)
      (%check-symbols 'enum-set-constructor symbols)
      (let loop ((rest symbols) (bits 0))
        (if (null? rest)
            (%make universe bits)
            (let ((place (hashq-ref places (car rest))))
              (unless place
                (assertion-violation 'enum-set-constructor
                                     "not in the universe" (car rest)))
              (loop (cdr rest) (logior bits (ash 1 place)))))))))

(define (enum-set->list set)
  "The symbols of SET in the order of its universe."
  (%check 'enum-set->list set)
  (let ((symbols (%symbols (%universe-of set))) (bits (%bits set)))
    (let loop ((k (- (vector-length symbols) 1)) (out '()))
      (cond ((< k 0) out)
            ((logbit? k bits) (loop (- k 1) (cons (vector-ref symbols k) out)))
            (else (loop (- k 1) out))))))

(define (enum-set-member? symbol set)
  "True if SYMBOL belongs to SET."
  (%check 'enum-set-member? set)
  (let ((place (hashq-ref (%places (%universe-of set)) symbol)))
    (and place (logbit? place (%bits set)))))

;; The symbols of set, seen in the universe of another set; those that it lacks
;; are dropped.
(define (%project set universe)
  (let ((places (%places universe)))
    (let loop ((symbols (enum-set->list set)) (bits 0))
      (if (null? symbols)
          bits
          (let ((place (hashq-ref places (car symbols))))
            (loop (cdr symbols)
                  (if place (logior bits (ash 1 place)) bits)))))))

(define (enum-set-subset? a b)
  "True if A's universe is part of B's and all symbols of A belong to B."
  (%check 'enum-set-subset? a b)
  (let ((in-a (%universe-of a)) (in-b (%universe-of b)))
    (if (eq? in-a in-b)
        (zero? (logand (%bits a) (lognot (%bits b))))
        (and (let ((places (%places in-b)))
               (and-map (lambda (symbol) (hashq-ref places symbol))
                        (vector->list (%symbols in-a))))
             (zero? (logand (%project a in-b) (lognot (%bits b))))))))

(define (enum-set=? a b)
  "True if A and B are each a subset of the other."
  (and (enum-set-subset? a b) (enum-set-subset? b a)))

(define (%combine who op)
  (lambda (a b)
    (%check who a b)
    (unless (eq? (%universe-of a) (%universe-of b))
      (assertion-violation who "sets of different enumerations" a b))
    (%make (%universe-of a) (op (%bits a) (%bits b)))))

(define enum-set-union (%combine 'enum-set-union logior))
(define enum-set-intersection (%combine 'enum-set-intersection logand))
(define enum-set-difference
  (%combine 'enum-set-difference (lambda (a b) (logand a (lognot b)))))

(define (enum-set-complement set)
  "The symbols of SET's universe that do not belong to it."
  (%check 'enum-set-complement set)
  (let ((universe (%universe-of set)))
    (%make universe (logand (%bits (%whole universe)) (lognot (%bits set))))))

(define (enum-set-projection a b)
  "A in the universe of B, without what is not in it."
  (%check 'enum-set-projection a b)
  (let ((universe (%universe-of b)))
    (%make universe (%project a universe))))

;; (define-enumeration NAME (SYMBOL ...) CONSTRUCTOR): (NAME SYMBOL) is the
;; symbol, checked when it is expanded; (CONSTRUCTOR SYMBOL ...) is a set.
(define-syntax define-enumeration
  (lambda (x)
    (syntax-case x ()
      ((_ name (symbol ...) constructor)
       (and (identifier? #'name) (identifier? #'constructor)
            (and-map identifier? #'(symbol ...)))
       #'(begin
           (define whole (make-enumeration '(symbol ...)))
           (define make-set (enum-set-constructor whole))
           (define-syntax name
             (lambda (y)
               (syntax-case y ()
                 ((_ id)
                  (memq (syntax->datum #'id) '(symbol ...))
                  #''id)
                 ((_ id)
                  (syntax-violation 'name "not a symbol of the enumeration" y #'id)))))
           (define-syntax constructor
             (lambda (y)
               (syntax-case y ()
                 ((_ id (... ...))
                  (begin
                    (for-each
                     (lambda (id)
                       (unless (memq (syntax->datum id) '(symbol ...))
                         (syntax-violation 'constructor
                                           "not a symbol of the enumeration" y id)))
                     #'(id (... ...)))
                    #'(make-set '(id (... ...)))))))))))))
