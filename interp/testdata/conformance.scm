;;; The language of the conformance suites beside this file.
;;;
;;; Commentary:
;;; A suite is a program that uses this module.  (test EXPECTED EXPRESSION)
;;; compares by equal?, (test-values (EXPECTED ...) EXPRESSION) several values,
;;; (test-error EXPRESSION) expects an exception, whatever it is, and
;;; (test-approximate EXPECTED EXPRESSION) allows for rounding.  A form
;;; (not-in-guile REASON TEST ...) is left out where Guile is known to differ.
;;; Every form that fails says where it stands.
;;; Code:

(define-module (conformance)
  #:export (test test-values test-error test-approximate not-in-guile
            conformance-count conformance-failures %run %check))

(define count 0)
(define failures '())

(define (conformance-count) count)
(define (conformance-failures) (reverse failures))

(define here? (not (getenv "CONFORMANCE_PEER")))

(define (fail! line expression text)
  (set! failures
        (cons (call-with-output-string
               (lambda (port)
                 (display "line " port) (display line port) (display ": " port)
                 (write expression port) (display text port)))
              failures)))

(define (show x)
  (call-with-output-string (lambda (port) (write x port))))

(define (%run line expression thunk judge)
  (set! count (+ count 1))
  (let ((outcome
         (let ((k (make-prompt-tag)))
           (call-with-prompt k
             (lambda ()
               (with-exception-handler
                   (lambda (exn)
                     (abort-to-prompt k (cons 'raised exn)))
                 (lambda ()
                   (call-with-values thunk (lambda vs (cons 'values vs))))))
             (lambda (k outcome) outcome)))))
    (let ((complaint (judge outcome)))
      (when complaint (fail! line expression complaint)))))

(define (%check same? expected)
  (lambda (outcome)
    (cond ((eq? (car outcome) 'raised)
           (string-append " raised " (show (cdr outcome))))
          ((and (= (length (cdr outcome)) (length expected))
                (all-same? same? expected (cdr outcome)))
           #f)
          (else
           (string-append " gives " (show (cdr outcome)) ", not " (show expected))))))

(define (all-same? same? a b)
  (or (null? a)
      (and (same? (car a) (car b)) (all-same? same? (cdr a) (cdr b)))))

(define (near? a b)
  (and (number? b)
       (<= (magnitude (- a b)) (* 1e-9 (max 1 (magnitude a))))))

(define (raised? outcome)
  (if (eq? (car outcome) 'raised)
      #f
      (string-append " gives " (show (cdr outcome)) " and raises nothing")))

(define-syntax define-test
  (syntax-rules ()
    ((_ (name pattern ... expression) judge)
     (define-syntax name
       (lambda (x)
         (syntax-case x ()
           ((_ pattern ... expression)
            (with-syntax ((line (let ((source (syntax-source x)))
                                  (and source (+ 1 (cdr (assq 'line source)))))))
              #'(%run line 'expression (lambda () expression) judge)))))))))

(define-test (test expected expression)
  (%check equal? (list expected)))
(define-test (test-approximate expected expression)
  (%check near? (list expected)))
(define-test (test-error expression) raised?)
(define-syntax test-values
  (lambda (x)
    (syntax-case x ()
      ((_ (expected ...) expression)
       (with-syntax ((line (let ((source (syntax-source x)))
                             (and source (+ 1 (cdr (assq 'line source)))))))
         #'(%run line 'expression (lambda () expression)
                 (%check equal? (list expected ...))))))))

(define-syntax not-in-guile
  (lambda (x)
    (syntax-case x ()
      ((_ reason form ...)
       (if here? #'(begin form ...) #'(begin #t))))))
