;;; SRFI 38: writing and reading data with shared structure.

(define-module (srfi srfi-38)
  #:export (write-with-shared-structure read-with-shared-structure
            write/ss read/ss))

;; Objects whose identity can be told by a label.
(define (%labelled? x)
  (or (pair? x) (vector? x) (and (string? x) (not (string-null? x)))
      (and (bytevector? x) (positive? (bytevector-length x)))))

;; A table of the objects below OBJECT, #t for those met more than once.
(define (%shared object)
  (let ((seen (make-hash-table)))
    (let loop ((pending (list object)))
      (unless (null? pending)
        (let ((x (car pending)) (rest (cdr pending)))
          (cond ((not (%labelled? x)) (loop rest))
                ((hashq-get-handle seen x)
                 => (lambda (handle) (set-cdr! handle #t) (loop rest)))
                (else
                 (hashq-set! seen x #f)
                 (loop (cond ((pair? x) (cons* (car x) (cdr x) rest))
                             ((vector? x) (append (vector->list x) rest))
                             (else rest))))))))
    seen))

(define* (write-with-shared-structure object #:optional (port (current-output-port)) unused)
  "Write OBJECT to PORT, with labels #n= for all that occurs more than once."
  (let ((shared (%shared object)) (count 0))
    (define (put x)
      (let ((label (and (%labelled? x) (hashq-ref shared x))))
        (cond ((number? label)
               (display "#" port) (display label port) (display "#" port))
              (else
               (when label
                 (set! count (+ count 1))
                 (hashq-set! shared x count)
                 (display "#" port) (display count port) (display "=" port))
               (put-plain x)))))
    (define (put-plain x)
      (cond ((pair? x)
             (display "(" port)
             (put (car x))
             (put-tail (cdr x)))
            ((vector? x)
             (display "#(" port)
             (let loop ((i 0))
               (when (< i (vector-length x))
                 (when (> i 0) (display " " port))
                 (put (vector-ref x i))
                 (loop (+ i 1))))
             (display ")" port))
            (else (write x port))))
    (define (put-tail x)
      (cond ((null? x) (display ")" port))
            ((and (pair? x) (not (hashq-ref shared x)))
             (display " " port)
             (put (car x))
             (put-tail (cdr x)))
            (else
             (display " . " port)
             (put x)
             (display ")" port))))
    (put object)))

(define* (read-with-shared-structure #:optional (port (current-input-port)))
  "Read a datum with labels from PORT."
  (read port))

(define write/ss write-with-shared-structure)
(define read/ss read-with-shared-structure)
