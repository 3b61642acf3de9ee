;;; (srfi srfi-18): multithreading support.
;;;
;;; Commentary:
;;; A thread is an object of type <thread> beside the engine's own thread, which
;;; starts at once and waits for thread-start!.  What a mutex or a thread is doing
;;; is kept under one lock of its own, with a condition variable for whoever waits
;;; for a change.
;;; Code:

(define-module (srfi srfi-18)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:use-module ((fruix native threads) #:prefix native:)
  #:re-export (with-exception-handler)
  #:replace (raise current-time current-thread thread? make-thread make-mutex mutex?
             make-condition-variable condition-variable?)
  #:export (thread-name thread-specific thread-specific-set! thread-start!
            thread-yield! thread-sleep! thread-terminate! thread-join!
            mutex-name mutex-specific mutex-specific-set! mutex-state
            mutex-lock! mutex-unlock!
            condition-variable-name condition-variable-specific
            condition-variable-specific-set! condition-variable-signal!
            condition-variable-broadcast!
            time? time->seconds seconds->time
            current-exception-handler
            join-timeout-exception? abandoned-mutex-exception?
            terminated-thread-exception? uncaught-exception?
            uncaught-exception-reason))

;;; Time.

(define-record-type <time>
  (%make-time seconds)
  time?
  (seconds time->seconds))

(define (current-time)
  "Return the time now."
  (let ((now (gettimeofday)))
    (%make-time (+ (car now) (/ (cdr now) 1000000)))))

(define (seconds->time seconds)
  "Return the time SECONDS after the beginning of 1970."
  (if (real? seconds)
      (%make-time seconds)
      (scm-error 'wrong-type-arg "seconds->time" "Wrong type argument in position ~A: ~S"
                 (list 1 seconds) (list seconds))))

;; A time, a number of seconds from now, or #f for never, as natives take it.
(define (deadline who timeout)
  (cond ((not timeout) #f)
        ((time? timeout) (exact->inexact (time->seconds timeout)))
        ((real? timeout) (exact->inexact (+ (time->seconds (current-time)) timeout)))
        (else (scm-error 'wrong-type-arg who "Wrong type argument in position ~A: ~S"
                         (list 2 timeout) (list timeout)))))

;;; Exceptions.

(define-record-type <exception>
  (make-exception* kind reason)
  exception*?
  (kind exception-kind*)
  (reason exception-reason*))

(define (kind-predicate kind)
  (lambda (x) (and (exception*? x) (eq? (exception-kind* x) kind))))

(define join-timeout-exception? (kind-predicate 'join-timeout))
(define abandoned-mutex-exception? (kind-predicate 'abandoned-mutex))
(define terminated-thread-exception? (kind-predicate 'terminated-thread))
(define uncaught-exception? (kind-predicate 'uncaught))

(define (uncaught-exception-reason exn)
  "Return what the thread raised that EXN is about."
  (if (uncaught-exception? exn)
      (exception-reason* exn)
      (scm-error 'wrong-type-arg "uncaught-exception-reason"
                 "Wrong type argument in position ~A: ~S" (list 1 exn) (list exn))))

(define (raise obj)
  "Call the current exception handler with OBJ, in this place."
  (raise-continuable obj))

(define (signal kind . reason)
  (raise-continuable (make-exception* kind (and (pair? reason) (car reason)))))

(define (current-exception-handler)
  "Return a procedure that passes an object to the current exception handler."
  (lambda (obj) (raise-continuable obj)))

;;; Threads.

(define-record-type <thread>
  (%make-thread name specific native lock changed state result mutexes)
  thread?
  (name thread-name)
  (specific thread-specific thread-specific-set!)
  (native thread-native set-thread-native!)
  (lock thread-lock)
  (changed thread-changed)
  ;; new, started, ended, failed or terminated
  (state thread-state set-thread-state!)
  ;; the values, or the exception of a thread that failed
  (result thread-result set-thread-result!)
  ;; those it has locked
  (mutexes thread-mutexes set-thread-mutexes!))

(set-record-type-printer! <thread>
  (lambda (thread port)
    (display "#<thread " port)
    (write (thread-name thread) port)
    (display " " port)
    (display (thread-state thread) port)
    (display ">" port)))

;; From native threads to ours.
(define threads (make-weak-key-hash-table))

(define (new-thread name native state)
  (%make-thread name #f native (native:make-mutex) (native:make-condition-variable)
                state #f '()))

(define (current-thread)
  "Return the thread that runs."
  (let ((native (native:current-thread)))
    (or (hashq-ref threads native)
        (let ((thread (new-thread #f native 'started)))
          (hashq-set! threads native thread)
          thread))))

(define-syntax-rule (with-lock lock body ...)
  (let ((l lock))
    (dynamic-wind
      (lambda () (native:lock-mutex l))
      (lambda () body ...)
      (lambda () (native:unlock-mutex l)))))

(define (change! thread state result)
  (with-lock (thread-lock thread)
    (unless (memq (thread-state thread) '(ended failed terminated))
      (set-thread-state! thread state)
      (set-thread-result! thread result)
      (native:broadcast-condition-variable (thread-changed thread)))))

(define termination-tag (make-prompt-tag "terminate"))

(define* (make-thread thunk #:optional name)
  "Return a thread that will call THUNK once it is started."
  (let* ((thread (new-thread name #f 'new))
         (native
          (native:%spawn
           (lambda ()
             (call-with-prompt termination-tag
               (lambda ()
                 (with-lock (thread-lock thread)
                   (while (eq? (thread-state thread) 'new)
                     (native:wait-condition-variable (thread-changed thread) (thread-lock thread))))
                 (when (eq? (thread-state thread) 'started)
                   (with-exception-handler
                       (lambda (exn) (change! thread 'failed exn))
                     (lambda ()
                       (call-with-values thunk
                         (lambda vals (change! thread 'ended vals))))
                     #:unwind? #t)))
               (lambda (k) #f))
             (abandon! thread))
           #f)))
    (set-thread-native! thread native)
    (hashq-set! threads native thread)
    thread))

(define (thread-start! thread)
  "Let THREAD run, and return it."
  (with-lock (thread-lock thread)
    (when (eq? (thread-state thread) 'new)
      (set-thread-state! thread 'started)
      (native:broadcast-condition-variable (thread-changed thread))))
  thread)

(define (thread-yield!)
  "Let other threads run."
  (native:yield)
  (if #f #f))

(define (thread-sleep! timeout)
  "Wait until TIMEOUT, a time or a number of seconds from now."
  (unless timeout
    (scm-error 'wrong-type-arg "thread-sleep!" "Wrong type argument in position ~A: ~S"
               (list 1 timeout) (list timeout)))
  (let ((until (deadline "thread-sleep!" timeout)))
    (let loop ()
      (let ((left (- until (time->seconds (current-time)))))
        (when (> left 0)
          (usleep (inexact->exact (ceiling (* left 1000000))))
          (loop))))))

(define (thread-terminate! thread)
  "End THREAD as soon as possible."
  (change! thread 'terminated #f)
  (unless (native:thread-exited? (thread-native thread))
    (system-async-mark
     (lambda () (catch #t (lambda () (abort-to-prompt termination-tag)) (lambda args #f)))
     (thread-native thread))))

(define no-value (list 'no-value))

(define* (thread-join! thread #:optional timeout (timeout-value no-value))
  "Wait until THREAD has ended and return its value, or TIMEOUT-VALUE when TIMEOUT
comes first."
  (let* ((until (deadline "thread-join!" timeout))
         (done? (with-lock (thread-lock thread)
                  (let wait ()
                    (cond ((memq (thread-state thread) '(ended failed terminated)) #t)
                          ((native:wait-condition-variable (thread-changed thread)
                                                           (thread-lock thread) until)
                           (wait))
                          (else #f))))))
    (cond ((not done?)
           (if (eq? timeout-value no-value) (signal 'join-timeout) timeout-value))
          ((eq? (thread-state thread) 'ended) (apply values (thread-result thread)))
          ((eq? (thread-state thread) 'terminated) (signal 'terminated-thread))
          (else (signal 'uncaught (thread-result thread))))))

;;; Mutexes.

(define-record-type <mutex>
  (%make-mutex name specific lock changed state)
  mutex?
  (name mutex-name)
  (specific mutex-specific mutex-specific-set!)
  (lock mutex-lock)
  (changed mutex-changed)
  ;; a thread, not-owned, abandoned or not-abandoned
  (state mutex-state set-mutex-state!))

(define* (make-mutex #:optional name)
  "Return a mutex that is not locked."
  (%make-mutex name #f (native:make-mutex) (native:make-condition-variable) 'not-abandoned))

(define (free? mutex) (memq (mutex-state mutex) '(abandoned not-abandoned)))

(define (ended? thread) (memq (thread-state thread) '(ended failed terminated)))

(define* (mutex-lock! mutex #:optional timeout (thread (current-thread)))
  "Lock MUTEX, for THREAD or for nobody when that is #f.  Return #f when TIMEOUT
comes first."
  (let* ((until (deadline "mutex-lock!" timeout))
         (before (with-lock (mutex-lock mutex)
                   (let wait ()
                     (cond ((free? mutex)
                            (let ((state (mutex-state mutex)))
                              (set-mutex-state! mutex
                                                (cond ((not thread) 'not-owned)
                                                      ((ended? thread) 'abandoned)
                                                      (else thread)))
                              (when (thread? (mutex-state mutex))
                                (set-thread-mutexes! thread (cons mutex (thread-mutexes thread))))
                              state))
                           ((native:wait-condition-variable (mutex-changed mutex)
                                                            (mutex-lock mutex) until)
                            (wait))
                           (else #f))))))
    (if (eq? before 'abandoned) (signal 'abandoned-mutex))
    (and before #t)))

(define (release! mutex state)
  (with-lock (mutex-lock mutex)
    (let ((owner (mutex-state mutex)))
      (when (thread? owner)
        (set-thread-mutexes! owner (delq mutex (thread-mutexes owner)))))
    (set-mutex-state! mutex state)
    (native:signal-condition-variable (mutex-changed mutex))))

;; A thread that has ended leaves its mutexes to whoever wants them.
(define (abandon! thread)
  (for-each (lambda (mutex) (release! mutex 'abandoned)) (thread-mutexes thread)))

(define* (mutex-unlock! mutex #:optional condition timeout)
  "Unlock MUTEX.  With CONDITION wait for that then, and return #f when TIMEOUT
comes first."
  (if condition
      (let ((until (deadline "mutex-unlock!" timeout)))
        (with-lock (condition-lock condition)
          (release! mutex 'not-abandoned)
          (native:wait-condition-variable (condition-native condition)
                                          (condition-lock condition) until)))
      (begin (release! mutex 'not-abandoned) #t)))

;;; Condition variables.

(define-record-type <condition-variable>
  (%make-condition name specific lock native)
  condition-variable?
  (name condition-variable-name)
  (specific condition-variable-specific condition-variable-specific-set!)
  (lock condition-lock)
  (native condition-native))

(define* (make-condition-variable #:optional name)
  "Return a condition variable nobody waits for."
  (%make-condition name #f (native:make-mutex) (native:make-condition-variable)))

(define (condition-variable-signal! condition)
  "Wake one of the threads that wait for CONDITION."
  (with-lock (condition-lock condition)
    (native:signal-condition-variable (condition-native condition))))

(define (condition-variable-broadcast! condition)
  "Wake all threads that wait for CONDITION."
  (with-lock (condition-lock condition)
    (native:broadcast-condition-variable (condition-native condition))))
