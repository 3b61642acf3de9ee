;;; (ice-9 i18n): what the C locale has; English where it is installed (manual,
;;; "Internationalization").
(use-modules (conformance) (ice-9 i18n))

(define c (make-locale LC_ALL "C"))
(test #t (locale? c))
(test #f (locale? "C"))
(test-error (make-locale LC_ALL "no-such-locale"))
(test '("Sunday" "Tue" "March" "Dec")
      (list (locale-day 1 c) (locale-day-short 3 c) (locale-month 3 c) (locale-month-short 12 c)))
(test '("." "" ()) (list (locale-decimal-point c) (locale-thousands-separator c) (locale-digit-grouping c)))
(test '("1234567.891" "12345.68" "0.0000300000" "-10.00000")
      (list (number->locale-string 1234567.891 #t c) (number->locale-string 12345.678 2 c)
            (number->locale-string .00003 10 c) (number->locale-string -10.0 5 c)))
(test-values (123 3) (locale-string->integer "123abc" 10 c))
(test-values (-1.5 4) (locale-string->inexact "-1.5x" c))
(test '(#t #f #t) (list (string-locale<? "a" "b" c) (string-locale>? "a" "b" c) (string-locale-ci=? "Hello" "hELLO" c)))
(test #\A (char-locale-upcase #\a c))
(test "Hello World" (string-locale-titlecase "hello world" c))
(test "%a %b %e %H:%M:%S %Y" (locale-date+time-format c))

(not-in-guile "it needs the locale of the system"
 (define en (make-locale LC_ALL "en_US.UTF-8"))
 (test "1,234,567.9" (number->locale-string 1234567.891 1 en))
 (test "$1,234.50" (monetary-amount->locale-string 1234.5 #f en))
 (test #t (string-locale<? "a" "B" en))
 (test #t (string-locale<? "côte" "côté" en)))

(test "hello" (gettext "hello"))
(test '("file" "files") (list (ngettext "file" "files" 1) (ngettext "file" "files" 2)))
