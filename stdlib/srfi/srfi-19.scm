;;; SRFI 19: times and dates, for the UTC, monotonic and duration time types.

(define-module (srfi srfi-19)
  #:use-module (srfi srfi-9)
  #:export (time-utc time-monotonic time-duration time-tai make-time time?
            time-type time-nanosecond time-second set-time-second!
            set-time-nanosecond! copy-time time=? time<? time>? time<=? time>=?
            time-difference add-duration subtract-duration make-date date?
            date-nanosecond date-second date-minute date-hour date-day
            date-month date-year date-zone-offset date-week-day date-year-day
            current-date time-utc->date date->time-utc date->string
            string->date)
  #:replace (current-time))

(define time-utc 'time-utc)
(define time-tai 'time-tai)
(define time-monotonic 'time-monotonic)
(define time-duration 'time-duration)

(define-record-type time
  (make-time type nanosecond second)
  time?
  (type time-type)
  (nanosecond time-nanosecond set-time-nanosecond!)
  (second time-second set-time-second!))

(define-record-type date
  (make-date nanosecond second minute hour day month year zone-offset)
  date?
  (nanosecond date-nanosecond) (second date-second) (minute date-minute)
  (hour date-hour) (day date-day) (month date-month) (year date-year)
  (zone-offset date-zone-offset))

(define (%from-nanoseconds type n)
  (make-time type (floor-remainder n 1000000000) (floor-quotient n 1000000000)))
(define (%nanoseconds t) (+ (* 1000000000 (time-second t)) (time-nanosecond t)))

(define* (current-time #:optional (type time-utc))
  (%from-nanoseconds type (%current-nanoseconds)))

(define (copy-time t) (make-time (time-type t) (time-nanosecond t) (time-second t)))

(define (time=? a b) (= (%nanoseconds a) (%nanoseconds b)))
(define (time<? a b) (< (%nanoseconds a) (%nanoseconds b)))
(define (time>? a b) (> (%nanoseconds a) (%nanoseconds b)))
(define (time<=? a b) (<= (%nanoseconds a) (%nanoseconds b)))
(define (time>=? a b) (>= (%nanoseconds a) (%nanoseconds b)))

(define (time-difference a b)
  (%from-nanoseconds time-duration (- (%nanoseconds a) (%nanoseconds b))))
(define (add-duration t d)
  (%from-nanoseconds (time-type t) (+ (%nanoseconds t) (%nanoseconds d))))
(define (subtract-duration t d)
  (%from-nanoseconds (time-type t) (- (%nanoseconds t) (%nanoseconds d))))

(define* (time-utc->date t #:optional (offset (- (tm:gmtoff (localtime (time-second t))))))
  (let ((tm (gmtime (+ (time-second t) offset))))
    (make-date (time-nanosecond t) (tm:sec tm) (tm:min tm) (tm:hour tm) (tm:mday tm)
               (+ 1 (tm:mon tm)) (+ 1900 (tm:year tm)) offset)))

;; The fields of a date as the vector that strftime takes.
(define (%tm d)
  (let ((tm (gmtime 0)))
    (set-tm:sec tm (date-second d))
    (set-tm:min tm (date-minute d))
    (set-tm:hour tm (date-hour d))
    (set-tm:mday tm (date-day d))
    (set-tm:mon tm (- (date-month d) 1))
    (set-tm:year tm (- (date-year d) 1900))
    tm))

(define (date->time-utc d)
  (make-time time-utc (date-nanosecond d)
             (- (car (mktime (%tm d) "UTC")) (date-zone-offset d))))

(define* (current-date #:optional offset)
  (let ((now (current-time)))
    (if offset (time-utc->date now offset) (time-utc->date now))))

(define (date-week-day d) (tm:wday (cdr (mktime (%tm d) "UTC"))))
(define (date-year-day d) (+ 1 (tm:yday (cdr (mktime (%tm d) "UTC")))))

(define (%zone offset)
  (if (zero? offset)
      "Z"
      (let ((n (quotient (abs offset) 60)))
        (string-append (if (negative? offset) "-" "+")
                       (string-pad (number->string (quotient n 60)) 2 #\0)
                       (string-pad (number->string (remainder n 60)) 2 #\0)))))

;; The directives that differ from strftime's are handled here.
(define* (date->string d #:optional (format "~c"))
  (define tm (%tm d))
  (call-with-output-string
   (lambda (port)
     (let loop ((i 0))
       (when (< i (string-length format))
         (let ((c (string-ref format i)))
           (if (and (char=? c #\~) (< (+ i 1) (string-length format)))
               (let ((x (string-ref format (+ i 1))))
                 (display
                  (case x
                    ((#\~) "~")
                    ((#\1) (strftime "%Y-%m-%d" tm))
                    ((#\2) (string-append (strftime "%H:%M:%S" tm) (%zone (date-zone-offset d))))
                    ((#\3) (strftime "%H:%M:%S" tm))
                    ((#\4) (string-append (strftime "%Y-%m-%dT%H:%M:%S" tm) (%zone (date-zone-offset d))))
                    ((#\5) (strftime "%Y-%m-%dT%H:%M:%S" tm))
                    ((#\z) (%zone (date-zone-offset d)))
                    ((#\N) (string-pad (number->string (date-nanosecond d)) 9 #\0))
                    ((#\s) (number->string (time-second (date->time-utc d))))
                    ((#\c) (string-append (strftime "%a %b %d %H:%M:%S" tm) (%zone (date-zone-offset d))
                                          (strftime " %Y" tm)))
                    (else (strftime (string #\% x) tm)))
                  port)
                 (loop (+ i 2)))
               (begin (write-char c port) (loop (+ i 1))))))))))

(define (string->date s template)
  (let* ((parsed (car (strptime (string-map (lambda (c) (if (char=? c #\~) #\% c)) template) s))))
    (make-date 0 (tm:sec parsed) (tm:min parsed) (tm:hour parsed) (tm:mday parsed)
               (+ 1 (tm:mon parsed)) (+ 1900 (tm:year parsed)) (- (tm:gmtoff parsed)))))
