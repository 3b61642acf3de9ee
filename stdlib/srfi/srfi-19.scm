;;; SRFI 19: times and dates.
;;;
;;; Commentary:
;;; A time is a number of seconds and nanoseconds on one of several scales.  UTC
;;; counts from 1970 and leaves out leap seconds; TAI counts them, and the
;;; monotonic scale is the same here.  Dates are of the proleptic Gregorian
;;; calendar with astronomical years: the year 0 comes before the year 1.
;;; Code:

(define-module (srfi srfi-19)
  #:use-module (srfi srfi-9)
  #:export (time-duration time-monotonic time-process time-tai time-thread time-utc
            current-date current-julian-day current-modified-julian-day
            time-resolution
            make-time time? time-type time-nanosecond time-second set-time-type!
            set-time-nanosecond! set-time-second! copy-time
            time<=? time<? time=? time>=? time>?
            time-difference time-difference! add-duration add-duration!
            subtract-duration subtract-duration!
            make-date date? date-nanosecond date-second date-minute date-hour
            date-day date-month date-year date-zone-offset date-year-day
            date-week-day date-week-number
            date->julian-day date->modified-julian-day date->time-monotonic
            date->time-tai date->time-utc
            julian-day->date julian-day->time-monotonic julian-day->time-tai
            julian-day->time-utc
            modified-julian-day->date modified-julian-day->time-monotonic
            modified-julian-day->time-tai modified-julian-day->time-utc
            time-monotonic->date time-monotonic->julian-day
            time-monotonic->modified-julian-day time-monotonic->time-tai
            time-monotonic->time-tai! time-monotonic->time-utc
            time-monotonic->time-utc!
            time-tai->date time-tai->julian-day time-tai->modified-julian-day
            time-tai->time-monotonic time-tai->time-monotonic!
            time-tai->time-utc time-tai->time-utc!
            time-utc->date time-utc->julian-day time-utc->modified-julian-day
            time-utc->time-monotonic time-utc->time-monotonic!
            time-utc->time-tai time-utc->time-tai!
            date->string string->date)
  #:replace (current-time))

(define time-utc 'time-utc)
(define time-tai 'time-tai)
(define time-monotonic 'time-monotonic)
(define time-thread 'time-thread)
(define time-process 'time-process)
(define time-duration 'time-duration)

(define giga 1000000000)
(define day-seconds 86400)

(define-record-type time
  (%make-time type nanosecond second)
  time?
  (type time-type set-time-type!)
  (nanosecond time-nanosecond set-time-nanosecond!)
  (second time-second set-time-second!))

(define-record-type date
  (make-date nanosecond second minute hour day month year zone-offset)
  date?
  (nanosecond date-nanosecond)
  (second date-second)
  (minute date-minute)
  (hour date-hour)
  (day date-day)
  (month date-month)
  (year date-year)
  (zone-offset date-zone-offset))

(define (fail who type object)
  (scm-error 'misc-error who "TIME-ERROR type ~A: ~S" (list type object) #f))

;;; Arithmetic.

(define (nanoseconds time)
  (+ (* giga (time-second time)) (time-nanosecond time)))

;; The time of N nanoseconds; both parts have the sign of N.
(define (of-nanoseconds type n)
  (let ((seconds (inexact->exact (truncate (/ n giga)))))
    (%make-time type (- n (* giga seconds)) seconds)))

(define (make-time type nanosecond second)
  "Return the time of SECOND seconds and NANOSECOND nanoseconds on the scale
TYPE."
  (if (and (< (abs nanosecond) giga)
           (not (and (negative? nanosecond) (positive? second)))
           (not (and (positive? nanosecond) (negative? second))))
      (%make-time type nanosecond second)
      (of-nanoseconds type (+ nanosecond (* giga second)))))

(define (copy-time time)
  "Return a copy of TIME."
  (%make-time (time-type time) (time-nanosecond time) (time-second time)))

(define* (current-time #:optional (type time-utc))
  "Return the current time on the scale TYPE."
  (case type
    ((time-utc) (of-nanoseconds type (%current-nanoseconds)))
    ((time-tai time-monotonic)
     (utc-> type (of-nanoseconds time-utc (%current-nanoseconds))))
    ((time-process time-thread)
     (of-nanoseconds type (quotient (* giga (get-internal-run-time))
                                    internal-time-units-per-second)))
    (else (fail 'current-time 'invalid-clock-type type))))

(define* (time-resolution #:optional (type time-utc))
  "Return the number of nanoseconds that the clock of TYPE steps by."
  (case type
    ((time-utc time-tai time-monotonic) 1)
    ((time-process time-thread) (quotient giga internal-time-units-per-second))
    (else (fail 'time-resolution 'invalid-clock-type type))))

(define-syntax define-comparisons
  (syntax-rules ()
    ((_ (name compare doc) ...)
     (begin
       (define (name a b)
         doc
         (unless (and (time? a) (time? b) (eq? (time-type a) (time-type b)))
           (fail 'name 'incompatible-time-types (cons a b)))
         (compare (nanoseconds a) (nanoseconds b)))
       ...))))

(define-comparisons
  (time=? = "Tell whether two times of one type are the same.")
  (time<? < "Tell whether time A is before B, of the same type.")
  (time>? > "Tell whether time A is after B, of the same type.")
  (time<=? <= "Tell whether time A is not after B, of the same type.")
  (time>=? >= "Tell whether time A is not before B, of the same type."))

(define (become! time other)
  (set-time-type! time (time-type other))
  (set-time-second! time (time-second other))
  (set-time-nanosecond! time (time-nanosecond other))
  time)

(define (time-difference a b)
  "Return the duration from time B to A, of the same type."
  (unless (and (time? a) (time? b) (eq? (time-type a) (time-type b)))
    (fail 'time-difference 'incompatible-time-types (cons a b)))
  (of-nanoseconds time-duration (- (nanoseconds a) (nanoseconds b))))

(define (time-difference! a b)
  "As time-difference, changing A."
  (become! a (time-difference a b)))

(define (shift who op time duration)
  (unless (and (time? duration) (eq? (time-type duration) time-duration))
    (fail who 'not-duration duration))
  (of-nanoseconds (time-type time) (op (nanoseconds time) (nanoseconds duration))))

(define (add-duration time duration)
  "Return the time that is DURATION after TIME."
  (shift 'add-duration + time duration))
(define (add-duration! time duration)
  "As add-duration, changing TIME."
  (become! time (add-duration time duration)))
(define (subtract-duration time duration)
  "Return the time that is DURATION before TIME."
  (shift 'subtract-duration - time duration))
(define (subtract-duration! time duration)
  "As subtract-duration, changing TIME."
  (become! time (subtract-duration time duration)))

;;; Leap seconds (IERS Bulletin C): since which second of UTC how many seconds
;;; TAI has been ahead, the latest first.

(define leap-seconds
  '((1483228800 . 37) (1435708800 . 36) (1341100800 . 35) (1230768000 . 34)
    (1136073600 . 33) (915148800 . 32) (867715200 . 31) (820454400 . 30)
    (773020800 . 29) (741484800 . 28) (709948800 . 27) (662688000 . 26)
    (631152000 . 25) (567993600 . 24) (489024000 . 23) (425865600 . 22)
    (394329600 . 21) (362793600 . 20) (315532800 . 19) (283996800 . 18)
    (252460800 . 17) (220924800 . 16) (189302400 . 15) (157766400 . 14)
    (126230400 . 13) (94694400 . 12) (78796800 . 11) (63072000 . 10)))

(define (ahead-at-utc seconds)
  (let loop ((l leap-seconds))
    (cond ((null? l) 0)
          ((>= seconds (caar l)) (cdar l))
          (else (loop (cdr l))))))

(define (ahead-at-tai seconds)
  (let loop ((l leap-seconds))
    (cond ((null? l) 0)
          ((>= seconds (+ (caar l) (cdar l))) (cdar l))
          (else (loop (cdr l))))))

;; Whether a second of TAI is a leap second, which UTC counts with the next.
(define (leap-second? seconds)
  (or-map (lambda (l)
            (and (> (car l) 63072000)
                 (= seconds (+ (car l) (cdr l) -1))))
          leap-seconds))

(define (check who time type)
  (unless (and (time? time) (eq? (time-type time) type))
    (fail who 'incompatible-time-types time)))

(define (utc-> type time)
  (check 'time-utc->time-tai time time-utc)
  (%make-time type (time-nanosecond time)
              (+ (time-second time) (ahead-at-utc (time-second time)))))

(define (->utc who time type)
  (check who time type)
  (%make-time time-utc (time-nanosecond time)
              (- (time-second time) (ahead-at-tai (time-second time)))))

(define (retype who time from to)
  (check who time from)
  (%make-time to (time-nanosecond time) (time-second time)))

(define-syntax define-conversions
  (syntax-rules ()
    ((_ (name name! (time) expr) ...)
     (begin
       (begin
         (define (name time) "Return TIME on another scale." expr)
         (define (name! time) "As without !, changing TIME." (become! time expr)))
       ...))))

(define-conversions
  (time-utc->time-tai time-utc->time-tai! (time) (utc-> time-tai time))
  (time-utc->time-monotonic time-utc->time-monotonic! (time) (utc-> time-monotonic time))
  (time-tai->time-utc time-tai->time-utc! (time) (->utc 'time-tai->time-utc time time-tai))
  (time-monotonic->time-utc time-monotonic->time-utc! (time)
                            (->utc 'time-monotonic->time-utc time time-monotonic))
  (time-tai->time-monotonic time-tai->time-monotonic! (time)
                            (retype 'time-tai->time-monotonic time time-tai time-monotonic))
  (time-monotonic->time-tai time-monotonic->time-tai! (time)
                            (retype 'time-monotonic->time-tai time time-monotonic time-tai)))

;;; The calendar (Hinnant, \"chrono-Compatible Low-Level Date Algorithms\").
;;; Days are counted from 1970-01-01; years begin in March while counting.

(define (days-of-civil year month day)
  (let* ((y (if (<= month 2) (- year 1) year))
         (era (floor-quotient y 400))
         (of-era (- y (* era 400)))
         (of-year (+ (quotient (+ (* 153 (modulo (+ month 9) 12)) 2) 5) (- day 1)))
         (day-of-era (+ (* of-era 365) (quotient of-era 4) (- (quotient of-era 100)) of-year)))
    (+ (* era 146097) day-of-era -719468)))

;; Calls RECEIVER with year, month and day of a day.
(define (civil-of-days days receiver)
  (let* ((z (+ days 719468))
         (era (floor-quotient z 146097))
         (doe (- z (* era 146097)))
         (yoe (quotient (- doe (quotient doe 1460) (- (quotient doe 36524)) (quotient doe 146096))
                        365))
         (doy (- doe (+ (* 365 yoe) (quotient yoe 4) (- (quotient yoe 100)))))
         (mp (quotient (+ (* 5 doy) 2) 153))
         (month (if (< mp 10) (+ mp 3) (- mp 9))))
    (receiver (+ yoe (* era 400) (if (<= month 2) 1 0))
              month
              (+ 1 (- doy (quotient (+ (* 153 mp) 2) 5))))))

(define (local-offset seconds)
  (- (tm:gmtoff (localtime seconds))))

(define (whole n) (inexact->exact (floor n)))

(define (utc-seconds date)
  (+ (* day-seconds (days-of-civil (date-year date) (date-month date) (date-day date)))
     (* 3600 (date-hour date)) (* 60 (date-minute date)) (date-second date)
     (- (date-zone-offset date))))

(define (date->time-utc date)
  "Return the UTC time of DATE."
  (make-time time-utc (date-nanosecond date) (utc-seconds date)))

;; The second 60 is the one before the next minute, which UTC cannot tell.
(define (date->leap type date)
  (let ((time (utc-> type (date->time-utc date))))
    (when (= (date-second date) 60)
      (set-time-second! time (- (time-second time) 1)))
    time))

(define (date->time-tai date)
  "Return the TAI time of DATE."
  (date->leap time-tai date))
(define (date->time-monotonic date)
  "Return the monotonic time of DATE."
  (date->leap time-monotonic date))

(define (utc-date nanosecond seconds offset extra)
  (let* ((seconds (whole seconds))
         (local (+ seconds (or offset (local-offset seconds))))
         (rest (floor-remainder local day-seconds)))
    (civil-of-days
     (floor-quotient local day-seconds)
     (lambda (year month day)
       (make-date nanosecond (+ extra (modulo rest 60)) (modulo (quotient rest 60) 60)
                  (quotient rest 3600) day month year
                  (or offset (- local seconds)))))))

(define* (time-utc->date time #:optional offset)
  "Return the date of the UTC TIME in the zone OFFSET seconds east, by default
the local one."
  (check 'time-utc->date time time-utc)
  (if (negative? (time-nanosecond time))
      (utc-date (+ giga (time-nanosecond time)) (- (time-second time) 1) offset 0)
      (utc-date (time-nanosecond time) (time-second time) offset 0)))

(define (leap->date who time type offset)
  (check who time type)
  (if (leap-second? (time-second time))
      (utc-date (time-nanosecond time)
                (- (time-second (->utc who time type)) 1) offset 1)
      (time-utc->date (->utc who time type) offset)))

(define* (time-tai->date time #:optional offset)
  "Return the date of the TAI TIME, as time-utc->date."
  (leap->date 'time-tai->date time time-tai offset))
(define* (time-monotonic->date time #:optional offset)
  "Return the date of the monotonic TIME, as time-utc->date."
  (leap->date 'time-monotonic->date time time-monotonic offset))

(define* (current-date #:optional offset)
  "Return the current date in the zone OFFSET seconds east, by default the local
one."
  (time-utc->date (current-time time-utc) offset))

;;; Julian days: days since noon of -4713-11-24; modified ones since midnight of
;;; 1858-11-17.

(define epoch-julian 4881175/2)
(define modified 4800001/2)

(define (utc->julian time)
  (+ epoch-julian (/ (+ (time-second time) (/ (time-nanosecond time) giga)) day-seconds)))

(define (julian->utc day)
  (of-nanoseconds time-utc (* giga day-seconds (- day epoch-julian))))

(define (date->julian-day date)
  "Return the Julian day of DATE, an exact number."
  (utc->julian (date->time-utc date)))
(define (time-utc->julian-day time)
  "Return the Julian day of the UTC TIME."
  (check 'time-utc->julian-day time time-utc)
  (utc->julian time))
(define (time-tai->julian-day time)
  "Return the Julian day of the TAI TIME."
  (utc->julian (time-tai->time-utc time)))
(define (time-monotonic->julian-day time)
  "Return the Julian day of the monotonic TIME."
  (utc->julian (time-monotonic->time-utc time)))
(define (date->modified-julian-day date)
  "Return the modified Julian day of DATE."
  (- (date->julian-day date) modified))
(define (time-utc->modified-julian-day time)
  "Return the modified Julian day of the UTC TIME."
  (- (time-utc->julian-day time) modified))
(define (time-tai->modified-julian-day time)
  "Return the modified Julian day of the TAI TIME."
  (- (time-tai->julian-day time) modified))
(define (time-monotonic->modified-julian-day time)
  "Return the modified Julian day of the monotonic TIME."
  (- (time-monotonic->julian-day time) modified))

(define (julian-day->time-utc day)
  "Return the UTC time of a Julian day."
  (julian->utc day))
(define (julian-day->time-tai day)
  "Return the TAI time of a Julian day."
  (utc-> time-tai (julian->utc day)))
(define (julian-day->time-monotonic day)
  "Return the monotonic time of a Julian day."
  (utc-> time-monotonic (julian->utc day)))
(define* (julian-day->date day #:optional offset)
  "Return the date of a Julian day, as time-utc->date."
  (time-utc->date (julian->utc day) offset))
(define (modified-julian-day->time-utc day)
  "Return the UTC time of a modified Julian day."
  (julian-day->time-utc (+ day modified)))
(define (modified-julian-day->time-tai day)
  "Return the TAI time of a modified Julian day."
  (julian-day->time-tai (+ day modified)))
(define (modified-julian-day->time-monotonic day)
  "Return the monotonic time of a modified Julian day."
  (julian-day->time-monotonic (+ day modified)))
(define* (modified-julian-day->date day #:optional offset)
  "Return the date of a modified Julian day, as time-utc->date."
  (julian-day->date (+ day modified) offset))
(define (current-julian-day)
  "Return the current Julian day."
  (time-utc->julian-day (current-time time-utc)))
(define (current-modified-julian-day)
  "Return the current modified Julian day."
  (time-utc->modified-julian-day (current-time time-utc)))

;;; Days of weeks and years.

(define (date-days date)
  (days-of-civil (date-year date) (date-month date) (date-day date)))

(define (date-week-day date)
  "Return the day of the week of DATE, 0 being Sunday."
  (modulo (+ 4 (date-days date)) 7))

(define (date-year-day date)
  "Return the day of the year of DATE, 1 being January 1."
  (+ 1 (- (date-days date) (days-of-civil (date-year date) 1 1))))

(define (first-week-day year)
  (modulo (+ 4 (days-of-civil year 1 1)) 7))

;; How many days of a year come before its first whole week.
(define (days-before-weeks year start)
  (modulo (- start (first-week-day year)) 7))

(define (date-week-number date start)
  "Return the number of the week of DATE, weeks beginning with the day START:
0 is the first whole week of the year."
  (floor-quotient (- (date-year-day date) 1 (days-before-weeks (date-year date) start)) 7))

;; The number as strftime has it: 0 are the days before the first whole week.
(define (week-of-year date start)
  (if (positive? (days-before-weeks (date-year date) start))
      (+ 1 (date-week-number date start))
      (date-week-number date start)))

;; ISO 8601: weeks begin on Monday and belong to the year of their Thursday.
(define (iso-week date)
  (let ((thursday (+ (date-days date) (- 3 (modulo (+ 6 (date-week-day date)) 7)))))
    (civil-of-days thursday
                   (lambda (year month day)
                     (+ 1 (quotient (- thursday (days-of-civil year 1 1)) 7))))))

;;; Dates to text and back are in a part of their own.

(define* (date->string date #:optional (template "~c"))
  "Return the text of DATE that TEMPLATE, with directives as ~Y, describes."
  ((@ (srfi srfi-19 text) format-date) date template))

(define (string->date string template)
  "Return the date that STRING tells by TEMPLATE; without a zone in it, it is
local."
  ((@ (srfi srfi-19 text) parse-date) string template))
