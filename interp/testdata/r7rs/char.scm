;;; R7RS 6.6, 6.7 and (scheme char): whole strings change case with all of
;;; Unicode's rules.
(use-modules (conformance) (scheme char))

(not-in-guile "its procedures go by single characters"
 (test "STRASSE" (string-upcase "straße"))
 (test "ας" (string-downcase "ΑΣ"))
 (test "strasse" (string-foldcase "Straße"))
 (test "i\u0307" (string-downcase "İ")))
(test "ABC" (string-upcase "abc"))
(test #\A (char-upcase #\a))
(test #\σ (char-foldcase #\ς))
(test '(3 #f) (list (digit-value #\٣) (digit-value #\a)))
(test #t (string-ci=? "ABC" "abc"))
(test '(#t #f #t) (list (char-alphabetic? #\λ) (char-numeric? #\a) (char-whitespace? #\space)))
