;;; Code that one thread at a time runs.

(define-module (ice-9 serialize)
  #:use-module (ice-9 threads)
  #:export (call-with-serialization call-with-parallelization serialize
            parallelize))

(define mutex (make-mutex 'recursive))

(define (call-with-serialization thunk)
  "Call THUNK while no other thread is inside of call-with-serialization."
  (dynamic-wind
    (lambda () (lock-mutex mutex))
    thunk
    (lambda () (unlock-mutex mutex))))

(define (call-with-parallelization thunk)
  "Call THUNK; inside of call-with-serialization, let others run meanwhile."
  (let ((held 0))
    (dynamic-wind
      (lambda ()
        (let loop ()
          (when (and (mutex-locked? mutex) (eq? (mutex-owner mutex) (current-thread)))
            (unlock-mutex mutex)
            (set! held (+ held 1))
            (loop))))
      thunk
      (lambda ()
        (let loop ()
          (when (> held 0)
            (lock-mutex mutex)
            (set! held (- held 1))
            (loop)))))))

(define-syntax serialize
  (syntax-rules ()
    "Evaluate forms by call-with-serialization."
    ((_ form ...) (call-with-serialization (lambda () form ...)))))

(define-syntax parallelize
  (syntax-rules ()
    "Evaluate forms by call-with-parallelization."
    ((_ form ...) (call-with-parallelization (lambda () form ...)))))
