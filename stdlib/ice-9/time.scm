;;; How long an expression takes.

(define-module (ice-9 time)
  #:use-module (ice-9 format)
  #:export (time))

(define-syntax time
  (syntax-rules ()
    "Evaluate an expression, print the time that it took, and return its value."
    ((_ expr) (%time (lambda () expr)))))

(define (%time thunk)
  (define (seconds units)
    (exact->inexact (/ units internal-time-units-per-second)))
  (let* ((real (get-internal-real-time))
         (run (get-internal-run-time)))
    (call-with-values thunk
      (lambda vals
        (let ((real (- (get-internal-real-time) real))
              (run (- (get-internal-run-time) run)))
          (display "clock utime stime cutime cstime gctime\n")
          (format #t "~5,2f ~5,2f ~5,2f ~6,2f ~6,2f ~6,2f\n"
                  (seconds real) (seconds run) 0 0 0 0)
          (apply values vals))))))
