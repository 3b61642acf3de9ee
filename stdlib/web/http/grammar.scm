;;; Pieces of which the headers of HTTP are made.
;;;
;;; Commentary:
;;; Parsers take text and throw to bad-header-component, with the name of the header
;;; under way, when it is not what they want; writers take a value and a port.
;;; Code:

(define-module (web http grammar)
  #:use-module (srfi srfi-19)
  #:export (current-header bad token-char? trim split unquote-text write-quoted
            write-value write-joined list-of? parse-integer natural? parse-quality
            quality? write-quality parse-date write-date))

;; The name of the header that is being parsed.
(define current-header (make-parameter #f))

(define (bad text) (throw 'bad-header-component (current-header) text))
(define (bad-date text) (throw 'bad-header 'date text))

;;; Pieces

(define (token-char? c)
  (and (char<? #\space c #\delete)
       (not (string-index "()<>@,;:\\\"/[]?={} \t" c))))

(define (trim text) (string-trim-both text))

;; The parts of TEXT between occurrences of DELIMITER that are not quoted; empty
;; ones are left out.
(define (split text delimiter)
  (let ((end (string-length text)))
    (let loop ((i 0) (start 0) (quoted? #f) (parts '()))
      (define (part) (trim (substring text start i)))
      (define (add) (if (string-null? (part)) parts (cons (part) parts)))
      (cond ((= i end)
             (when quoted? (bad text))
             (reverse (add)))
            (quoted?
             (case (string-ref text i)
               ((#\\) (loop (min end (+ i 2)) start #t parts))
               ((#\") (loop (+ i 1) start #f parts))
               (else (loop (+ i 1) start #t parts))))
            ((char=? (string-ref text i) #\") (loop (+ i 1) start #t parts))
            ((char=? (string-ref text i) delimiter) (loop (+ i 1) (+ i 1) #f (add)))
            (else (loop (+ i 1) start #f parts))))))

(define (quoted? text) (and (> (string-length text) 1) (string-prefix? "\"" text)
                            (string-suffix? "\"" text)))

;; What a quoted string means; other text is itself.
(define (unquote-text text)
  (if (quoted? text)
      (let loop ((chars (string->list (substring text 1 (- (string-length text) 1)))) (out '()))
        (cond ((null? chars) (list->string (reverse out)))
              ((and (char=? (car chars) #\\) (pair? (cdr chars)))
               (loop (cddr chars) (cons (cadr chars) out)))
              (else (loop (cdr chars) (cons (car chars) out)))))
      (if (string-index text #\") (bad text) text)))

(define (write-quoted text port)
  (write-char #\" port)
  (string-for-each (lambda (c)
                     (when (memv c '(#\" #\\)) (write-char #\\ port))
                     (write-char c port))
                   text)
  (write-char #\" port))

(define (write-value value port)
  (let ((text (cond ((string? value) value)
                    (else (call-with-output-string (lambda (p) (display value p)))))))
    (if (or (string-null? text)
            (string-any (lambda (c) (memv c '(#\, #\; #\" #\\))) text))
        (write-quoted text port)
        (display text port))))

(define (write-joined items between write-item port)
  (let loop ((items items) (first? #t))
    (when (pair? items)
      (unless first? (display between port))
      (write-item (car items) port)
      (loop (cdr items) #f))))

(define (list-of? valid?)
  (lambda (x) (and (list? x) (and-map valid? x))))

(define (parse-integer text)
  (let ((text (trim text)))
    (unless (and (not (string-null? text)) (string-every char-set:digit text)) (bad text))
    (string->number text)))

(define (natural? x) (and (exact-integer? x) (not (negative? x))))

;; Qualities are numbers from 0 to 1000.
(define (parse-quality text)
  (let* ((n (string-length text))
         (dot (or (string-index text #\.) n))
         (whole (substring text 0 dot))
         (fraction (if (< dot n) (substring text (+ dot 1)) "")))
    (unless (and (member whole '("" "0" "1"))
                 (<= (string-length fraction) 3)
                 (not (and (string-null? whole) (string-null? fraction)))
                 (string-every char-set:digit fraction))
      (bad text))
    (let ((q (+ (* 1000 (if (string=? whole "1") 1 0))
                (string->number (string-pad-right (string-append "0" fraction) 4 #\0)))))
      (when (> q 1000) (bad text))
      q)))

(define (quality? x) (and (natural? x) (<= x 1000)))

(define (write-quality q port)
  (display (if (= q 1000) "1" "0") port)
  (when (< 0 q 1000)
    (display "." port)
    (display (string-trim-right (string-pad (number->string q) 3 #\0) #\0) port)))

;;; Dates (RFC 9110, 5.6.7)

(define months '("Jan" "Feb" "Mar" "Apr" "May" "Jun" "Jul" "Aug" "Sep" "Oct" "Nov" "Dec"))
(define days '("Sun" "Mon" "Tue" "Wed" "Thu" "Fri" "Sat"))

(define (words text) (filter (lambda (w) (not (string-null? w))) (string-split text #\space)))

(define (parse-month word)
  (let loop ((l months) (i 1))
    (cond ((null? l) (bad-date word))
          ((string-ci=? (car l) word) i)
          (else (loop (cdr l) (+ i 1))))))

(define (parse-zone word)
  (cond ((member word '("GMT" "UTC" "UT" "Z")) 0)
        ((and (= 5 (string-length word)) (memv (string-ref word 0) '(#\+ #\-))
              (string-every char-set:digit word 1))
         (let ((seconds (+ (* 3600 (string->number (substring word 1 3)))
                           (* 60 (string->number (substring word 3 5))))))
           (if (char=? #\- (string-ref word 0)) (- seconds) seconds)))
        (else #f)))

(define (full-year n)
  (cond ((< n 50) (+ 2000 n)) ((< n 100) (+ 1900 n)) (else n)))

(define (date-of text day month year time zone)
  (let ((clock (string-split time #\:))
        (offset (parse-zone zone)))
    (unless (and (= 3 (length clock)) offset) (bad-date text))
    (let ((date (make-date 0 (parse-integer (caddr clock)) (parse-integer (cadr clock))
                           (parse-integer (car clock)) (parse-integer day)
                           (parse-month month) (parse-integer year) offset)))
      (unless (and (<= 0 (date-second date) 60) (<= 0 (date-minute date) 59)
                   (<= 0 (date-hour date) 23) (<= 1 (date-day date) 31))
        (bad-date text))
      (if (zero? offset)
          date
          (time-utc->date (date->time-utc date) 0)))))

(define (parse-date text)
  (let ((w (words text)))
    (cond
     ;; Tue, 15 Nov 1994 08:12:31 GMT
     ((and (= 6 (length w)) (string-suffix? "," (car w)))
      (apply (lambda (day-name day month year time zone)
               (date-of text day month year time zone))
             w))
     ;; Tuesday, 15-Nov-94 08:12:31 GMT
     ((and (= 4 (length w)) (= 3 (length (string-split (cadr w) #\-))))
      (let ((parts (string-split (cadr w) #\-)))
        (date-of text (car parts) (cadr parts)
                 (number->string (full-year (parse-integer (caddr parts))))
                 (caddr w) (cadddr w))))
     ;; Tue Nov 15 08:12:31 1994
     ((= 5 (length w))
      (apply (lambda (day-name month day time year)
               (date-of text day month year time "GMT"))
             w))
     (else (bad-date text)))))

(define (write-date date port)
  (define (two n) (string-pad (number->string n) 2 #\0))
  (let ((date (if (zero? (date-zone-offset date))
                  date
                  (time-utc->date (date->time-utc date) 0))))
    (for-each (lambda (x) (display x port))
              (list (list-ref days (date-week-day date)) ", " (two (date-day date)) " "
                    (list-ref months (- (date-month date) 1)) " "
                    (string-pad (number->string (date-year date)) 4 #\0) " "
                    (two (date-hour date)) ":" (two (date-minute date)) ":"
                    (two (date-second date)) " GMT"))))
