;;; Messages, features and processor time (Guile manual, "Gettext Support",
;;; "Feature Tracking", "Time").
(use-modules (conformance))

(test "a text" (gettext "a text"))
(test "one" (ngettext "one" "many" 1))
(test "many" (ngettext "one" "many" 0))
(test "many" (ngettext "one" "many" 5))
(test-error (gettext 'a))
(test-error (ngettext "a" 'b 1))
(test "program" (begin (textdomain "program") (textdomain)))
(test "/folder" (begin (bindtextdomain "program" "/folder") (bindtextdomain "program")))
(test "UTF-8" (begin (bind-textdomain-codeset "program" "UTF-8") (bind-textdomain-codeset "program")))

(test #f (provided? 'a-feature-of-this-test))
(test #t (begin (provide 'a-feature-of-this-test) (provided? 'a-feature-of-this-test)))
(test #t (provided? 'threads))

(test #t (vector? (times)))
(test #t (let ((before (get-internal-run-time)))
           (let loop ((i 0)) (if (< i 1000000) (loop (+ i 1))))
           (> (get-internal-run-time) before)))
(test #t (>= (tms:utime (times)) 0))
(test #t (<= (tms:clock (times)) (tms:clock (times))))
(test-error (tms:utime 1))
(test '(0 1) (list EXIT_SUCCESS EXIT_FAILURE))
