;;; R7RS (scheme time).

(define-module (scheme time)
  #:export (current-second jiffies-per-second)
  #:re-export (current-jiffy))

(define (current-second) (/ (%current-nanoseconds) 1e9))
(define (jiffies-per-second) internal-time-units-per-second)
