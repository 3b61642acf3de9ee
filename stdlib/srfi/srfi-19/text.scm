;;; Dates as text: the directives of SRFI 19.

(define-module (srfi srfi-19 text)
  #:use-module (srfi srfi-19)
  #:export (format-date parse-date))

(define week-of-year (@@ (srfi srfi-19) week-of-year))
(define iso-week (@@ (srfi srfi-19) iso-week))
(define local-offset (@@ (srfi srfi-19) local-offset))
(define utc-seconds (@@ (srfi srfi-19) utc-seconds))

(define days
  #("Sunday" "Monday" "Tuesday" "Wednesday" "Thursday" "Friday" "Saturday"))
(define months
  #("January" "February" "March" "April" "May" "June" "July" "August"
    "September" "October" "November" "December"))

(define (short name) (substring name 0 3))

(define (bad who template)
  (scm-error 'misc-error who "TIME-ERROR type ~A: ~S"
             (list 'bad-date-format-string template) #f))

;;; Writing.

;; The digits of N, at least WIDTH characters with the character PAD, if any.
(define (padded n pad width)
  (let ((digits (number->string n)))
    (if pad (string-pad digits (max width (string-length digits)) pad) digits)))

(define (year-text year)
  (cond ((negative? year) (string-append "-" (padded (- year) #\0 4)))
        ((> year 9999) (string-append "+" (number->string year)))
        (else (padded year #\0 4))))

(define (zone-text offset)
  (if (zero? offset)
      "Z"
      (string-append (if (negative? offset) "-" "+")
                     (padded (quotient (abs offset) 3600) #\0 2)
                     (padded (quotient (remainder (abs offset) 3600) 60) #\0 2))))

(define (hour-12 date)
  (let ((h (modulo (date-hour date) 12)))
    (if (zero? h) 12 h)))

;; Seconds with their fraction, without zeros at the end.
(define (seconds-text date)
  (let ((fraction (string-trim-right (padded (date-nanosecond date) #\0 9) #\0)))
    (if (string-null? fraction)
        (number->string (date-second date))
        (string-append (number->string (date-second date)) "." fraction))))

;; The text of directive C; PAD is the character to pad with that the template
;; asks for, or #\0.
(define (directive c date pad template)
  (define (number n width) (padded n pad width))
  (define (again template) (format-date date template))
  (case c
    ((#\~) "~")
    ((#\a) (short (vector-ref days (date-week-day date))))
    ((#\A) (vector-ref days (date-week-day date)))
    ((#\b #\h) (short (vector-ref months (- (date-month date) 1))))
    ((#\B) (vector-ref months (- (date-month date) 1)))
    ((#\c) (again "~a ~b ~d ~H:~M:~S~z ~Y"))
    ((#\d) (number (date-day date) 2))
    ((#\D #\x) (again "~m/~d/~y"))
    ((#\e) (padded (date-day date) #\space 2))
    ((#\f) (seconds-text date))
    ((#\H) (number (date-hour date) 2))
    ((#\I) (number (hour-12 date) 2))
    ((#\j) (number (date-year-day date) 3))
    ((#\k) (padded (date-hour date) #\space 2))
    ((#\l) (padded (hour-12 date) #\space 2))
    ((#\m) (number (date-month date) 2))
    ((#\M) (number (date-minute date) 2))
    ((#\n) "\n")
    ((#\N) (number (date-nanosecond date) 9))
    ((#\p) (if (< (date-hour date) 12) "AM" "PM"))
    ((#\r) (again "~I:~M:~S ~p"))
    ((#\s) (number->string (time-second (date->time-utc date))))
    ((#\S) (number (date-second date) 2))
    ((#\t) "\t")
    ((#\T #\X #\3) (again "~H:~M:~S"))
    ((#\U) (number (week-of-year date 0) 2))
    ((#\V) (number (iso-week date) 2))
    ((#\w) (number->string (date-week-day date)))
    ((#\W) (number (week-of-year date 1) 2))
    ((#\y) (number (modulo (date-year date) 100) 2))
    ((#\Y) (year-text (date-year date)))
    ((#\z #\Z) (zone-text (date-zone-offset date)))
    ((#\1) (again "~Y-~m-~d"))
    ((#\2) (again "~H:~M:~S~z"))
    ((#\4) (again "~Y-~m-~dT~H:~M:~S~z"))
    ((#\5) (again "~Y-~m-~dT~H:~M:~S"))
    (else (bad 'date->string template))))

(define (format-date date template)
  "Return the text of DATE by TEMPLATE."
  (let ((n (string-length template)))
    (define (at i)
      (if (< i n) (string-ref template i) (bad 'date->string template)))
    (let loop ((i 0) (out '()))
      (cond ((= i n) (string-concatenate-reverse out))
            ((not (char=? (string-ref template i) #\~))
             (loop (+ i 1) (cons (string (string-ref template i)) out)))
            (else
             (case (at (+ i 1))
               ((#\-) (loop (+ i 3) (cons (directive (at (+ i 2)) date #f template) out)))
               ((#\_) (loop (+ i 3) (cons (directive (at (+ i 2)) date #\space template) out)))
               (else
                (loop (+ i 2) (cons (directive (at (+ i 1)) date #\0 template) out)))))))))

;;; Reading.

;; What string->date collects: nanosecond second minute hour day month year zone.
(define (parse-date string template)
  "Return the date that STRING tells by TEMPLATE."
  (let ((port (open-input-string string))
        (fields (vector 0 0 0 0 #f #f #f #f))
        (n (string-length template)))
    (define (fail) (bad 'string->date template))
    (define (set field value) (vector-set! fields field value))
    (define (skip-to ok?)
      (let ((c (peek-char port)))
        (cond ((eof-object? c) (fail))
              ((not (ok? c)) (read-char port) (skip-to ok?)))))
    ;; At most LIMIT digits, if there is a limit; at least LEAST.
    (define (digits least limit)
      (let loop ((count 0) (value 0))
        (let ((c (peek-char port)))
          (if (and (char? c) (char<=? #\0 c #\9) (or (not limit) (< count limit)))
              (begin
                (read-char port)
                (loop (+ count 1) (+ (* 10 value) (- (char->integer c) 48))))
              (if (< count least) (fail) (cons value count))))))
    (define (exactly width) (car (digits width width)))
    (define (at-most width) (car (digits 1 width)))
    ;; A number of WIDTH places that may begin with blanks.
    (define (blank-padded width)
      (let loop ((left width))
        (if (and (> left 1) (eqv? (peek-char port) #\space))
            (begin (read-char port) (loop (- left 1)))
            (car (digits 1 left)))))
    (define (fraction)
      (let ((d (digits 1 #f)))
        (quotient (* (car d) 1000000000) (expt 10 (cdr d)))))
    (define (word)
      (let loop ((out '()))
        (let ((c (peek-char port)))
          (if (and (char? c) (char-alphabetic? c))
              (begin (read-char port) (loop (cons c out)))
              (list->string (reverse out))))))
    ;; The place of a word in NAMES, whole or the first three letters.
    (define (name names)
      (let ((w (word)))
        (let loop ((i 0))
          (cond ((= i (vector-length names)) (fail))
                ((or (string-ci=? w (vector-ref names i))
                     (string-ci=? w (short (vector-ref names i))))
                 i)
                (else (loop (+ i 1)))))))
    (define (signed-year)
      (case (peek-char port)
        ((#\-) (read-char port) (- (car (digits 1 #f))))
        ((#\+) (read-char port) (car (digits 1 #f)))
        (else (car (digits 1 #f)))))
    (define (zone)
      (let ((c (read-char port)))
        (case c
          ((#\Z #\z) 0)
          ((#\+ #\-)
           (let ((hours (exactly 2)))
             (when (eqv? (peek-char port) #\:) (read-char port))
             (let ((seconds (+ (* 3600 hours) (* 60 (exactly 2)))))
               (if (eqv? c #\-) (- seconds) seconds))))
          (else (fail)))))
    (define (numeric? c) (char<=? #\0 c #\9))
    (define (step c)
      (case c
        ((#\~) (unless (eqv? (read-char port) #\~) (fail)))
        ((#\a #\A) (skip-to char-alphabetic?) (name days))
        ((#\b #\B #\h) (skip-to char-alphabetic?) (set 5 (+ 1 (name months))))
        ((#\d) (skip-to numeric?) (set 4 (at-most 2)))
        ((#\e) (set 4 (blank-padded 2)))
        ((#\H) (skip-to numeric?) (set 3 (at-most 2)))
        ((#\k) (set 3 (blank-padded 2)))
        ((#\m) (skip-to numeric?) (set 5 (at-most 2)))
        ((#\M) (skip-to numeric?) (set 2 (at-most 2)))
        ((#\N) (skip-to numeric?) (set 0 (fraction)))
        ((#\S) (skip-to numeric?) (set 1 (at-most 2)))
        ((#\y) (skip-to numeric?) (set 6 (full-year (exactly 2))))
        ((#\Y) (skip-to (lambda (c) (or (numeric? c) (memv c '(#\- #\+)))))
               (set 6 (signed-year)))
        ((#\z) (skip-to (lambda (c) (memv c '(#\Z #\z #\+ #\-)))) (set 7 (zone)))
        (else (fail))))
    (let loop ((i 0))
      (when (< i n)
        (let ((c (string-ref template i)))
          (cond ((not (char=? c #\~))
                 (let ((d (read-char port)))
                   (unless (eqv? c d) (fail)))
                 (loop (+ i 1)))
                ((= (+ i 1) n) (fail))
                (else
                 (step (string-ref template (+ i 1)))
                 (loop (+ i 2)))))))
    (complete fields)))

;; The year that two digits mean: within fifty years of now.
(define (full-year y)
  (let* ((now (date-year (current-date 0)))
         (year (+ (* 100 (quotient now 100)) y)))
    (cond ((<= year (- now 50)) (+ year 100))
          ((> year (+ now 50)) (- year 100))
          (else year))))

(define (complete fields)
  (define (with zone)
    (apply make-date (append (list-head (vector->list fields) 7) (list zone))))
  (cond ((vector-ref fields 7) => with)
        ((and-map (lambda (i) (vector-ref fields i)) '(4 5 6))
         ;; The offset of a local time: that of the instant it would be in UTC,
         ;; looked up again once it is known.
         (let* ((seconds (utc-seconds (with 0)))
                (guess (local-offset seconds)))
           (with (local-offset (- seconds guess)))))
        (else (with 0))))
