;;; (ice-9 threads): threads, mutexes, condition variables, and what runs in
;;; parallel.
;;;
;;; Commentary:
;;; Threads take turns: one runs at a time, and another one gets its turn when
;;; that one waits or has run for a while.  So what is parallel is waiting, not
;;; computing.  A thread's data, an object of type <state>, holds how it ended.
;;; Code:

(define-module (ice-9 threads)
  #:use-module (fruix native threads)
  #:re-export (yield thread? thread-exited? current-thread all-threads
               make-mutex make-recursive-mutex mutex? lock-mutex unlock-mutex
               mutex-owner mutex-level mutex-locked?
               make-condition-variable condition-variable?
               wait-condition-variable signal-condition-variable
               broadcast-condition-variable
               current-processor-count total-processor-count)
  #:export (call-with-new-thread begin-thread make-thread join-thread
            cancel-thread try-mutex with-mutex monitor
            parallel letpar par-map par-for-each n-par-map n-par-for-each
            n-for-each-par-map %thread-handler))

(define cancel-tag (make-prompt-tag "cancel"))

(define (cancel-thread thread . values)
  "Ask THREAD to end as soon as it can, with VALUES as its values.  Nothing
happens when it has ended already."
  (unless (thread-exited? thread)
    (system-async-mark
     (lambda ()
       (catch #t
         (lambda () (apply abort-to-prompt cancel-tag values))
         (lambda args #f)))
     thread)))

;; Called where the exception was raised.
(define (report key . args)
  (let ((stack (make-stack #t report))
        (port (current-error-port)))
    (false-if-exception
     (begin
       (display "In thread:\n" port)
       (when stack (display-backtrace stack port))
       (print-exception port (and stack (stack-ref stack 0)) key args)
       (force-output port)))))

(define (report-uncaught thunk)
  (catch #t thunk
    (lambda args (if #f #f))
    report))

(define* (call-with-new-thread thunk #:optional handler)
  "Call THUNK in a new thread, which starts with the values that fluids have
now, and return the thread.  HANDLER is called with key and arguments of an
exception that THUNK does not handle; without it the exception is reported."
  (let ((results #f)
        (thunk (if handler (lambda () (catch #t thunk handler)) thunk)))
    (%spawn (lambda ()
              (call-with-values
                  (lambda ()
                    (call-with-prompt cancel-tag
                      (lambda () (report-uncaught thunk))
                      (lambda (k . args) (apply values args))))
                (lambda vals (set! results vals))))
            (lambda () results))))

(define* (join-thread thread #:optional timeout timeout-value)
  "Wait until THREAD has ended and return what its thunk returned.  When the
time TIMEOUT comes first, return TIMEOUT-VALUE."
  (let ((results (%thread-data thread)))
    (unless (procedure? results)
      (error "foreign thread cannot be joined" thread))
    (if (%await-thread thread timeout)
        (apply values (or (results) '()))
        timeout-value)))

(define (try-mutex mutex)
  "Lock MUTEX and return #t, or return #f when it is locked."
  (lock-mutex mutex 0))

(define-syntax-rule (with-mutex mutex body body* ...)
  (let ((m mutex))
    (dynamic-wind
      (lambda () (lock-mutex m))
      (lambda () body body* ...)
      (lambda () (unlock-mutex m)))))

(define (%thread-handler key . args)
  "Report an exception that a thread did not handle."
  (apply report key args)
  #f)

(define-syntax-rule (begin-thread body body* ...)
  (call-with-new-thread (lambda () body body* ...) %thread-handler))

(define-syntax-rule (make-thread proc arg ...)
  (call-with-new-thread (lambda () (proc arg ...)) %thread-handler))

;; One mutex for each place in a program.
(define monitors (make-hash-table))

(define (monitor-mutex id)
  (call-with-blocked-asyncs
   (lambda ()
     (or (hashq-ref monitors id)
         (hashq-set! monitors id (make-mutex))))))

(define-syntax monitor
  (lambda (x)
    (syntax-case x ()
      ((key body body* ...)
       (with-syntax ((id (datum->syntax #'key (gensym "monitor"))))
         #'(with-mutex (monitor-mutex 'id) body body* ...))))))

;;; In parallel.

(define-syntax parallel
  (lambda (x)
    (syntax-case x ()
      ((_ e ...)
       (with-syntax (((tmp ...) (generate-temporaries #'(e ...))))
         #'(let ((tmp (future e)) ...)
             (values (touch tmp) ...)))))))

(define-syntax-rule (letpar ((v e) ...) body body* ...)
  (call-with-values (lambda () (parallel e ...))
    (lambda (v ...) body body* ...)))

(define (columns lists)
  (if (or-map null? lists)
      '()
      (cons (map car lists) (columns (map cdr lists)))))

(define (par-map proc . lists)
  "Map PROC over LISTS, in parallel as far as possible."
  (map touch
       (map (lambda (args) (make-future (lambda () (apply proc args))))
            (columns lists))))

(define (par-for-each proc . lists)
  "Call PROC on the elements of LISTS, in parallel as far as possible."
  (for-each touch
            (map (lambda (args) (make-future (lambda () (apply proc args))))
                 (columns lists))))

;; Call work with the index and the arguments of each column, in n threads.
(define (in-threads n work lists)
  (let* ((jobs (columns lists))
         (index 0)
         (mutex (make-mutex))
         (next (lambda ()
                 (with-mutex mutex
                   (and (pair? jobs)
                        (let ((job (cons index (car jobs))))
                          (set! index (+ index 1))
                          (set! jobs (cdr jobs))
                          job))))))
    (define (run)
      (let ((job (next)))
        (when job
          (work (car job) (cdr job))
          (run))))
    (let loop ((n n) (threads '()))
      (if (> n 0)
          (loop (- n 1) (cons (begin-thread (run)) threads))
          (for-each join-thread threads)))))

(define (n-par-map n proc . lists)
  "Map PROC over LISTS in N threads."
  (let ((results (make-vector (apply min (map length lists)) #f)))
    (in-threads n (lambda (i args) (vector-set! results i (apply proc args))) lists)
    (vector->list results)))

(define (n-par-for-each n proc . lists)
  "Call PROC on the elements of LISTS in N threads."
  (in-threads n (lambda (i args) (apply proc args)) lists))

(define (n-for-each-par-map n s-proc p-proc . lists)
  "Call P-PROC on the elements of LISTS in N threads, and S-PROC on the
results, one after the other in the order of LISTS."
  (let* ((count (apply min (map length lists)))
         (results (make-vector count #f))
         (mutex (make-mutex))
         (due 0))
    (define (pass-on)
      (when (and (< due count) (vector-ref results due))
        (let ((result (car (vector-ref results due))))
          (vector-set! results due #f)
          (set! due (+ due 1))
          (s-proc result)
          (pass-on))))
    (in-threads n
                (lambda (i args)
                  (let ((result (apply p-proc args)))
                    (with-mutex mutex
                      (vector-set! results i (list result))
                      (pass-on))))
                lists)))

(use-modules (ice-9 futures))
