;;; SRFI 37: args-fold, a program argument processor.

(define-module (srfi srfi-37)
  #:use-module (srfi srfi-9)
  #:export (option option? option-names option-required-arg?
            option-optional-arg? option-processor args-fold))

;; NAMES are characters for short and strings for long names.
(define-record-type <option>
  (option names required-arg? optional-arg? processor)
  option?
  (names option-names)
  (required-arg? option-required-arg?)
  (optional-arg? option-optional-arg?)
  (processor option-processor))

(define (args-fold args options unrecognized operand-proc . seeds)
  "Call the processors of OPTIONS, UNRECOGNIZED and OPERAND-PROC for the options
and operands in ARGS, one after the other, with SEEDS, which each gives for the
next, and return the last ones."
  (define (lookup name)
    (or (or-map (lambda (o) (and (member name (option-names o)) o)) options)
        (option (list name) #f #f unrecognized)))
  ;; Calls the processor of O and goes on with NEXT, of the list of seeds.
  (define (process o name arg seeds next)
    (call-with-values (lambda () (apply (option-processor o) o name arg seeds))
      (lambda seeds (next seeds))))
  ;; Whether the option O takes its argument from ARGS; an optional one is never
  ;; what looks like an option.
  (define (takes-next? o args)
    (and (pair? args)
         (or (option-required-arg? o)
             (and (option-optional-arg? o)
                  (or (string-null? (car args))
                      (not (char=? #\- (string-ref (car args) 0))))))))
  (define (long s args seeds)
    (let* ((i (string-index s #\=))
           (name (substring s 2 (or i (string-length s))))
           (o (lookup name)))
      (cond (i
             (process o name (substring s (+ i 1)) seeds
                      (lambda (seeds) (walk args seeds))))
            ((takes-next? o args)
             (process o name (car args) seeds
                      (lambda (seeds) (walk (cdr args) seeds))))
            (else
             (process o name #f seeds (lambda (seeds) (walk args seeds)))))))
  ;; The short options in S from index I on.
  (define (short s i args seeds)
    (if (= i (string-length s))
        (walk args seeds)
        (let* ((name (string-ref s i)) (o (lookup name)) (more (substring s (+ i 1))))
          (cond ((not (or (option-required-arg? o) (option-optional-arg? o)))
                 (process o name #f seeds
                          (lambda (seeds) (short s (+ i 1) args seeds))))
                ((not (string-null? more))
                 (process o name more seeds (lambda (seeds) (walk args seeds))))
                ((or (takes-next? o args) (and (option-optional-arg? o) (pair? args)))
                 (process o name (car args) seeds
                          (lambda (seeds) (walk (cdr args) seeds))))
                (else
                 (process o name #f seeds (lambda (seeds) (walk args seeds))))))))
  (define (walk args seeds)
    (if (null? args)
        (apply values seeds)
        (let ((s (car args)))
          (cond ((string=? s "--") (operands (cdr args) seeds))
                ((string-prefix? "--" s) (long s (cdr args) seeds))
                ((and (> (string-length s) 1) (char=? (string-ref s 0) #\-))
                 (short s 1 (cdr args) seeds))
                (else
                 (call-with-values (lambda () (apply operand-proc s seeds))
                   (lambda seeds (walk (cdr args) seeds))))))))
  (define (operands args seeds)
    (if (null? args)
        (apply values seeds)
        (call-with-values (lambda () (apply operand-proc (car args) seeds))
          (lambda seeds (operands (cdr args) seeds)))))
  (walk args seeds))
