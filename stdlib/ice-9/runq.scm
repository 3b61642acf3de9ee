;;; Queues of procedures to run.
;;;
;;; Commentary:
;;; A strip is a procedure that does a piece of work and gives the next strip,
;;; or #f.  A run queue is a procedure: without arguments it runs one strip, with
;;; a message such as 'add! it is controlled.
;;; Code:

(define-module (ice-9 runq)
  #:use-module (ice-9 q)
  #:export (runq-control make-void-runq make-fair-runq make-exclusive-runq
            make-subordinate-runq-to strip-sequence fair-strip-subtask))

(define (runq-control q message . args)
  "Do what MESSAGE asks of the queue Q: add! or enqueue! strips, push! them,
tell if it is empty?, its length, or kill! it."
  (case message
    ((add! enqueue!) (for-each (lambda (t) (enq! q t)) args) *unspecified*)
    ((push!) (for-each (lambda (t) (q-push! q t)) args) *unspecified*)
    ((empty?) (q-empty? q))
    ((length) (q-length q))
    ((kill!) (set-car! q '()) (sync-q! q) *unspecified*)
    (else (throw 'not-understood message args))))

;; The next strip after STRIP; a strip that fails is dropped.
(define (run strip)
  (catch #t
    strip
    (lambda args (warn 'runq-strip strip args) #f)))

(define (make-void-runq)
  "Return a run queue that forgets all that is added."
  (lambda message
    (if (and (pair? message) (eq? (car message) 'length)) 0 #f)))

;; A run queue whose strips are put back by KEEP!.
(define (make-runq keep!)
  (let ((q (make-q)))
    (define (self . message)
      (cond ((pair? message) (apply runq-control q message))
            ((q-empty? q) #f)
            (else
             (let ((next (deq! q)))
               (cond ((procedure? next)
                      (let ((then (run next)))
                        (when then (keep! q then))))
                     ((pair? next)
                      (let ((then (run (car next))))
                        (when then (keep! q then)))
                      (unless (null? (cdr next))
                        (keep! q (cdr next)))))
               self))))
    self))

(define (make-fair-runq)
  "Return a run queue whose strips take turns."
  (make-runq enq!))

(define (make-exclusive-runq)
  "Return a run queue that runs a strip to its end before the next one."
  (make-runq q-push!))

(define (make-subordinate-runq-to superior runq)
  "Return a run queue that does what RUNQ does and is run by SUPERIOR while it
has something to do."
  (let ((task (cons #f #f)))
    (define (self . message)
      (cond ((null? message) (runq))
            ((eq? (car message) 'suspend) (set-cdr! task #f))
            (else
             (let ((answer (apply runq message)))
               (when (and (not (cdr task)) (not (runq 'empty?)))
                 (set-cdr! task task)
                 (superior 'add! task))
               answer))))
    (set-car! task
              (lambda ()
                (if (runq 'empty?)
                    (begin (set-cdr! task #f) #f)
                    (let loop ((n (runq 'length)))
                      (when (> n 0)
                        (runq)
                        (loop (- n 1)))))
                #f))
    self))

(define (strip-sequence . strips)
  "Return a strip that runs STRIPS one after the other, each to its end."
  (lambda ()
    (let loop ((strips strips))
      (and (pair? strips)
           (let ((then ((car strips))))
             (lambda ()
               (loop (if then (cons then (cdr strips)) (cdr strips)))))))))

(define (fair-strip-subtask . strips)
  "Return a strip that runs STRIPS in turns."
  (let ((runq (make-fair-runq)))
    (apply runq 'add! strips)
    runq))
