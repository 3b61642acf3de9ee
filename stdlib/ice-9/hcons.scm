;;; Pairs that are eq? when their halves are.

(define-module (ice-9 hcons)
  #:export (hashq-cons-hash hashq-cons-assoc hashq-cons-get-handle
            hashq-cons-create-handle! hashq-cons-ref hashq-cons-set!
            hashq-cons hashq-conser make-gc-buffer))

(define spread #x3fffff)

(define (hashq-cons-hash pair n)
  "Return a number below @var{n} that depends on which objects @var{pair} holds."
  (modulo (logxor (hashq (car pair) spread) (hashq (cdr pair) spread)) n))

(define (hashq-cons-assoc key alist)
  "Return the entry of @var{alist} whose key holds the objects that @var{key} holds."
  (find (lambda (entry)
          (and (pair? entry) (pair? (car entry))
               (eq? (car key) (caar entry))
               (eq? (cdr key) (cdar entry))))
        alist))

(define (find pred l)
  (and (pair? l)
       (if (pred (car l)) (car l) (find pred (cdr l)))))

(define (hashq-cons-get-handle table key)
  (hashx-get-handle hashq-cons-hash hashq-cons-assoc table key))
(define (hashq-cons-create-handle! table key init)
  (hashx-create-handle! hashq-cons-hash hashq-cons-assoc table key init))
(define (hashq-cons-ref table key)
  (hashx-ref hashq-cons-hash hashq-cons-assoc table key #f))
(define (hashq-cons-set! table key value)
  (hashx-set! hashq-cons-hash hashq-cons-assoc table key value))

(define (hashq-cons table a d)
  "Return the pair of @var{a} and @var{d} that @var{table} keeps."
  (car (hashq-cons-create-handle! table (cons a d) #f)))

(define (hashq-conser size)
  "Return a procedure like cons that gives the same pair for the same objects."
  (let ((table (if (hash-table? size) size (make-hash-table size))))
    (lambda (a d) (hashq-cons table a d))))

(define (make-gc-buffer n)
  "Return a procedure that keeps its last @var{n} arguments from being collected,
and returns its argument."
  (let ((kept (make-vector n #f)) (next 0))
    (lambda (x)
      (vector-set! kept next x)
      (set! next (modulo (+ next 1) n))
      x)))
