;;; (ice-9 futures): expressions that are evaluated while the program goes on.
;;;
;;; Commentary:
;;; A few threads take futures from a queue.  Whoever touches a future that no
;;; thread has taken yet evaluates it itself, so that futures that wait for
;;; futures never wait for ever.
;;; Code:

(define-module (ice-9 futures)
  #:use-module (fruix native threads)
  #:use-module (srfi srfi-9)
  #:use-module (srfi srfi-9 gnu)
  #:export (future make-future future? touch))

(define-record-type <future>
  (%make-future thunk state result)
  future?
  (thunk future-thunk set-future-thunk!)
  ;; queued, running or done; the result is a thunk that gives the values or
  ;; raises the exception.
  (state future-state set-future-state!)
  (result future-result set-future-result!))

(set-record-type-printer! <future>
  (lambda (future port)
    (display "#<future " port)
    (display (future-state future) port)
    (display ">" port)))

(define mutex (make-mutex))
(define work-there (make-condition-variable))
(define some-done (make-condition-variable))
(define first '())                      ; the queue, oldest first
(define last '())
(define workers 0)
(define idle 0)
(define most-workers (max 2 (current-processor-count)))

(define (enqueue! future)
  (let ((cell (list future)))
    (if (null? first) (set! first cell) (set-cdr! last cell))
    (set! last cell)))

;; The oldest future that nobody has taken, #f when there is none.
(define (dequeue!)
  (and (pair? first)
       (let ((future (car first)))
         (set! first (cdr first))
         (if (eq? (future-state future) 'queued) future (dequeue!)))))

(define (make-future thunk)
  "Return a future of the values of THUNK."
  (let ((future (%make-future thunk 'queued #f)))
    (lock-mutex mutex)
    (enqueue! future)
    (cond ((> idle 0) (signal-condition-variable work-there))
          ((< workers most-workers)
           (set! workers (+ workers 1))
           (%spawn work #f)))
    (unlock-mutex mutex)
    future))

;; With the mutex locked, and so it is again afterwards.
(define (run! future)
  (set-future-state! future 'running)
  (unlock-mutex mutex)
  (let ((result
         (with-exception-handler
             (lambda (exn) (lambda () (raise-exception exn)))
           (lambda ()
             (call-with-values (future-thunk future)
               (lambda vals (lambda () (apply values vals)))))
           #:unwind? #t)))
    (lock-mutex mutex)
    (set-future-thunk! future #f)
    (set-future-result! future result)
    (set-future-state! future 'done)
    (broadcast-condition-variable some-done)))

(define (work)
  (lock-mutex mutex)
  (let loop ()
    (let ((future (dequeue!)))
      (cond (future (run! future))
            (else
             (set! idle (+ idle 1))
             (wait-condition-variable work-there mutex)
             (set! idle (- idle 1)))))
    (loop)))

(define (touch future)
  "Return the values of FUTURE, or raise the exception that it ended with."
  (lock-mutex mutex)
  (let loop ()
    (case (future-state future)
      ((queued) (run! future) (loop))
      ((running)
       ;; Something else can be done meanwhile.
       (let ((other (dequeue!)))
         (if other
             (run! other)
             (wait-condition-variable some-done mutex))
         (loop)))))
  (unlock-mutex mutex)
  ((future-result future)))

(define-syntax-rule (future expression)
  (make-future (lambda () expression)))
