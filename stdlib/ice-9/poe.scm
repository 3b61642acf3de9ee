;;; Procedures that remember their results.

(define-module (ice-9 poe)
  #:use-module (ice-9 hcons)
  #:export (pure-funcq perfect-funcq))

(define (hash-arguments arguments n)
  (let loop ((rest arguments) (hash 0))
    (if (null? rest)
        (modulo hash n)
        (loop (cdr rest)
              (logand (+ (* 31 hash) (hashq (car rest) #x3fffff)) #xffffffff)))))

(define (same? a b)
  (cond ((null? a) (null? b))
        ((null? b) #f)
        (else (and (eq? (car a) (car b)) (same? (cdr a) (cdr b))))))

(define (find-arguments arguments alist)
  (cond ((null? alist) #f)
        ((same? arguments (caar alist)) (car alist))
        (else (find-arguments arguments (cdr alist)))))

(define missing (list 'missing))

;; PROC, its results in TABLE; TOUCH is told of each list of arguments in use.
(define (remembering proc table touch)
  (lambda arguments
    (let ((known (hashx-ref hash-arguments find-arguments table arguments missing)))
      (if (eq? known missing)
          (let ((result (apply proc arguments)))
            (touch arguments)
            (hashx-set! hash-arguments find-arguments table arguments result)
            result)
          known))))

(define (pure-funcq proc)
  "Return a procedure that calls @var{proc} once for arguments that are eq?, and
may forget results that were not asked for lately."
  (remembering proc (make-weak-key-hash-table 523) (make-gc-buffer 256)))

(define (perfect-funcq size proc)
  "Return a procedure that calls @var{proc} once for arguments that are eq?."
  (remembering proc (make-hash-table size) identity))
