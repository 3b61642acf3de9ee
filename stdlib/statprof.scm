;;; (statprof): a profiler that samples.
;;;
;;; Commentary:
;;; A timer that counts the time the process computes raises SIGPROF; its handler
;;; notes the procedures on the stack.  What a procedure's own samples are is the
;;; time it took itself, and all stacks it is on make the time it took with what
;;; it called.
;;; Code:

(define-module (statprof)
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-9)
  #:use-module (system vm frame)
  #:use-module (ice-9 format)
  #:export (statprof-active? statprof-start statprof-stop statprof-reset
            statprof-accumulated-time statprof-sample-count
            statprof-fold-call-data statprof-proc-call-data
            statprof-call-data-name statprof-call-data-calls
            statprof-call-data-cum-samples statprof-call-data-self-samples
            statprof-call-data->stats
            statprof-stats-proc-name statprof-stats-proc-source
            statprof-stats-%-time-in-proc
            statprof-stats-cum-secs-in-proc statprof-stats-self-secs-in-proc
            statprof-stats-calls statprof-stats-self-secs-per-call
            statprof-stats-cum-secs-per-call
            statprof-display statprof-display-anomalies
            statprof-fetch-stacks statprof-fetch-call-tree
            statprof with-statprof gcprof))

;;; The state: one profile at a time.

(define level 0)
(define started #f)                     ; when measuring began, in internal time
(define accumulated 0)                  ; internal time before that
(define period 10000)                   ; between samples, in µs
(define samples '())                    ; lists of (procedure name . place), innermost first
(define old-handler #f)

(define (statprof-active?)
  "Is something being measured?"
  (> level 0))

(define (frame->entry frame)
  (let ((source (frame-source frame)))
    (cons (frame-procedure frame)
          (cons (frame-procedure-name frame)
                (and source
                     (format #f "~a:~a:~a" (cadr source) (+ 1 (caddr source)) (cdddr source)))))))

(define (sample! signal)
  (let ((stack (make-stack #t sample!)))
    (when (and stack (> level 0))
      (set! samples
            (cons (map (lambda (i) (frame->entry (stack-ref stack i)))
                       (iota (stack-length stack)))
                  samples)))))

(define (statprof-start)
  "Begin to measure, or measure on."
  (set! level (+ level 1))
  (when (= level 1)
    (set! started (get-internal-run-time))
    (set! old-handler (sigaction SIGPROF sample!))
    (setitimer ITIMER_PROF (quotient period 1000000) (remainder period 1000000)
               (quotient period 1000000) (remainder period 1000000))))

(define (statprof-stop)
  "Stop measuring."
  (set! level (max 0 (- level 1)))
  (when (= level 0)
    (setitimer ITIMER_PROF 0 0 0 0)
    (sigaction SIGPROF (car old-handler))
    (set! accumulated (+ accumulated (- (get-internal-run-time) started)))
    (set! started #f)))

(define* (statprof-reset sample-seconds sample-microseconds count-calls? #:optional full-stacks?)
  "Forget all samples, and take one every SAMPLE-SECONDS and SAMPLE-MICROSECONDS from
now on.  Calls are not counted, whatever COUNT-CALLS? is."
  (when (statprof-active?)
    (error "Can't reset profiler while profiler is running."))
  (set! period (max 1 (+ (* 1000000 sample-seconds) sample-microseconds)))
  (set! accumulated 0)
  (set! samples '()))

(define (check-stopped)
  (when (statprof-active?)
    (error "Can't get data while profiler is running.")))

(define (statprof-accumulated-time)
  "Return how long was measured, in seconds."
  (check-stopped)
  (/ accumulated 1.0 internal-time-units-per-second))

(define (statprof-sample-count)
  "Return the number of samples."
  (check-stopped)
  (length samples))

;;; Data for each procedure.

(define-record-type <call-data>
  (make-call-data proc name source calls cum-samples self-samples)
  call-data?
  (proc call-data-proc)
  (name call-data-name)
  (source call-data-source set-call-data-source!)
  (calls statprof-call-data-calls)
  (cum-samples statprof-call-data-cum-samples set-cum-samples!)
  (self-samples statprof-call-data-self-samples set-self-samples!))

(define (statprof-call-data-name data)
  "Return the name of the procedure that DATA is about, as text."
  (if (call-data-name data)
      (symbol->string (call-data-name data))
      (string-append "anonymous" (if (call-data-source data)
                                     (string-append " " (call-data-source data))
                                     ""))))


;; Closures of one definition count as one procedure.
(define (id entry) (or (cadr entry) (cddr entry) (car entry)))

(define (collect)
  (let ((table (make-hash-table)) (order '()))
    (define (data-of entry)
      (or (hash-ref table (id entry))
          (let ((data (make-call-data (car entry) (cadr entry) (cddr entry) #f 0 0)))
            (hash-set! table (id entry) data)
            (set! order (cons data order))
            data)))
    (for-each
     (lambda (stack)
       (when (pair? stack)
         (let ((self (data-of (car stack))))
           (set-self-samples! self (+ 1 (statprof-call-data-self-samples self))))
         (for-each (lambda (entry)
                     (let ((data (data-of entry)))
                       (set-cum-samples! data (+ 1 (statprof-call-data-cum-samples data)))))
                   (delete-duplicates stack (lambda (a b) (equal? (id a) (id b)))))))
     samples)
    (reverse order)))

(define (statprof-fold-call-data proc init)
  "Call PROC with the data of each procedure and the result so far, INIT at first."
  (check-stopped)
  (fold proc init (collect)))

(define (statprof-proc-call-data proc)
  "Return the data of PROC, or #f when no sample saw it."
  (check-stopped)
  (find (lambda (data)
          (or (eq? (call-data-proc data) proc)
              (and (call-data-name data) (eq? (call-data-name data) (procedure-name proc)))))
        (collect)))

(define-record-type <stats>
  (make-stats proc-name proc-source %-time cum-secs self-secs calls self-per-call cum-per-call)
  stats?
  (proc-name statprof-stats-proc-name)
  (proc-source statprof-stats-proc-source)
  (%-time statprof-stats-%-time-in-proc)
  (cum-secs statprof-stats-cum-secs-in-proc)
  (self-secs statprof-stats-self-secs-in-proc)
  (calls statprof-stats-calls)
  (self-per-call statprof-stats-self-secs-per-call)
  (cum-per-call statprof-stats-cum-secs-per-call))

(define (statprof-call-data->stats data)
  "Return what DATA means in seconds and percent."
  (let* ((all (max 1 (statprof-sample-count)))
         (secs (/ (statprof-accumulated-time) all)))
    (make-stats (statprof-call-data-name data)
                (call-data-source data)
                (* 100.0 (/ (statprof-call-data-self-samples data) all))
                (* secs (statprof-call-data-cum-samples data))
                (* secs (statprof-call-data-self-samples data))
                #f #f #f)))

;;; Output.

(define* (statprof-display #:optional (port (current-output-port)) #:key (style 'flat))
  "Print what was measured to PORT: a line for each procedure, or with the STYLE tree
who called whom."
  (case style
    ((flat) (display-flat port))
    ((anomalies) (statprof-display-anomalies port))
    ((tree) (display-tree port))
    (else (error "unknown display style" style)))
  (values))

(define (display-flat port)
  (if (zero? (statprof-sample-count))
      (display "No samples recorded.\n" port)
      (let ((stats (sort (map statprof-call-data->stats (collect))
                         (lambda (a b)
                           (let ((x (statprof-stats-self-secs-in-proc a))
                                 (y (statprof-stats-self-secs-in-proc b)))
                             (if (= x y)
                                 (> (statprof-stats-cum-secs-in-proc a)
                                    (statprof-stats-cum-secs-in-proc b))
                                 (> x y)))))))
        (format port "~5a ~10a   ~7a  ~8a\n" "%" "cumulative" "self" "")
        (format port "~5a  ~9a  ~8a  ~a\n" "time" "seconds" "seconds" "procedure")
        (for-each (lambda (s)
                    (format port "~6,2f ~9,2f ~9,2f  ~a\n"
                            (statprof-stats-%-time-in-proc s)
                            (statprof-stats-cum-secs-in-proc s)
                            (statprof-stats-self-secs-in-proc s)
                            (statprof-stats-proc-name s)))
                  stats)
        (display "---\n" port)
        (format port "Sample count: ~a\n" (statprof-sample-count))
        (format port "Total time: ~a seconds\n" (statprof-accumulated-time)))))

(define* (statprof-display-anomalies #:optional (port (current-output-port)))
  "Print what looks wrong: procedures that are on fewer stacks than they ran."
  (for-each (lambda (data)
              (when (< (statprof-call-data-cum-samples data)
                       (statprof-call-data-self-samples data))
                (format port "~a: ~a of its own samples, ~a in all\n"
                        (statprof-call-data-name data)
                        (statprof-call-data-self-samples data)
                        (statprof-call-data-cum-samples data))))
            (collect))
  (format port "Total time: ~a\n" (statprof-accumulated-time))
  (format port "Sample count: ~a\n" (statprof-sample-count)))

(define (statprof-fetch-stacks)
  "Return the stacks of all samples, each a list of procedures, the innermost first."
  (check-stopped)
  (map (lambda (stack) (map car stack)) samples))

(define (entry-name entry)
  (if (cadr entry)
      (symbol->string (cadr entry))
      (string-append "anonymous" (if (cddr entry) (string-append " " (cddr entry)) ""))))

;; A tree is (name count tree ...), those with the most samples first.
(define (tree-of stacks)
  (let loop ((stacks stacks) (groups '()))
    (cond ((null? stacks)
           (sort (map (lambda (group)
                        (cons* (car group) (length (cdr group)) (tree-of (cdr group))))
                      groups)
                 (lambda (a b) (> (cadr a) (cadr b)))))
          ((null? (car stacks)) (loop (cdr stacks) groups))
          (else
           (let* ((name (entry-name (caar stacks)))
                  (group (assoc name groups)))
             (if group
                 (begin (set-cdr! group (cons (cdar stacks) (cdr group)))
                        (loop (cdr stacks) groups))
                 (loop (cdr stacks) (cons (list name (cdar stacks)) groups))))))))

(define* (statprof-fetch-call-tree #:key (precise? #f))
  "Return who called whom: a list of a name, the number of samples, and such lists of
what was called."
  (check-stopped)
  (cons* #t (length samples) (tree-of (map reverse samples))))

(define (display-tree port)
  (let* ((tree (statprof-fetch-call-tree)) (all (max 1 (cadr tree))))
    (let show ((trees (cddr tree)) (indent 0))
      (for-each (lambda (tree)
                  (format port "~5,1f  ~a~a\n" (* 100.0 (/ (cadr tree) all))
                          (make-string indent #\space) (car tree))
                  (show (cddr tree) (+ indent 2)))
                trees))))

;;; All at once.

(define* (statprof thunk #:key (loop 1) (hz 100) (count-calls? #f)
                   (port (current-output-port)) (display-style 'flat))
  "Call THUNK as often as LOOP says while HZ samples a second are taken, print what was
measured to PORT, and return THUNK's values."
  (let ((period (inexact->exact (round (/ 1e6 hz)))))
    (statprof-reset (quotient period 1000000) (remainder period 1000000) count-calls?)
    (dynamic-wind
      statprof-start
      (lambda ()
        (let again ((n loop))
          (when (> n 1)
            (thunk)
            (again (- n 1))))
        (thunk))
      (lambda ()
        (statprof-stop)
        (statprof-display port #:style display-style)))))

(define-syntax with-statprof
  (lambda (x)
    (define (split args options)
      (syntax-case args ()
        ((key value . rest)
         (keyword? (syntax->datum #'key))
         (split #'rest (append options (list #'key #'value))))
        (body (cons options #'body))))
    (syntax-case x ()
      ((_ . args)
       (let ((parts (split #'args '())))
         #`(statprof (lambda () #,@(cdr parts)) #,@(car parts)))))))

(define* (gcprof thunk #:key (loop 1) full-stacks? (port (current-output-port)))
  "Call THUNK as often as LOOP says, with a sample at each collection of garbage that
the program asks for, and print what was measured to PORT."
  (define (note!) (sample! #f))
  (statprof-reset 0 10000 #f)
  (dynamic-wind
    (lambda ()
      (set! level (+ level 1))
      (set! started (get-internal-run-time))
      (add-hook! after-gc-hook note!))
    (lambda ()
      (let again ((n loop))
        (when (> n 1)
          (thunk)
          (again (- n 1))))
      (thunk))
    (lambda ()
      (remove-hook! after-gc-hook note!)
      (set! level (- level 1))
      (set! accumulated (+ accumulated (- (get-internal-run-time) started)))
      (set! started #f)
      (statprof-display port))))
