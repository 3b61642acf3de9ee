;;; SRFI 64: tests.  The runner prints what fails and a summary at the end of
;;; the outermost group.

(define-module (srfi srfi-64)
  #:use-module (srfi srfi-9)
  #:export (test-begin test-end test-group test-group-with-cleanup test-assert
            test-equal test-eqv test-eq test-approximate test-error test-skip
            test-expect-fail test-runner? test-runner-create
            test-runner-simple test-runner-null test-runner-current
            test-runner-get test-runner-pass-count test-runner-fail-count
            test-runner-xpass-count test-runner-xfail-count
            test-runner-skip-count test-runner-on-test-end!
            test-runner-on-final! test-result-kind test-result-ref
            test-runner-test-name test-with-runner test-passed?
            test-runner-group-path test-runner-reset))

(define-record-type <test-runner>
  (%make-runner pass fail xpass xfail skip groups name result skips expects on-end on-final)
  test-runner?
  (pass test-runner-pass-count %set-pass!)
  (fail test-runner-fail-count %set-fail!)
  (xpass test-runner-xpass-count %set-xpass!)
  (xfail test-runner-xfail-count %set-xfail!)
  (skip test-runner-skip-count %set-skip!)
  (groups %groups %set-groups!)
  (name test-runner-test-name %set-name!)
  (result %result %set-result!)
  (skips %skips %set-skips!)
  (expects %expects %set-expects!)
  (on-end %on-end test-runner-on-test-end!)
  (on-final %on-final test-runner-on-final!))

(define (test-runner-null)
  (%make-runner 0 0 0 0 0 '() "" '() '() '() (lambda (r) #f) (lambda (r) #f)))

(define (test-runner-simple)
  (let ((r (test-runner-null)))
    (test-runner-on-test-end! r
      (lambda (r)
        (when (memq (test-result-kind r) '(fail xpass))
          (display (test-result-kind r))
          (display " ")
          (display (test-runner-test-name r))
          (when (test-result-ref r 'expected-value)
            (display ": expected ")
            (write (test-result-ref r 'expected-value))
            (display ", got ")
            (write (test-result-ref r 'actual-value)))
          (when (test-result-ref r 'actual-error)
            (display ": error ")
            (write (test-result-ref r 'actual-error)))
          (newline))))
    (test-runner-on-final! r
      (lambda (r)
        (for-each (lambda (label count)
                    (unless (zero? (count r))
                      (display label) (display (count r)) (newline)))
                  '("# of expected passes      " "# of unexpected failures  "
                    "# of unexpected successes " "# of expected failures    "
                    "# of skipped tests        ")
                  (list test-runner-pass-count test-runner-fail-count
                        test-runner-xpass-count test-runner-xfail-count
                        test-runner-skip-count))))
    r))

(define (test-runner-create) (test-runner-simple))
(define test-runner-current (make-parameter #f))
(define (test-runner-get)
  (or (test-runner-current) (error "no test-runner: test-begin is missing")))
(define (test-runner-reset r)
  (for-each (lambda (set) (set r 0))
            (list %set-pass! %set-fail! %set-xpass! %set-xfail! %set-skip!)))
(define (test-runner-group-path r) (reverse (%groups r)))

(define* (test-result-kind #:optional (r (test-runner-current)))
  (test-result-ref r 'result-kind))
(define* (test-passed? #:optional (r (test-runner-get)))
  (and (memq (test-result-kind r) '(pass xpass)) #t))
(define* (test-result-ref r name #:optional (default #f))
  (let ((entry (assq name (%result r)))) (if entry (cdr entry) default)))

(define* (test-begin name #:optional count)
  (unless (test-runner-current) (test-runner-current (test-runner-create)))
  (let ((r (test-runner-get)))
    (%set-groups! r (cons name (%groups r)))))

(define* (test-end #:optional name)
  (let ((r (test-runner-get)))
    (%set-groups! r (cdr (%groups r)))
    (when (null? (%groups r))
      ((%on-final r) r)
      (test-runner-current #f))))

(define-syntax test-group
  (syntax-rules ()
    ((_ name body ...)
     (dynamic-wind (lambda () (test-begin name))
                   (lambda () body ...)
                   (lambda () (test-end name))))))

(define-syntax test-group-with-cleanup
  (syntax-rules ()
    ((_ name body ... cleanup)
     (test-group name
       (dynamic-wind (lambda () #f) (lambda () body ...) (lambda () cleanup))))))

(define-syntax test-with-runner
  (syntax-rules ()
    ((_ runner body ...)
     (parameterize ((test-runner-current runner)) body ...))))

(define (%specifier x)
  (cond ((string? x) (lambda (r) (equal? x (test-runner-test-name r))))
        ((integer? x)
         (let ((left x)) (lambda (r) (and (> left 0) (begin (set! left (- left 1)) #t)))))
        (else x)))
(define (test-skip spec)
  (let ((r (test-runner-get))) (%set-skips! r (cons (%specifier spec) (%skips r)))))
(define (test-expect-fail spec)
  (let ((r (test-runner-get))) (%set-expects! r (cons (%specifier spec) (%expects r)))))

;; check takes a procedure that notes a result property and tells whether the
;; test holds.
(define (%run name check)
  (let ((r (test-runner-get)) (notes '()))
    (define (note! key value) (set! notes (cons (cons key value) notes)))
    (define (any? specs) (or-map (lambda (spec) (spec r)) specs))
    (%set-name! r name)
    (if (any? (%skips r))
        (begin
          (%set-skip! r (+ 1 (test-runner-skip-count r)))
          (note! 'result-kind 'skip))
        (let ((expected? (any? (%expects r)))
              (ok? (catch #t
                     (lambda () (check note!))
                     (lambda (key . args)
                       (note! 'actual-error (cons key args))
                       #f))))
          (cond ((and ok? expected?)
                 (%set-xpass! r (+ 1 (test-runner-xpass-count r)))
                 (note! 'result-kind 'xpass))
                (ok?
                 (%set-pass! r (+ 1 (test-runner-pass-count r)))
                 (note! 'result-kind 'pass))
                (expected?
                 (%set-xfail! r (+ 1 (test-runner-xfail-count r)))
                 (note! 'result-kind 'xfail))
                (else
                 (%set-fail! r (+ 1 (test-runner-fail-count r)))
                 (note! 'result-kind 'fail)))))
    (%set-result! r notes)
    ((%on-end r) r)))

(define-syntax test-assert
  (syntax-rules ()
    ((_ name expr) (%run name (lambda (note!) (let ((x expr)) (note! 'actual-value x) x))))
    ((_ expr) (test-assert (%text 'expr) expr))))

(define (%text datum) (object->string datum))

(define (%compare same? expected thunk)
  (lambda (note!)
    (note! 'expected-value expected)
    (let ((x (thunk)))
      (note! 'actual-value x)
      (same? expected x))))

(define-syntax test-equal
  (syntax-rules ()
    ((_ name expected expr) (%run name (lambda (note!) ((%compare equal? expected (lambda () expr)) note!))))
    ((_ expected expr) (test-equal (%text 'expr) expected expr))))
(define-syntax test-eqv
  (syntax-rules ()
    ((_ name expected expr) (%run name (lambda (note!) ((%compare eqv? expected (lambda () expr)) note!))))
    ((_ expected expr) (test-eqv (%text 'expr) expected expr))))
(define-syntax test-eq
  (syntax-rules ()
    ((_ name expected expr) (%run name (lambda (note!) ((%compare eq? expected (lambda () expr)) note!))))
    ((_ expected expr) (test-eq (%text 'expr) expected expr))))
(define-syntax test-approximate
  (syntax-rules ()
    ((_ name expected expr error)
     (%run name (lambda (note!)
                  ((%compare (lambda (a b) (<= (- a error) b (+ a error))) expected (lambda () expr))
                   note!))))
    ((_ expected expr error) (test-approximate (%text 'expr) expected expr error))))

(define (%error-of thunk matches?)
  (lambda (note!)
    (catch #t
      (lambda () (thunk) #f)
      (lambda (key . args)
        (note! 'actual-error #f)
        (matches? key args)))))

(define (%error-matcher type)
  (cond ((symbol? type) (lambda (key args) (eq? key type)))
        (else (lambda (key args) #t))))

(define-syntax test-error
  (syntax-rules ()
    ((_ name type expr)
     (%run name (lambda (note!) ((%error-of (lambda () expr) (%error-matcher type)) note!))))
    ((_ type expr) (test-error (%text 'expr) type expr))
    ((_ expr) (test-error (%text 'expr) #t expr))))
