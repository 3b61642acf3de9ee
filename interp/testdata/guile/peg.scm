;;; Guile manual, "PEG Parsing".
(use-modules (conformance) (ice-9 peg))

(define-peg-pattern digits body (+ (range #\0 #\9)))
(define-peg-pattern number all digits)
(define-peg-pattern word all (+ (or (range #\a #\z) "_")))
(define-peg-pattern space none (* " "))
(define-peg-pattern item body (and space (or number word)))
(define-peg-pattern items all (* item))
(test '(items (number "12") (word "ab") (number "3")) (peg:tree (match-pattern items "12 ab 3")))
(test "12" (peg:substring (match-pattern number "12x")))
(test #f (match-pattern number "x12"))
(test '(1 3 "12") (let ((m (search-for-pattern digits "x12y")))
                    (list (peg:start m) (peg:end m) (peg:substring m))))
(define-peg-pattern quoted all
  (and (ignore "'") (* (and (not-followed-by "'") peg-any)) (ignore "'")))
(test '(quoted "a b") (peg:tree (match-pattern quoted "'a b'")))
(define-peg-pattern sign all (? (or "+" "-")))
(test '((sign "-") sign) (list (peg:tree (match-pattern sign "-1")) (peg:tree (match-pattern sign "1"))))
(define-peg-pattern ahead all (and "a" (followed-by "b")))
(test '((ahead "a") #f) (list (peg:tree (match-pattern ahead "ab")) (match-pattern ahead "ac")))

(define-peg-string-patterns
  "expr <- sum
sum <-- (product ('+' / '-') sum) / product
product <-- (value ('*' / '/') product) / value
value <-- num / '(' expr ')'
num <-- [0-9]+
names <-- (name COMMA?)*
name <-- [a-zA-Z] [a-zA-Z0-9]*
COMMA < ',' ' '*")
(test '(sum (product (value (num "1"))) "+" (sum (product (value (num "2")) "*" (product (value (num "3"))))))
  (peg:tree (match-pattern expr "1+2*3")))
(test (quote (names (name "a") (name "b2") (name "c"))) (peg:tree (match-pattern names "a, b2,c")))
(not-in-guile "Guile takes patterns only"
  (test '("b" 1) (let ((m (search-for-pattern "[b-d]" "abc"))) (list (peg:substring m) (peg:start m)))))
(test '(c a b (a c) (b c) c (b a) c a) (keyword-flatten '(a b) '(c a b (a c) (b c) (c (b a) (c a)))))
