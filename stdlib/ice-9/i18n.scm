;;; Guile's (ice-9 i18n): texts, numbers and dates as languages have them
;;; (manual, "Internationalization").
;;;
;;; Commentary:
;;; Locale objects can be made for C, POSIX and English in UTF-8: there is no
;;; database of words, numbers and money for other languages in a program that
;;; stands alone.  Case and the order of texts follow Unicode's rules for the
;;; language of whatever locale setlocale has set.
;;; Code:

(define-module (ice-9 i18n)
  #:use-module (srfi srfi-9)
  #:export (make-locale locale? %global-locale
            string-locale<? string-locale>? string-locale-ci<?
            string-locale-ci>? string-locale-ci=?
            char-locale<? char-locale>? char-locale-ci<? char-locale-ci>?
            char-locale-ci=?
            char-locale-downcase char-locale-upcase char-locale-titlecase
            string-locale-downcase string-locale-upcase string-locale-titlecase
            locale-string->integer locale-string->inexact
            locale-encoding nl-langinfo
            locale-day-short locale-day locale-month-short locale-month
            locale-am-string locale-pm-string locale-date+time-format
            locale-date-format locale-time-format locale-time+am/pm-format
            locale-era locale-era-year locale-era-date-format
            locale-era-date+time-format locale-era-time-format
            locale-currency-symbol locale-monetary-decimal-point
            locale-monetary-thousands-separator locale-monetary-grouping
            locale-monetary-fractional-digits
            locale-currency-symbol-precedes-positive?
            locale-currency-symbol-precedes-negative?
            locale-positive-separated-by-space?
            locale-negative-separated-by-space?
            locale-monetary-positive-sign locale-monetary-negative-sign
            locale-positive-sign-position locale-negative-sign-position
            monetary-amount->locale-string
            locale-digit-grouping locale-decimal-point
            locale-thousands-separator number->locale-string
            locale-yes-regexp locale-no-regexp %locale-dump))

;;; Locales: a name for each category.

(define-record-type <locale>
  (%make-locale names)
  locale?
  (names locale-names)) ; an alist by category, or #f: what setlocale has set

(define categories
  (list LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES))

(define %global-locale (%make-locale #f))

(define (name-of locale category)
  (if (locale-names locale)
      (cdr (assv category (locale-names locale)))
      (setlocale category)))

(define (language-of name)
  (string-take name (or (string-index name (char-set #\. #\_ #\@)) (string-length name))))

(define (known? name)
  (member (language-of name) '("C" "POSIX" "en")))

(define* (make-locale categories* name #:optional base)
  "Make a locale object: the categories given, one or a list of them, are those
of the locale NAME, the others those of BASE or of C."
  (unless (string? name)
    (scm-error 'wrong-type-arg "make-locale" "Wrong type argument in position ~A: ~S"
               (list 2 name) (list name)))
  (let ((chosen (if (list? categories*) categories* (list categories*)))
        (name (if (string-null? name) (setlocale LC_ALL) name)))
    (unless (known? name)
      (scm-error 'system-error "make-locale" "Failed to install locale" '() (list 2)))
    (%make-locale
     (map (lambda (category)
            (cons category
                  (cond ((or (memv LC_ALL chosen) (memv category chosen)) name)
                        (base (name-of base category))
                        (else "C"))))
          categories))))

(define (%locale-dump locale)
  "The names of the categories of LOCALE."
  (map (lambda (category) (cons category (name-of locale category))) categories))

;;; Text.

(define (collation locale) (name-of locale LC_COLLATE))

(define* (string-locale<? a b #:optional (locale %global-locale))
  "Whether A stands before B in the order of LOCALE."
  (negative? (%locale-compare (collation locale) a b)))

(define* (string-locale>? a b #:optional (locale %global-locale))
  "Whether A stands behind B in the order of LOCALE."
  (positive? (%locale-compare (collation locale) a b)))

(define (fold s) (string-normalize-nfc (%locale-case "" 'fold s)))

(define (compare-folded a b locale)
  (let ((a (fold a)) (b (fold b)))
    (if (string=? a b) 0 (%locale-compare (collation locale) a b))))

(define* (string-locale-ci<? a b #:optional (locale %global-locale))
  "string-locale<? without regard to case."
  (negative? (compare-folded a b locale)))

(define* (string-locale-ci>? a b #:optional (locale %global-locale))
  "string-locale>? without regard to case."
  (positive? (compare-folded a b locale)))

(define* (string-locale-ci=? a b #:optional (locale %global-locale))
  "Whether A and B are the same without regard to case."
  (zero? (compare-folded a b locale)))

(define (on-chars f)
  (lambda* (a b #:optional (locale %global-locale))
    (f (string a) (string b) locale)))

(define char-locale<? (on-chars string-locale<?))
(define char-locale>? (on-chars string-locale>?))
(define char-locale-ci<? (on-chars string-locale-ci<?))
(define char-locale-ci>? (on-chars string-locale-ci>?))
(define char-locale-ci=? (on-chars string-locale-ci=?))

(define (string-caser kind)
  (lambda* (s #:optional (locale %global-locale))
    (%locale-case (name-of locale LC_CTYPE) kind s)))

(define string-locale-downcase (string-caser 'down))
(define string-locale-upcase (string-caser 'up))
(define string-locale-titlecase (string-caser 'title))

(define (char-caser change plain)
  (lambda* (c #:optional (locale %global-locale))
    (let ((s (change (string c) locale)))
      (if (= 1 (string-length s))
          (string-ref s 0)
          (plain c)))))

(define char-locale-downcase (char-caser string-locale-downcase char-downcase))
(define char-locale-upcase (char-caser string-locale-upcase char-upcase))
(define char-locale-titlecase (char-caser string-locale-titlecase char-titlecase))

;;; Reading numbers: the longest text at the start that is one.

(define (take-while-index pred s start)
  (or (string-skip s pred start) (string-length s)))

(define (digit-in base)
  (lambda (c) (string->number (string c) base)))

(define (sign-end s start)
  (if (and (< start (string-length s)) (memv (string-ref s start) '(#\+ #\-)))
      (+ start 1)
      start))

(define* (locale-string->integer s #:optional (base 10) (locale %global-locale))
  "Return two values: the integer that S begins with in BASE, or #f, and how
many characters were read."
  (let* ((start (take-while-index char-whitespace? s 0))
         (digits (sign-end s start))
         (end (take-while-index (digit-in base) s digits)))
    (if (= digits end)
        (values #f 0)
        (values (string->number (substring s start end) base) end))))

(define* (locale-string->inexact s #:optional (locale %global-locale))
  "Return two values: the inexact number that S begins with, or #f, and how many
characters were read."
  (let* ((start (take-while-index char-whitespace? s 0))
         (digits (sign-end s start))
         (whole (take-while-index char-numeric? s digits))
         (point (locale-decimal-point locale))
         (fraction? (string-prefix? point s 0 (string-length point) whole))
         (from (if fraction? (+ whole (string-length point)) whole))
         (to (if fraction? (take-while-index char-numeric? s from) whole)))
    (if (and (= digits whole) (= from to))
        (values #f 0)
        (let* ((mark (and (< to (string-length s))
                          (memv (string-ref s to) '(#\e #\E))
                          (sign-end s (+ to 1))))
               (end (if mark (take-while-index char-numeric? s mark) to))
               (end (if (and mark (> end mark)) end to)))
          (values (exact->inexact
                   (string->number
                    (string-append "#e" (substring s start whole) "."
                                   (substring s from to) (substring s to end))))
                  end)))))

;;; What is known of the two languages, by item: C and English.

(define items
  `((codeset "UTF-8" "UTF-8")
    (am "AM" "AM") (pm "PM" "PM")
    (date+time "%a %b %e %H:%M:%S %Y" "%a %d %b %Y %r %Z")
    (date "%m/%d/%y" "%m/%d/%Y")
    (time "%H:%M:%S" "%r")
    (time+am/pm "%I:%M:%S %p" "%I:%M:%S %p")
    (era "" "") (era-year "" "") (era-date "" "") (era-date+time "" "") (era-time "" "")
    (point "." ".") (thousands "" ",") (grouping () (3 3))
    (currency "" "$") (international-currency "" "USD ")
    (money-point "." ".") (money-thousands "" ",") (money-grouping () (3 3))
    (money-digits 2 2)
    (precedes? #t #t) (separated? #f #f) (international-separated? #t #f)
    (plus "" "") (minus "-" "-") (sign-position sign-before sign-before)
    (yes "^[yY]" "^[+1yY]") (no "^[nN]" "^[-0nN]")))

(define (lookup item category locale)
  (let ((entry (assq item items)))
    (unless entry
      (scm-error 'out-of-range "nl-langinfo" "Argument ~A out of range: ~S"
                 (list 1 item) (list item)))
    (if (string=? "en" (language-of (name-of locale category)))
        (caddr entry)
        (cadr entry))))

(define* (nl-langinfo item #:optional (locale %global-locale))
  "What LOCALE has for ITEM, one of the symbols of this module's table."
  (lookup item (if (memq item '(codeset)) LC_CTYPE LC_TIME) locale))

(define-syntax-rule (define-items (name item category) ...)
  (begin
    (define* (name #:optional (locale %global-locale))
      (lookup 'item category locale))
    ...))

(define-items
  (locale-encoding codeset LC_CTYPE)
  (locale-am-string am LC_TIME) (locale-pm-string pm LC_TIME)
  (locale-date+time-format date+time LC_TIME) (locale-date-format date LC_TIME)
  (locale-time-format time LC_TIME) (locale-time+am/pm-format time+am/pm LC_TIME)
  (locale-era era LC_TIME) (locale-era-year era-year LC_TIME)
  (locale-era-date-format era-date LC_TIME)
  (locale-era-date+time-format era-date+time LC_TIME)
  (locale-era-time-format era-time LC_TIME)
  (locale-decimal-point point LC_NUMERIC)
  (locale-thousands-separator thousands LC_NUMERIC)
  (locale-digit-grouping grouping LC_NUMERIC)
  (locale-monetary-decimal-point money-point LC_MONETARY)
  (locale-monetary-thousands-separator money-thousands LC_MONETARY)
  (locale-monetary-grouping money-grouping LC_MONETARY)
  (locale-monetary-positive-sign plus LC_MONETARY)
  (locale-monetary-negative-sign minus LC_MONETARY)
  (locale-yes-regexp yes LC_MESSAGES) (locale-no-regexp no LC_MESSAGES))

;; These take first whether the international form is meant.
(define-syntax-rule (define-monetary (name item international) ...)
  (begin
    (define* (name international? #:optional (locale %global-locale))
      (lookup (if international? 'international 'item) LC_MONETARY locale))
    ...))

(define-monetary
  (locale-currency-symbol currency international-currency)
  (locale-monetary-fractional-digits money-digits money-digits)
  (locale-currency-symbol-precedes-positive? precedes? precedes?)
  (locale-currency-symbol-precedes-negative? precedes? precedes?)
  (locale-positive-separated-by-space? separated? international-separated?)
  (locale-negative-separated-by-space? separated? international-separated?)
  (locale-positive-sign-position sign-position sign-position)
  (locale-negative-sign-position sign-position sign-position))

(define days
  #("Sunday" "Monday" "Tuesday" "Wednesday" "Thursday" "Friday" "Saturday"))

(define months
  #("January" "February" "March" "April" "May" "June" "July" "August"
    "September" "October" "November" "December"))

(define (nth-name who names)
  (lambda* (n #:optional (locale %global-locale))
    (unless (and (exact-integer? n) (<= 1 n (vector-length names)))
      (scm-error 'out-of-range who "Argument ~A out of range: ~S" (list 1 n) (list n)))
    (vector-ref names (- n 1))))

(define (shorten names)
  (lambda* (n #:optional (locale %global-locale))
    (string-take (names n) 3)))

(define locale-day (nth-name "locale-day" days))
(define locale-day-short (shorten locale-day))
(define locale-month (nth-name "locale-month" months))
(define locale-month-short (shorten locale-month))

;;; Writing numbers.

;; Put SEPARATOR between the groups of DIGITS that GROUPING tells, from the
;; right; the last size is repeated.
(define (group digits grouping separator)
  (let loop ((end (string-length digits)) (grouping grouping) (out '()))
    (if (or (null? grouping) (<= end (car grouping)))
        (string-concatenate
         (cons (substring digits 0 end)
               (append-map (lambda (part) (list separator part)) out)))
        (let ((start (- end (car grouping))))
          (loop start
                (if (null? (cdr grouping)) grouping (cdr grouping))
                (cons (substring digits start end) out))))))

(define (append-map f l) (apply append (map f l)))

;; The digits before and behind the point of a number that is not negative;
;; PLACES is how many behind it, or #t for as many as there are.
(define (split-number x places)
  (if (eq? places #t)
      (if (exact-integer? x)
          (values (number->string x) "")
          (let* ((s (decimal-text (exact->inexact x)))
                 (point (string-index s #\.)))
            (values (substring s 0 point) (substring s (+ point 1)))))
      (let* ((scaled (round-half-up (* (inexact->exact x) (expt 10 places))))
             (s (string-pad-left (number->string scaled) (+ places 1)))
             (point (- (string-length s) places)))
        (values (substring s 0 point) (substring s point)))))

(define (round-half-up x) (floor (+ x 1/2)))

(define (string-pad-left s n)
  (if (< (string-length s) n)
      (string-append (make-string (- n (string-length s)) #\0) s)
      s))

;; X in decimals, without an exponent.
(define (decimal-text x)
  (let* ((s (number->string x))
         (e (string-index s #\e)))
    (if (not e)
        s
        (let* ((exponent (string->number (substring s (+ e 1))))
               (point (string-index s #\.))
               (digits (string-append (substring s 0 point) (substring s (+ point 1) e)))
               (place (+ point exponent)))
          (cond ((<= place 0)
                 (string-append "0." (make-string (- place) #\0) digits))
                ((>= place (string-length digits))
                 (string-append digits (make-string (- place (string-length digits)) #\0) ".0"))
                (else
                 (string-append (substring digits 0 place) "." (substring digits place))))))))

(define (negative-number? x)
  (or (negative? x) (and (inexact? x) (zero? x) (negative? (/ 1.0 x)))))

(define* (number->locale-string number #:optional (fraction-digits #t)
                                (locale %global-locale))
  "Write NUMBER as LOCALE has it, with FRACTION-DIGITS digits behind the point,
or with all when that is #t."
  (if (or (not (real? number)) (nan? number) (inf? number))
      (number->string number)
      (call-with-values
          (lambda () (split-number (abs number) fraction-digits))
        (lambda (whole fraction)
          (string-append
           (if (negative? number) "-" "")
           (group whole (locale-digit-grouping locale) (locale-thousands-separator locale))
           (if (string-null? fraction) "" (locale-decimal-point locale))
           fraction)))))

(define* (monetary-amount->locale-string amount international?
                                         #:optional (locale %global-locale))
  "Write AMOUNT of money as LOCALE has it, with the international name of the
currency when INTERNATIONAL? is true."
  (call-with-values
      (lambda ()
        (split-number (abs amount) (locale-monetary-fractional-digits international? locale)))
    (lambda (whole fraction)
      (let* ((number (string-append
                      (group whole (locale-monetary-grouping locale)
                             (locale-monetary-thousands-separator locale))
                      (if (string-null? fraction) "" (locale-monetary-decimal-point locale))
                      fraction))
             (symbol (locale-currency-symbol international? locale))
             (precedes? (if (negative? amount)
                            (locale-currency-symbol-precedes-negative? international? locale)
                            (locale-currency-symbol-precedes-positive? international? locale)))
             (space (if (and (if (negative? amount)
                                 (locale-negative-separated-by-space? international? locale)
                                 (locale-positive-separated-by-space? international? locale))
                             (not (string-null? symbol)))
                        " " ""))
             (sign (if (negative? amount)
                       (locale-monetary-negative-sign locale)
                       (locale-monetary-positive-sign locale))))
        (string-append sign
                       (if precedes?
                           (string-append symbol space number)
                           (string-append number space symbol)))))))
