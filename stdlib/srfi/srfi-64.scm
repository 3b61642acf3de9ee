;;; SRFI 64: test suites.
;;;
;;; Commentary:
;;; The simple runner prints what did not go as it should and a summary, and
;;; writes all about every test to NAME.log, NAME being that of the outermost
;;; group, unless test-log-to-file is #f.
;;; Code:

(define-module (srfi srfi-64)
  #:use-module (srfi srfi-9)
  #:use-module ((srfi srfi-1) #:select (any))
  #:use-module ((srfi srfi-35) #:select (condition-type? condition? condition-has-type?))
  #:export (test-begin test-end test-group test-group-with-cleanup
            test-assert test-equal test-eqv test-eq test-approximate test-error
            test-read-eval-string
            test-skip test-expect-fail
            test-match-name test-match-nth test-match-all test-match-any
            test-runner? test-runner-create test-runner-factory
            test-runner-simple test-runner-null test-runner-current
            test-runner-get test-runner-reset test-with-runner test-apply
            test-result-kind test-passed? test-result-ref test-result-set!
            test-result-remove test-result-clear test-result-alist
            test-result-alist!
            test-runner-pass-count test-runner-pass-count!
            test-runner-fail-count test-runner-fail-count!
            test-runner-xpass-count test-runner-xpass-count!
            test-runner-xfail-count test-runner-xfail-count!
            test-runner-skip-count test-runner-skip-count!
            test-runner-test-name test-runner-group-stack
            test-runner-group-stack! test-runner-group-path
            test-runner-aux-value test-runner-aux-value!
            test-runner-on-test-begin test-runner-on-test-begin!
            test-runner-on-test-end test-runner-on-test-end!
            test-runner-on-group-begin test-runner-on-group-begin!
            test-runner-on-group-end test-runner-on-group-end!
            test-runner-on-final test-runner-on-final!
            test-runner-on-bad-count test-runner-on-bad-count!
            test-runner-on-bad-end-name test-runner-on-bad-end-name!
            test-on-test-begin-simple test-on-test-end-simple
            test-on-group-begin-simple test-on-group-end-simple
            test-on-final-simple test-on-bad-count-simple
            test-on-bad-end-name-simple test-log-to-file))

;;; Runners.

(define-record-type <test-runner>
  (%make-runner) test-runner?
  (result-alist test-result-alist test-result-alist!)
  (pass test-runner-pass-count test-runner-pass-count!)
  (fail test-runner-fail-count test-runner-fail-count!)
  (xpass test-runner-xpass-count test-runner-xpass-count!)
  (xfail test-runner-xfail-count test-runner-xfail-count!)
  (skip test-runner-skip-count test-runner-skip-count!)
  (total %total %set-total!)
  ;; What the groups under way were before: name, count, total, specifiers.
  (frames %frames %set-frames!)
  (group-stack test-runner-group-stack test-runner-group-stack!)
  (skips %skips %set-skips!)
  (expected-failures %fails %set-fails!)
  (run-list %run-list %set-run-list!)   ; #t for all
  (aux test-runner-aux-value test-runner-aux-value!)
  (on-test-begin test-runner-on-test-begin test-runner-on-test-begin!)
  (on-test-end test-runner-on-test-end test-runner-on-test-end!)
  (on-group-begin test-runner-on-group-begin test-runner-on-group-begin!)
  (on-group-end test-runner-on-group-end test-runner-on-group-end!)
  (on-final test-runner-on-final test-runner-on-final!)
  (on-bad-count test-runner-on-bad-count test-runner-on-bad-count!)
  (on-bad-end-name test-runner-on-bad-end-name test-runner-on-bad-end-name!))

(define (test-runner-reset runner)
  "Make RUNNER as if no test had been run."
  (test-result-alist! runner '())
  (for-each (lambda (set) (set runner 0))
            (list test-runner-pass-count! test-runner-fail-count!
                  test-runner-xpass-count! test-runner-xfail-count!
                  test-runner-skip-count! %set-total!))
  (%set-frames! runner '())
  (test-runner-group-stack! runner '())
  (%set-skips! runner '())
  (%set-fails! runner '())
  (%set-run-list! runner #t))

(define (test-runner-null)
  "Return a runner that counts and does nothing else."
  (let ((runner (%make-runner)))
    (test-runner-reset runner)
    (test-runner-aux-value! runner #f)
    (for-each (lambda (set) (set runner (lambda args #f)))
              (list test-runner-on-test-begin! test-runner-on-test-end!
                    test-runner-on-group-begin! test-runner-on-group-end!
                    test-runner-on-final! test-runner-on-bad-count!
                    test-runner-on-bad-end-name!))
    runner))

(define (test-runner-simple)
  "Return a runner that prints failures and a summary and keeps a log."
  (let ((runner (test-runner-null)))
    (for-each (lambda (set proc) (set runner proc))
              (list test-runner-on-test-begin! test-runner-on-test-end!
                    test-runner-on-group-begin! test-runner-on-group-end!
                    test-runner-on-final! test-runner-on-bad-count!
                    test-runner-on-bad-end-name!)
              (list test-on-test-begin-simple test-on-test-end-simple
                    test-on-group-begin-simple test-on-group-end-simple
                    test-on-final-simple test-on-bad-count-simple
                    test-on-bad-end-name-simple))
    runner))

;; The runner of the tests under way, or #f.
(define test-runner-current (make-parameter #f))

;; The procedure that makes runners where there is none.
(define test-runner-factory (make-parameter test-runner-simple))

(define (test-runner-create)
  "Return a new runner."
  ((test-runner-factory)))

(define (test-runner-get)
  "Return the current runner, or raise an error."
  (or (test-runner-current)
      (error "there is no test runner: begin with test-begin")))

(define (test-runner-group-path runner)
  "Return the names of the groups under way, the outermost first."
  (reverse (test-runner-group-stack runner)))

(define (test-runner-test-name runner)
  "Return the name of the current test of RUNNER, a string."
  (test-result-ref runner 'test-name ""))

;;; Results.

(define* (test-result-ref runner key #:optional default)
  "Return property KEY of the current test of RUNNER, or DEFAULT."
  (let ((entry (assq key (test-result-alist runner))))
    (if entry (cdr entry) default)))

(define (test-result-set! runner key value)
  "Set property KEY of the current test of RUNNER to VALUE."
  (let ((entry (assq key (test-result-alist runner))))
    (if entry
        (set-cdr! entry value)
        (test-result-alist! runner (acons key value (test-result-alist runner))))))

(define (test-result-remove runner key)
  "Remove property KEY of the current test of RUNNER."
  (test-result-alist! runner
                      (filter (lambda (entry) (not (eq? (car entry) key)))
                              (test-result-alist runner))))

(define (test-result-clear runner)
  "Remove all properties of the current test of RUNNER."
  (test-result-alist! runner '()))

(define* (test-result-kind #:optional (runner (test-runner-current)))
  "Return pass, fail, xpass, xfail or skip for the current test, #f before it
is known."
  (and runner (test-result-ref runner 'result-kind)))

(define* (test-passed? #:optional (runner (test-runner-get)))
  "Tell whether the current test passed, expectedly or not."
  (and (memq (test-result-kind runner) '(pass xpass)) #t))

;;; Specifiers.

(define (test-match-name name)
  "Return a specifier of tests called NAME."
  (lambda (runner) (equal? name (test-runner-test-name runner))))

(define* (test-match-nth n #:optional (count 1))
  "Return a specifier of test N from now on, counted from 1, and COUNT - 1 more."
  (let ((i 0))
    (lambda (runner)
      (set! i (+ i 1))
      (and (>= i n) (< i (+ n count))))))

;; All are asked, since some count.
(define (%matches specifiers runner)
  (map (lambda (s) (s runner)) specifiers))

(define (test-match-all . specifiers)
  "Return a specifier of the tests that all of SPECIFIERS are for."
  (let ((specifiers (map %specifier specifiers)))
    (lambda (runner) (and-map (lambda (m) m) (%matches specifiers runner)))))

(define (test-match-any . specifiers)
  "Return a specifier of the tests that one of SPECIFIERS is for."
  (let ((specifiers (map %specifier specifiers)))
    (lambda (runner) (or-map (lambda (m) m) (%matches specifiers runner)))))

(define (%specifier x)
  (cond ((procedure? x) x)
        ((string? x) (test-match-name x))
        ((exact-integer? x) (test-match-nth 1 x))
        (else (error "not a test specifier:" x))))

(define (%any-matches? specifiers runner)
  (or-map (lambda (m) m) (%matches specifiers runner)))

(define (test-skip . specifiers)
  "Skip the tests that all of SPECIFIERS are for, to the end of the group."
  (let ((runner (test-runner-get)))
    (%set-skips! runner (cons (apply test-match-all specifiers) (%skips runner)))))

(define (test-expect-fail . specifiers)
  "Expect the tests that all of SPECIFIERS are for to fail, to the end of the
group."
  (let ((runner (test-runner-get)))
    (%set-fails! runner (cons (apply test-match-all specifiers) (%fails runner)))))

;;; Groups.

(define* (test-begin name #:optional count)
  "Begin a group of tests called NAME, maybe of COUNT tests."
  (unless (test-runner-current)
    (test-runner-current (test-runner-create)))
  (let ((runner (test-runner-get)))
    ((test-runner-on-group-begin runner) runner name count)
    (%set-frames! runner
                  (cons (list name count (%total runner) (%skips runner) (%fails runner)
                              (null? (test-runner-group-stack runner)))
                        (%frames runner)))
    (test-runner-group-stack! runner (cons name (test-runner-group-stack runner)))))

(define* (test-end #:optional name)
  "End the innermost group, which must be called NAME if that is given."
  (let* ((runner (test-runner-get))
         (frames (%frames runner)))
    (when (null? frames)
      (error "test-end: no group is under way" name))
    (let* ((frame (car frames))
           (begin-name (car frame))
           (expected (cadr frame))
           (count (- (%total runner) (caddr frame))))
      (test-result-alist! runner '())
      (when (and name (not (equal? name begin-name)))
        ((test-runner-on-bad-end-name runner) runner begin-name name))
      (when (and expected (not (= expected count)))
        ((test-runner-on-bad-count runner) runner count expected))
      ((test-runner-on-group-end runner) runner)
      (%set-frames! runner (cdr frames))
      (test-runner-group-stack! runner (cdr (test-runner-group-stack runner)))
      (%set-skips! runner (list-ref frame 3))
      (%set-fails! runner (list-ref frame 4))
      (when (null? (%frames runner))
        ((test-runner-on-final runner) runner)
        (when (eq? runner (test-runner-current))
          (test-runner-current #f))))))

(define-syntax test-group
  (syntax-rules ()
    "Evaluate forms as a group of tests, unless the group is to be skipped."
    ((_ name form ...)
     (%test-group name (lambda () form ...)))))

(define (%test-group name thunk)
  (let ((runner (test-runner-current)))
    (when (or (not runner)
              (begin (test-result-alist! runner (list (cons 'test-name name)))
                     (not (%any-matches? (%skips runner) runner))))
      (dynamic-wind
        (lambda () (test-begin name))
        thunk
        (lambda () (test-end name))))))

(define-syntax test-group-with-cleanup
  (syntax-rules ()
    "As test-group; the last form is evaluated however the others end."
    ((_ name form) (test-group-with-cleanup name (if #f #f) form))
    ((_ name form0 form ... cleanup)
     (test-group name
       (dynamic-wind
         (lambda () #f)
         (lambda () form0 form ...)
         (lambda () cleanup))))))

(define-syntax test-with-runner
  (syntax-rules ()
    "Evaluate forms with a runner as the current one."
    ((_ runner form ...)
     (let ((saved (test-runner-current)))
       (dynamic-wind
         (lambda () (test-runner-current runner))
         (lambda () form ...)
         (lambda () (test-runner-current saved)))))))

(define (test-apply first . rest)
  "Call the procedure that is the last argument with only those tests run that
the specifiers before it are for, by the runner that comes first if given."
  (cond ((test-runner? first)
         (test-with-runner first (apply test-apply rest)))
        ((null? rest)
         (let ((runner (test-runner-current)))
           (if runner
               (first)
               (let ((runner (test-runner-create)))
                 (test-with-runner runner (first))
                 ((test-runner-on-final runner) runner)))))
        (else
         (let* ((args (reverse (cons first rest)))
                (thunk (car args))
                (specifiers (map %specifier (reverse (cdr args))))
                (current (test-runner-current))
                (runner (or current (test-runner-create)))
                (saved (%run-list runner)))
           (%set-run-list! runner (if (list? saved) (append specifiers saved) specifiers))
           (test-with-runner runner (thunk))
           (%set-run-list! runner saved)
           (unless current
             ((test-runner-on-final runner) runner))))))

;;; Tests.

;; How the current test is taken: run, skip, or ignored because test-apply is
;; not for it.
(define (%course runner)
  (let* ((run-list (%run-list runner))
         (listed? (or (eq? run-list #t) (%any-matches? run-list runner)))
         (skipped? (%any-matches? (%skips runner) runner)))
    (cond (skipped? 'skip)
          (listed? 'run)
          (else 'ignored))))

;; Runs a test.  JUDGE gets a procedure that notes a property of the result and
;; gives whether the test holds.
(define (%run-test name? name properties judge)
  (let ((runner (test-runner-get)))
    (define (note! key value) (test-result-set! runner key value))
    (test-result-alist! runner
                        (if name? (acons 'test-name name properties) properties))
    (case (%course runner)
      ((run)
       (let ((fails? (%any-matches? (%fails runner) runner)))
         (when fails? (note! 'result-kind 'xfail))
         ((test-runner-on-test-begin runner) runner)
         (let ((ok? (%protected (lambda () (judge note!)) note!)))
           (note! 'result-kind
                  (if fails? (if ok? 'xpass 'xfail) (if ok? 'pass 'fail)))))
       (%finish-test runner))
      ((skip)
       (note! 'result-kind 'skip)
       ((test-runner-on-test-begin runner) runner)
       (%finish-test runner)))))

(define (%finish-test runner)
  (%count! runner (test-result-kind runner))
  ((test-runner-on-test-end runner) runner))

(define (%protected thunk note!)
  (catch #t
    thunk
    (lambda (key . args)
      (note! 'actual-value #f)
      (note! 'actual-error (cons key args))
      #f)))

(define (%count! runner kind)
  (%set-total! runner (+ 1 (%total runner)))
  (let ((bump (lambda (get set) (set runner (+ 1 (get runner))))))
    (case kind
      ((pass) (bump test-runner-pass-count test-runner-pass-count!))
      ((fail) (bump test-runner-fail-count test-runner-fail-count!))
      ((xpass) (bump test-runner-xpass-count test-runner-xpass-count!))
      ((xfail) (bump test-runner-xfail-count test-runner-xfail-count!))
      ((skip) (bump test-runner-skip-count test-runner-skip-count!)))))

(eval-when (expand load eval)
  ;; The properties that tell where the test X stands, as an expression.
  (define (place x)
    (let ((source (syntax-source x)))
      (define (property key)
        (and source (assq-ref source key)))
      (with-syntax ((form (datum->syntax x (syntax->datum x)))
                    (file (property 'filename))
                    (line (and (property 'line) (+ 1 (property 'line)))))
        #'(%place 'form 'line 'file)))))

(define (%place form line file)
  (append (list (cons 'source-form form))
          (if line (list (cons 'source-line line)) '())
          (if file (list (cons 'source-file file)) '())))

(define-syntax test-assert
  (lambda (x)
    "Test that an expression is true: (test-assert [name] expression)."
    (syntax-case x ()
      ((_ name expr)
       #`(%run-test #t name #,(place x) (lambda (note!) (%judge-true (lambda () expr) note!))))
      ((_ expr)
       #`(%run-test #f #f #,(place x) (lambda (note!) (%judge-true (lambda () expr) note!)))))))

(define (%judge-true thunk note!)
  (let ((value (thunk)))
    (note! 'actual-value value)
    value))

(define (%judge same? expected thunk note!)
  (note! 'expected-value expected)
  (let ((value (thunk)))
    (note! 'actual-value value)
    (same? expected value)))

(define-syntax define-comparisons
  (syntax-rules ()
    ((_ (name same? doc) ...)
     (begin
       (define-syntax name
         (lambda (x)
           doc
           (syntax-case x ()
             ((_ test-name expected expr)
              #`(%run-test #t test-name #,(place x)
                           (lambda (note!)
                             (%judge same? expected (lambda () expr) note!))))
             ((_ expected expr)
              #`(%run-test #f #f #,(place x)
                           (lambda (note!)
                             (%judge same? expected (lambda () expr) note!)))))))
       ...))))

(define-comparisons
  (test-equal equal? "Test that an expression gives an equal? value:
(test-equal [name] expected expression).")
  (test-eqv eqv? "As test-equal, by eqv?.")
  (test-eq eq? "As test-equal, by eq?."))

(define (%near? error)
  (lambda (expected value)
    (and (>= value (- expected error)) (<= value (+ expected error)))))

(define-syntax test-approximate
  (lambda (x)
    "Test that an expression gives a number that is not farther from the expected
one than allowed: (test-approximate [name] expected expression error)."
    (syntax-case x ()
      ((_ name expected expr error)
       #`(%run-test #t name #,(place x)
                    (lambda (note!)
                      (%judge (%near? error) expected (lambda () expr) note!))))
      ((_ expected expr error)
       #`(%run-test #f #f #,(place x)
                    (lambda (note!)
                      (%judge (%near? error) expected (lambda () expr) note!)))))))

(define (%judge-error type thunk note!)
  (note! 'expected-error type)
  (let ((raised
         (let ((tag (make-prompt-tag)))
           (call-with-prompt tag
             (lambda ()
               (with-exception-handler
                   (lambda (exn) (abort-to-prompt tag (list exn)))
                 (lambda ()
                   (note! 'actual-value (thunk))
                   #f)))
             (lambda (k raised) raised)))))
    (and raised
         (let ((exn (car raised)))
           (note! 'actual-error
                  (if (exception? exn)
                      (cons (exception-kind exn) (exception-args exn))
                      exn))
           (%error-of-type? exn type)))))

(define (%error-of-type? exn type)
  (cond ((boolean? type) type)
        ((and (condition-type? type) (condition? exn)) (condition-has-type? exn type))
        ((record-type-descriptor? type) ((exception-predicate type) exn))
        ((procedure? type) (type exn))
        ((symbol? type) (and (exception? exn) (eq? (exception-kind exn) type)))
        (else #t)))

(define-syntax test-error
  (lambda (x)
    "Test that an expression raises an exception: (test-error [[name] type]
expression), type being #t, an exception type, a predicate or a key."
    (syntax-case x ()
      ((_ name type expr)
       #`(%run-test #t name #,(place x)
                    (lambda (note!) (%judge-error type (lambda () expr) note!))))
      ((_ type expr)
       #`(%run-test #f #f #,(place x)
                    (lambda (note!) (%judge-error type (lambda () expr) note!))))
      ((_ expr)
       #`(%run-test #f #f #,(place x)
                    (lambda (note!) (%judge-error #t (lambda () expr) note!)))))))

(define (test-read-eval-string string)
  "Read the one form that STRING holds, evaluate it and return its value; raise
an error if there is more."
  (let* ((port (open-input-string string))
         (form (read port)))
    (if (eof-object? (read-char port))
        (eval form (current-module))
        (error "(not at eof)" string))))

;;; The simple runner.

;; Whether simple runners write NAME.log; a string or a port is where to.
(define test-log-to-file #t)

(define (%log runner)
  (let ((port (test-runner-aux-value runner)))
    (and (output-port? port) port)))

(define (%write-property entry port)
  (display "  " port)
  (display (car entry) port)
  (display ": " port)
  (write (cdr entry) port)
  (newline port))

(define (%log-name name)
  (string-append
   (string-map (lambda (c) (if (memv c '(#\/ #\\ #\: #\* #\? #\" #\< #\> #\|)) #\_ c)) name)
   ".log"))

(define (test-on-group-begin-simple runner name count)
  "Log the begin of a group; for the outermost one, open the log."
  (when (null? (test-runner-group-stack runner))
    (display "%%%% Starting test ")
    (display name)
    (cond ((output-port? test-log-to-file)
           (test-runner-aux-value! runner test-log-to-file))
          (test-log-to-file
           (let* ((file (if (string? test-log-to-file)
                            test-log-to-file
                            (%log-name name)))
                  (port (false-if-exception (open-output-file file))))
             (when port
               (display "%%%% Starting test " port)
               (display name port)
               (newline port)
               (test-runner-aux-value! runner port)
               (display "  (Writing full log to \"")
               (display file)
               (display "\")")))))
    (newline))
  (let ((log (%log runner)))
    (when log
      (display "Group begin: " log)
      (display name log)
      (newline log)))
  #f)

(define (test-on-group-end-simple runner)
  "Log the end of a group."
  (let ((log (%log runner)))
    (when log
      (display "Group end: " log)
      (display (car (test-runner-group-stack runner)) log)
      (newline log)))
  #f)

(define (test-on-test-begin-simple runner)
  "Log the begin of a test."
  (let ((log (%log runner)))
    (when log
      (display "Test begin:\n" log)
      (for-each (lambda (key)
                  (let ((entry (assq key (test-result-alist runner))))
                    (when entry (%write-property entry log))))
                '(test-name source-file source-line source-form)))))

(define (test-on-test-end-simple runner)
  "Log the end of a test, and print what did not go as it should."
  (let ((log (%log runner)) (kind (test-result-kind runner)))
    (when (memq kind '(fail xpass))
      (let ((file (test-result-ref runner 'source-file))
            (line (test-result-ref runner 'source-line))
            (name (test-runner-test-name runner)))
        (when file
          (display file)
          (display ":")
          (when line (display line) (display ":"))
          (display " "))
        (display (if (eq? kind 'xpass) "XPASS" "FAIL"))
        (unless (equal? name "")
          (display " ")
          (display name))
        (newline)))
    (when log
      (display "Test end:\n" log)
      (for-each (lambda (entry)
                  (unless (memq (car entry) '(test-name source-file source-line source-form))
                    (%write-property entry log)))
                (test-result-alist runner)))))

(define (%summary runner port)
  (for-each (lambda (label count)
              (unless (zero? count)
                (display label port)
                (display count port)
                (newline port)))
            '("# of expected passes      " "# of expected failures    "
              "# of unexpected successes " "# of unexpected failures  "
              "# of skipped tests        ")
            (list (test-runner-pass-count runner) (test-runner-xfail-count runner)
                  (test-runner-xpass-count runner) (test-runner-fail-count runner)
                  (test-runner-skip-count runner))))

(define (test-on-final-simple runner)
  "Print the summary, and end the log with it."
  (%summary runner (current-output-port))
  (let ((log (%log runner)))
    (when log
      (%summary runner log)
      (unless (eq? log test-log-to-file)
        (close-port log)
        (test-runner-aux-value! runner #f)))))

(define (test-on-bad-count-simple runner count expected)
  "Say that the number of tests is not the expected one."
  (for-each
   (lambda (port)
     (when port
       (display "*** Total number of tests was " port)
       (display count port)
       (display " but should be " port)
       (display expected port)
       (display ". ***\n*** Discrepancy indicates testsuite error or exceptions. ***\n" port)))
   (list (current-output-port) (%log runner))))

(define (test-on-bad-end-name-simple runner begin-name end-name)
  "Raise an error: a group ends that did not begin."
  (error (string-append "test-end " end-name " does not match test-begin " begin-name)))
