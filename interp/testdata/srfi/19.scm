;;; SRFI 19: times and dates.
(use-modules (conformance) (srfi srfi-19))

(define d (make-date 123000000 5 4 15 9 2 2006 3600))
(test '(123000000 5 4 15 9 2 2006 3600)
  (map (lambda (f) (f d)) (list date-nanosecond date-second date-minute date-hour
                                date-day date-month date-year date-zone-offset)))
(test '(4 40) (list (date-week-day d) (date-year-day d)))
(test 1139493845 (time-second (date->time-utc d)))
(test #t (time=? (date->time-utc d) (date->time-utc (time-utc->date (date->time-utc d) -7200))))
(test 1139493878 (time-second (date->time-tai d)))

;; Leap seconds.
(test '(915148830 915148831 915148832)
  (map (lambda (args) (time-second (date->time-tai (apply make-date 0 args))))
       '((59 59 23 31 12 1998 0) (60 59 23 31 12 1998 0) (0 0 0 1 1 1999 0))))
(test "1998-12-31T23:59:60Z"
  (date->string (time-tai->date (make-time time-tai 0 915148831) 0) "~4"))
(test 915148800 (time-second (time-tai->time-utc (make-time time-tai 0 915148832))))

;; Arithmetic.
(define t1 (make-time time-utc 600000000 10))
(define t2 (make-time time-utc 900000000 12))
(test '(2 300000000)
  (let ((x (time-difference t2 t1))) (list (time-second x) (time-nanosecond x))))
(test '(13 500000000)
  (let ((x (add-duration t1 (make-time time-duration 900000000 2))))
    (list (time-second x) (time-nanosecond x))))
(test '(#t #f #t #f #t) (list (time<? t1 t2) (time>? t1 t2) (time<=? t1 t1) (time=? t1 t2)
                              (time>=? t2 t1)))
(test-error (time<? t1 (make-time time-tai 0 0)))
(test-error (add-duration t1 t2))

;; Julian days.
(test 4903089/2 (date->julian-day (make-date 0 0 0 0 1 1 2000 0)))
(test 51544 (date->modified-julian-day (make-date 0 0 0 0 1 1 2000 0)))
(test "2000-01-01T12:00:00Z" (date->string (julian-day->date 2451545 0) "~4"))
(test "1858-11-17" (date->string (modified-julian-day->date 0 0) "~1"))

;; Text.
(test '("Thu" "Thursday" "Feb" "February" "09" " 9" "5.123" "15" "03" "040" "15" " 3" "02"
        "04" "123000000" "PM" "03:04:05 PM" "05" "15:04:05" "4" "06" "2006" "+0100")
  (map (lambda (s) (date->string d s))
       '("~a" "~A" "~b" "~B" "~d" "~e" "~f" "~H" "~I" "~j" "~k" "~l" "~m" "~M" "~N" "~p"
         "~r" "~S" "~T" "~w" "~W" "~Y" "~z")))
(not-in-guile "3.0.8 counts these weeks otherwise"
  (test '("53" "53" "01" "01")
    (map (lambda (day month year) (date->string (make-date 0 0 0 0 day month year 0) "~V"))
         '(31 1 4 30) '(12 1 1 12) '(2020 2021 2021 2019))))
(test '("02/09/06" "2006-02-09" "15:04:05+0100" "15:04:05" "2006-02-09T15:04:05+0100"
        "2006-02-09T15:04:05" "~" "1139493845")
  (map (lambda (s) (date->string d s)) '("~D" "~1" "~2" "~3" "~4" "~5" "~~" "~s")))
(test " 2" (date->string d "~_m"))
(define (read-back text template)
  (date->string (string->date text template) "~4"))
(test "2012-07-01T08:09:10+0200" (read-back "2012-07-01 08:09:10 +0200" "~Y-~m-~d ~H:~M:~S ~z"))
(test "2005-06-05T18:33:00-0430"
  (read-back "Sun, 05 June 2005 18:33:00 -0430" "~a, ~d ~B ~Y ~H:~M:~S ~z"))
(test-error (string->date "no number" "~Y"))
